import Glibc
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTraining

/// What each layer's weights cost when they alone are small: the rest of the model stays float.
///
/// A layer's weights are rounded as the quantiser would (error feedback for 4 bits), its bias corrected and its output
/// rounded to int8; for 7 bits its input is rounded to 7 bits in place of its output. The distance of the model's outputs
/// is measured on samples that took no part in that.
package struct Sensitivity: Sendable {
  package struct Layer: Sendable {
    /// `Node.key`.
    package var node: String
    package var weightCount: Int
    package var isDepthwise: Bool
    /// Distance of the outputs (`OutputDistance`) by bits.
    package var distances: [Int: Double]
    /// Bytes by bits: order-0 entropy of the bytes as stored, which is what DEFLATE comes to.
    package var bytes: [Int: Int]
  }
  /// In the graph's order.
  package private(set) var layers: [Layer] = []

  private let graph: Graph
  private let options: Quantizer.Options
  private let plan: QuantizationPlan
  private let bits: [Int]
  private var held: [String: [Tensor]] = [:]

  /// A layer's weights in one size, ready for use.
  private struct Candidate {
    var node: Int
    var layer: Int
    var bits: Int
    var weights: Tensor
    var bias: Tensor
    var input: QuantizationParameters?
    var output: QuantizationParameters?
  }

  /// - Parameters:
  ///   - fit: samples from which ranges and weights are chosen.
  ///   - bits: sizes of weights to try, of 8, 7 and 4.
  ///   - held: samples on which distances are measured; all of the model's activations on them are in memory at once.
  package init(
    _ graph: Graph, fit: [[String: Tensor]], held: [[String: Tensor]], bits: [Int] = [8, 4], options: Quantizer.Options
  ) throws {
    self.graph = graph
    self.options = options
    self.bits = bits
    plan = try QuantizationPlan(graph)
    guard !held.isEmpty, !fit.isEmpty else { throw InternalError("sensitivities need samples") }
    let candidates = try prepare(fit + held, fitted: fit.count)
    for candidate in candidates {
      layers[candidate.layer].distances[candidate.bits] = try distance(candidate, samples: held.count)
    }
  }

  /// Multiply-adds that are spent on measuring, as long as 8 samples do not need more.
  private static let workLimit = 500_000_000_000

  /// How many samples' activations fit into `bytes`, and are measured in reasonable time.
  package static func sampleLimit(for graph: Graph, bytes: Int) throws -> Int {
    let perSample = graph.nodes.flatMap(\.outputs).reduce(0) { $0 + (graph.types[$1]?.byteCount ?? 0) }
    let layers = try Quantizer.layers(of: graph)
    let macs = layers.reduce(0) { sum, layer in
      guard let node = graph.nodes.first(where: { $0.key == layer.node }), let name = node.outputs.first,
        let outputs = graph.types[name]?.shape.count
      else { return sum }
      return sum + outputs * layer.weightsPerChannel
    }
    // Each layer is measured twice, and half of the model follows it on average.
    return max(1, min(bytes / max(perSample, 1), max(8, workLimit / max(layers.count * macs, 1))))
  }

  /// Runs the float model on all samples, keeping the held-out values, and rounds each layer's weights on the way.
  private mutating func prepare(_ samples: [[String: Tensor]], fitted: Int) throws -> [Candidate] {
    var values: [String: [Tensor]] = [:]
    for input in graph.inputs where graph.initializers[input.name] == nil {
      values[input.name] = samples.compactMap { $0[input.name] }
      guard values[input.name]?.count == samples.count else { throw InternalError("samples without '\(input.name)'") }
    }
    var candidates: [Candidate] = []
    for (index, node) in graph.nodes.enumerated() {
      let op = plan.operators[index]
      let operands: [[Tensor]?] = node.inputs.map { name in values[name] ?? graph.initializers[name].map { [$0] } }
      let outputs = try parallelMap(samples.count, threads: options.threads) { sample in
        try op.evaluate(operands.map { $0.map { $0.count == 1 ? $0[0] : $0[sample] } })
      }
      for (slot, name) in node.outputs.enumerated() where !name.isEmpty { values[name] = outputs.map { $0[slot] } }
      if case .integer = plan.rules[index],
        let part = try WeightedNode(node, outputRank: graph.types[node.outputs[0]]?.shape.rank ?? 0),
        let inputs = values[part.input], let exact = values[node.outputs[0]]
      {
        candidates += try round(
          part, of: index, inputs: Array(inputs.prefix(fitted)), outputs: Array(exact.prefix(fitted)))
      }
      for name in plan.lastUses[index] {
        held[name] = values.removeValue(forKey: name).map { Array($0.dropFirst(fitted)) }
      }
    }
    for (name, tensors) in values { held[name] = Array(tensors.dropFirst(fitted)) }
    return candidates
  }

  private mutating func round(
    _ part: WeightedNode, of index: Int, inputs: [Tensor], outputs: [Tensor]
  ) throws -> [Candidate] {
    let node = graph.nodes[index]
    guard let weights = graph.initializers[part.weights], let values = weights.floats,
      let moments = try LayerMoments(
        part, weights: weights.shape, inputs: inputs, lacks: nil, threads: options.threads)
    else { return [] }
    let bias = part.bias.flatMap { graph.initializers[$0]?.floats } ?? .init(repeating: 0, count: weights.shape[0])
    let (low, high) = try Histogram.extremes(of: inputs, threads: options.threads)
    let inputScale = QuantizationParameters(low: Double(low), high: Double(high)).scale
    let output = try range(of: outputs, isOutput: graph.outputs.contains(node.outputs[0]))
    let narrow = bits.contains(7) ? try range(of: inputs, isOutput: false, bits: 7) : nil
    layers.append(
      Layer(
        node: node.key, weightCount: values.count, isDepthwise: moments.groups.count > 1 && moments.rows == 1,
        distances: [:], bytes: [:]))
    return try bits.compactMap { bits in
      let small =
        bits <= options.feedbackBits
        ? try WeightQuantization(
          weights, bits: bits, moments: moments, bias: bias, inputScale: inputScale, threads: options.threads)
        : try WeightQuantization(
          weights, axis: 0, bits: bits, bias: bias, inputScale: inputScale,
          searchesError: options.searchesWeightScales, threads: options.threads)
      guard let small, let rounded = small.dequantized.floats else { return nil }
      layers[layers.count - 1].bytes[bits] = small.entropyBytes
      let depth = moments.depth
      let corrected = bias.indices.map { channel in
        let means = moments.groups[channel / moments.rows].means
        let lost = (0..<depth).reduce(0.0) { sum, k in
          sum + Double(values[channel * depth + k] - rounded[channel * depth + k]) * means[k]
        }
        return bias[channel] + Float(lost)
      }
      return Candidate(
        node: index, layer: layers.count - 1, bits: bits, weights: small.dequantized,
        bias: Tensor([bias.count], corrected), input: bits == 7 ? narrow : nil, output: bits == 7 ? nil : output)
    }
  }

  private func range(of values: [Tensor], isOutput: Bool, bits: Int = 8) throws -> QuantizationParameters? {
    let (low, high) = try Histogram.extremes(of: values, threads: options.threads)
    guard low.isFinite, high.isFinite else { return nil }
    if isOutput {
      let margin = options.outputMargin * Double(max(high, 0) - min(low, 0))
      return QuantizationParameters(low: Double(low) - margin, high: Double(high) + margin)
    }
    let found = try options.rangeMethod.range(
      of: Histogram(of: values, low: low, high: high, threads: options.threads), bits: bits)
    return QuantizationParameters(low: found.low, high: found.high, bits: bits)
  }

  /// Runs what depends on the layer again.
  private func distance(_ candidate: Candidate, samples count: Int) throws -> Double {
    let changed = try parallelMap(count, threads: options.threads) { sample in
      var changed: [String: Tensor] = [:]
      for index in candidate.node..<graph.nodes.count {
        let node = graph.nodes[index]
        guard index == candidate.node || node.inputs.contains(where: { changed[$0] != nil }) else { continue }
        var operands = try node.inputs.map { name -> Tensor? in
          if name.isEmpty { return nil }
          guard let value = changed[name] ?? graph.initializers[name] ?? value(of: name, sample) else {
            throw InternalError("'\(name)' was not kept")
          }
          return value
        }
        if index == candidate.node {
          if let parameters = candidate.input, let input = operands[0] { operands[0] = parameters.fakeQuantized(input) }
          while operands.count < 3 { operands.append(nil) }
          operands[1] = candidate.weights
          operands[2] = candidate.bias
        }
        let outputs = try plan.operators[index].evaluate(operands)
        for (slot, name) in node.outputs.enumerated() where !name.isEmpty { changed[name] = outputs[slot] }
        if index == candidate.node, let parameters = candidate.output {
          changed[node.outputs[0]] = parameters.fakeQuantized(outputs[0])
        }
      }
      return changed.filter { graph.outputs.contains($0.key) }
    }
    let distances = graph.outputs.map { name in
      let head = graph.head(name)
      // An output that does not depend on the samples has no distance.
      let pairs = changed.indices.compactMap { sample in
        value(of: name, sample).map { (found: changed[sample][name] ?? $0, exact: $0) }
      }
      return OutputDistance.distance(head, pairs.map(\.found.asFloats), pairs.map(\.exact.asFloats))
    }
    return distances.reduce(0, +) / Double(max(distances.count, 1))
  }

  private func value(of name: String, _ sample: Int) -> Tensor? {
    guard let values = held[name] else { return nil }
    return values.indices.contains(sample) ? values[sample] : values.first
  }
}

extension WeightQuantization {
  /// Bytes of the stored form after entropy coding: Σ −log₂ p of its bytes, and scale and bias of each channel.
  package var entropyBytes: Int {
    guard case .int8(let values) = quantized.elements else { return 0 }
    let bytes =
      parameters.bits == 4
      ? stride(from: 0, to: values.count, by: 2).map { index in
        UInt8(bitPattern: values[index]) & 15
          | (index + 1 < values.count ? UInt8(bitPattern: values[index + 1]) << 4 : 0)
      } : values.map { UInt8(bitPattern: $0) }
    var counts = [Int](repeating: 0, count: 256)
    for byte in bytes { counts[Int(byte)] += 1 }
    let total = Double(bytes.count)
    let bits = counts.reduce(0.0) { sum, count in
      count == 0 ? sum : sum - Double(count) * log2(Double(count) / total)
    }
    return Int((bits / 8).rounded(.up)) + parameters.scales.count * 5
  }
}
