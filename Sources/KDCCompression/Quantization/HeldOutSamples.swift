import KDCGraph
import KDCTensor

/// Calibration samples of which some fit a quantised model and the others judge it.
struct HeldOutSamples {
  let graph: Graph
  let samples: [[String: Tensor]]
  /// The first so many fit; all of them where there are too few to hold any out: what was fitted is measured then.
  let fitted: Int

  /// Share of the samples that is held out.
  private static let share = 0.25
  private static let limit = 128
  /// They stay from one measurement to the next.
  private var ranges: [Quantizer.RangeKey: QuantizationParameters] = [:]

  /// - Parameter limit: samples that are held out at most.
  init(_ graph: Graph, _ samples: [[String: Tensor]], limit: Int = .max) {
    self.graph = graph
    self.samples = samples
    let kept = min(Int(Double(samples.count) * Self.share), Self.limit, limit)
    fitted = samples.count - (samples.count >= 8 ? kept : 0)
  }

  /// As many held out as `sensitivity` can measure.
  static func forSensitivity(_ graph: Graph, _ samples: [[String: Tensor]]) throws -> HeldOutSamples {
    HeldOutSamples(graph, samples, limit: try Sensitivity.sampleLimit(for: graph, bytes: 1 << 29))
  }

  /// What each layer alone costs with so many bits.
  func sensitivity(bits: [Int], _ options: Quantizer.Options) throws -> Sensitivity {
    let held = fitted == samples.count ? samples : Array(samples[fitted...])
    return try Sensitivity(graph, fit: Array(samples[..<fitted]), held: held, bits: bits, options: options)
  }

  /// Distance of the outputs of the model that `options` make from the float model's.
  mutating func distance(_ options: Quantizer.Options) throws -> Double { try measure(options).distance }

  /// The same, and the largest loss of an output, on these samples or on all.
  mutating func measure(_ options: Quantizer.Options) throws -> (distance: Double, loss: Double) {
    var options = options
    options.ranges.merge(ranges) { given, _ in given }
    options.fittedSamples = fitted == samples.count ? nil : fitted
    var result = try Quantizer.quantize(graph, samples: samples, options: options)
    ranges = result.ranges
    let loss = OutputLoss.all(result, fitted: fitted).worst
    if fitted < samples.count {
      result.floatOutputs = result.floatOutputs.mapValues { Array($0.dropFirst(fitted)) }
      result.quantizedOutputs = result.quantizedOutputs.mapValues { Array($0.dropFirst(fitted)) }
    }
    return (OutputDistance.mean(result, teacher: nil, outputs: graph.outputs, types: graph.types), loss)
  }
}
