import KDCGraph
import KDCOps
import KDCTensor

/// How many bits weights get.
package enum WeightBits: Hashable, Sendable {
  case int8
  /// 4 bits wherever a layer has enough weights for it to matter; see `BitAllocation`.
  case int4
  /// 4 or 8 bits, layer by layer from held-out divergence: as few bits as `sizeLimit` asks for (bytes of all
  /// weights, see `Sensitivity.Layer.bytes`), or without a limit as few as hardly change the outputs.
  case auto(sizeLimit: Int?)
}

/// What became of one layer's weights, for reports.
package struct LayerDecision: Hashable, Sendable, Codable {
  /// `Node.key`.
  package var node: String
  /// 4, 8, or 32 where the layer stays float.
  package var bits: Int
  /// Held-out distance of the model's outputs when this layer alone has 4, or 8 bits; nil where it was not measured.
  package var sensitivity4: Double?
  package var sensitivity8: Double?
  /// Bytes of the weights as stored, about as DEFLATE leaves them; nil where not measured.
  package var bytes: Int?
  package var reason: String
}

/// Quantisation with a number of bits for each layer.
package struct BitAllocation: Sendable {
  package private(set) var result: Quantizer.Result
  /// One for each layer with weights, in the graph's order.
  package private(set) var decisions: [LayerDecision]
  /// Distance on samples that took no part in fitting, for all layers at 8 bits and as chosen; nil where none were
  /// held out.
  package private(set) var heldOut: (int8: Double, chosen: Double)?

  /// Layers with fewer weights a channel than this keep 8 bits: halving them saves next to nothing, and nothing averages
  /// out within them (depthwise windows, first layers of grey images).
  static let leastWeightsPerChannel = 12
  /// What 4 bits may make of the held-out distance where nothing asks for them: half as much again, and a thousandth
  /// where there is next to none.
  static func allowedDistance(for exact: Double) -> Double { exact * 1.5 + 0.001 }
  /// Without a size limit, layers that save less than this share of all weights' bytes keep 8 bits.
  static let leastShareSaved = 0.005

  /// - Parameters:
  ///   - graph: canonical, with types inferred.
  ///   - options: `weightBits` and `defaultWeightBits` are decided here.
  ///   - progress: told what was measured, in sentences.
  package static func run(
    _ graph: Graph, samples: [[String: Tensor]], bits: WeightBits, options: Quantizer.Options,
    progress: @escaping (String) -> Void = { _ in }
  ) throws -> BitAllocation {
    switch bits {
    case .int8:
      let result = try Quantizer.quantize(graph, samples: samples, options: options)
      let decisions = try Quantizer.layers(of: graph).map { LayerDecision(node: $0.node, bits: 8, reason: "asked for") }
      return BitAllocation(result: result, decisions: decisions, heldOut: nil)
    case .int4: return try int4(graph, samples, options)
    case .auto(let limit): return try automatic(graph, samples, limit: limit, options, progress)
    }
  }

  private static func int4(
    _ graph: Graph, _ samples: [[String: Tensor]], _ options: Quantizer.Options
  ) throws -> BitAllocation {
    var options = options
    let decisions = try Quantizer.layers(of: graph).map { layer in
      let isSmall = layer.weightsPerChannel < leastWeightsPerChannel
      let bits = isSmall || !layer.takes4Bits ? 8 : 4
      options.weightBits[layer.node] = bits
      let reason =
        bits == 4
        ? "asked for"
        : layer.takes4Bits
          ? "\(layer.weightsPerChannel) weights a channel: 4 bits would save \(layer.weightCount / 2) bytes"
          : "4 bits are not supported for \(layer.opType)"
      return LayerDecision(node: layer.node, bits: bits, reason: reason)
    }
    let result = try Quantizer.quantize(graph, samples: samples, options: options)
    return BitAllocation(result: result, decisions: decisions, heldOut: nil)
  }

  private static func automatic(
    _ graph: Graph, _ samples: [[String: Tensor]], limit: Int?, _ options: Quantizer.Options,
    _ progress: @escaping (String) -> Void
  ) throws -> BitAllocation {
    let held = try HeldOutSamples.forSensitivity(graph, samples)
    let layers = try held.sensitivity(bits: [8, 4], options).layers
    var search = Search(held: held, layers: layers, options: options, progress: progress)
    return try search.run(limit: limit)
  }

  /// The measured part of `auto`.
  private struct Search {
    var held: HeldOutSamples
    let layers: [Sensitivity.Layer]
    var options: Quantizer.Options
    let progress: (String) -> Void
    var reasons: [String: String] = [:]

    /// Distance on the held-out samples with 4 bits for `small`.
    mutating func distance(_ small: Set<String>) throws -> Double {
      var options = options
      for node in small { options.weightBits[node] = 4 }
      return try held.distance(options)
    }

    mutating func run(limit: Int?) throws -> BitAllocation {
      let int8 = try distance([])
      progress("all layers at 8 bits: held-out distance \(int8)")
      // Layers by what 4 bits cost for each byte that they save.
      let order = layers.indices.filter {
        layers[$0].saved > 0 && options.floatNodes[layers[$0].node] == nil
      }.sorted { (layers[$0].costPerByte, $0) < (layers[$1].costPerByte, $1) }
      let (small, chosen) =
        try limit.map { try fit(order, limit: $0) } ?? least(order, int8: int8)
      var final = options
      for node in small { final.weightBits[node] = 4 }
      let result = try Quantizer.quantize(held.graph, samples: held.samples, options: final)
      let decisions = try Quantizer.layers(of: held.graph).map { decision($0, small) }
      return BitAllocation(result: result, decisions: decisions, heldOut: (int8, chosen))
    }

    /// The most layers at 4 bits, in order, that keep the distance within what is allowed. Layers that save next to
    /// nothing are left alone.
    private mutating func least(_ all: [Int], int8: Double) throws -> (Set<String>, Double) {
      let allowed = allowedDistance(for: int8)
      let total = layers.reduce(0) { $0 + ($1.bytes[8] ?? 0) }
      let order = all.filter { Double(layers[$0].saved) >= leastShareSaved * Double(total) }
      for index in all where !order.contains(index) {
        reasons[layers[index].node] = "4 bits would save no more than \(layers[index].saved) of \(total) bytes"
      }
      var (low, high) = (0, order.count)
      var best = int8
      // The measured distance of prefixes rises but for noise.
      while low < high {
        let middle = (low + high + 1) / 2
        let found = try distance(Set(order[..<middle].map { layers[$0].node }))
        progress("\(middle) layers at 4 bits: held-out distance \(found), \(allowed.shortened) allowed")
        if found <= allowed {
          (low, best) = (middle, found)
        } else {
          high = middle - 1
        }
      }
      for index in order[low...] {
        reasons[layers[index].node] = "4 bits would take the held-out distance beyond \(allowed.shortened)"
      }
      return (Set(order[..<low].map { layers[$0].node }), best)
    }

    /// Layers go to 4 bits, in order, until the weights fit; those that then need not are taken back.
    private mutating func fit(_ order: [Int], limit: Int) throws -> (Set<String>, Double) {
      var bytes = layers.reduce(0) { $0 + ($1.bytes[8] ?? 0) }
      var small: [Int] = []
      for index in order where bytes > limit {
        small.append(index)
        bytes -= layers[index].saved
      }
      for index in small.sorted(by: { layers[$0].cost > layers[$1].cost }) where bytes + layers[index].saved <= limit {
        small.removeAll { $0 == index }
        bytes += layers[index].saved
      }
      let nodes = Set(small.map { layers[$0].node })
      for index in order where !nodes.contains(layers[index].node) {
        reasons[layers[index].node] = "the weights are within \(limit) bytes without it"
      }
      let found = try distance(nodes)
      progress("\(nodes.count) layers at 4 bits: \(bytes) bytes of \(limit), held-out distance \(found)")
      return (nodes, found)
    }

    private func decision(_ layer: Quantizer.Layer, _ small: Set<String>) -> LayerDecision {
      let measured = layers.first { $0.node == layer.node }
      let float = options.floatNodes[layer.node]
      let bits = float != nil ? 32 : small.contains(layer.node) ? 4 : 8
      var reason = float ?? reasons[layer.node] ?? (bits == 4 ? "" : "4 bits save nothing here")
      if bits == 4, let measured {
        reason = "alone it costs \(measured.cost.shortened) for \(measured.saved) bytes"
      }
      return LayerDecision(
        node: layer.node, bits: bits, sensitivity4: measured?.distances[4], sensitivity8: measured?.distances[8],
        bytes: bits == 32 ? layer.weightCount * 4 : measured?.bytes[bits], reason: reason)
    }
  }
}

extension Sensitivity.Layer {
  /// Bytes that 4 bits save.
  var saved: Int { max(0, (bytes[8] ?? 0) - (bytes[4] ?? bytes[8] ?? 0)) }
  /// What they cost in distance, beyond 8 bits.
  var cost: Double { max(0, (distances[4] ?? .infinity) - (distances[8] ?? 0)) }
  var costPerByte: Double { cost / Double(max(saved, 1)) }
}

extension Quantizer {
  /// A node whose weights the quantiser stores in few bits.
  package struct Layer: Sendable, Hashable {
    package var node: String
    package var opType: String
    package var weightCount: Int
    package var weightsPerChannel: Int
    package var takes4Bits: Bool
  }

  /// Every such node, in order.
  package static func layers(of graph: Graph) throws -> [Layer] {
    let plan = try QuantizationPlan(graph)
    return zip(graph.nodes, plan.rules).compactMap { node, rule in
      guard case .integer = rule, let name = WeightedNode.weights(of: node), let weights = graph.initializers[name]
      else { return nil }
      let layer = Operators.type(of: node) as? any WeightedLayer.Type
      return Layer(
        node: node.key, opType: node.opType, weightCount: weights.count,
        weightsPerChannel: weights.count / max(weights.shape.dims.first ?? 1, 1),
        takes4Bits: layer?.takesFewBits ?? false)
    }
  }
}
