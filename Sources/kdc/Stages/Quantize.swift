import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCTensor

extension Stage {
  /// Chooses int8 ranges and weights from the calibration samples; a float compilation passes the graph on.
  static let quantize = Stage("quantize") { compilation, progress in
    let request = compilation.request
    guard request.activations == .int8, let data = compilation.calibration else {
      compilation.quantized = compilation.compressed
      return "stays float"
    }
    let limit = try Quantizer.sampleLimit(for: compilation.compressed, bytes: 1 << 30)
    let count = min(data.count, limit, 1024)
    let samples = try (0..<count).map { try data.sample($0) }
    var options = Quantizer.Options()
    options.threads = request.threads
    // Range methods are only tried one after the other where that takes seconds.
    let methods: [RangeMethod] =
      compilation.compressed.macs * count < 8_000_000_000
      ? [.meanSquaredError, .minMax, .percentile] : [.meanSquaredError]
    var best: (result: Quantizer.Result, method: RangeMethod, distance: Double)?
    let teacher = methods.count > 1 ? try compilation.teacherOutputs(on: samples) : nil
    for method in methods {
      options.rangeMethod = method
      let result = try Quantizer.quantize(compilation.compressed, samples: samples, options: options)
      let distance = OutputDistance.mean(
        result, teacher: teacher, outputs: compilation.student.outputs, types: compilation.student.types)
      progress.detail("ranges by \(method.rawValue): distance \(distance)")
      if distance < best?.distance ?? .infinity || best == nil { best = (result, method, distance) }
    }
    guard let best else { throw InternalError("no range method was tried") }
    let graph: Graph
    var weights = ""
    if request.weights == .int8 {
      graph = best.result.graph
    } else {
      options.rangeMethod = best.method
      let allocation = try BitAllocation.run(
        compilation.student, samples: samples, bits: request.weights == .int4 ? .int4 : .auto(sizeLimit: nil),
        options: options
      ) { progress.detail($0) }
      graph = allocation.result.graph
      compilation.report.weights = allocation.decisions
      for decision in allocation.decisions {
        progress.detail("'\(decision.node)' \(decision.bits) bits: \(decision.reason)")
      }
      weights = ", \(allocation.decisions.count { $0.bits == 4 }) of \(allocation.decisions.count) layers at 4 bits"
    }
    compilation.quantized = graph
    let integers = graph.quantization.keys.count { graph.initializers[$0] == nil }
    return "\(integers) values as int8\(weights), ranges by \(best.method.rawValue) on \(count) samples"
  }
}

extension Compilation {
  /// The teacher's outputs on samples, by output and sample; nil where there is no model of a teacher.
  func teacherOutputs(on samples: [[String: Tensor]]) throws -> [String: [Tensor]]? {
    guard let teacher else { return nil }
    let found = try teacher.run(samples.count, threads: request.threads) { samples[$0] }
    return Dictionary(
      uniqueKeysWithValues: teacher.outputs.map { output in (output.name, found.compactMap { $0[output.name] }) })
  }
}
