import KDCGraph
import KDCTensor

/// Layers that stay float since int8 takes the model's outputs too far from the float model's, the worst first, as long as
/// each one helps.
package struct FloatFallback {
  /// A model no further from the float one than this, by `OutputDistance`, is left as it is.
  static let threshold = 0.05
  /// What is left of the distance where a layer in float is worth it.
  private static let leastGain = 0.7

  private var held: HeldOutSamples
  private var options: Quantizer.Options

  /// `options.floatNodes` with the layers that are to stay float besides, each with the reason.
  ///
  /// - Parameters:
  ///   - graph: canonical, with types inferred.
  ///   - result: what `options` make of all samples.
  ///   - progress: told what was measured, in sentences.
  package static func nodes(
    _ graph: Graph, samples: [[String: Tensor]], result: Quantizer.Result, options: Quantizer.Options,
    progress: (String) -> Void = { _ in }
  ) throws -> [String: String] {
    let distance = OutputDistance.mean(result, teacher: nil, outputs: graph.outputs, types: graph.types)
    guard distance > threshold else { return options.floatNodes }
    var fallback = FloatFallback(held: try .forSensitivity(graph, samples), options: options)
    return try fallback.run(progress)
  }

  private mutating func run(_ progress: (String) -> Void) throws -> [String: String] {
    let layers = try held.sensitivity(bits: [8], options).layers
    var best = try held.distance(options)
    progress("all layers at 8 bits: held-out distance \(best)")
    let worst = layers.sorted { ($1.distances[8] ?? 0, $0.node) < ($0.distances[8] ?? 0, $1.node) }
    for layer in worst where best > Self.threshold {
      guard let alone = layer.distances[8], alone > best / 4 else { break }
      // Its weights may be at fault, or its output, which stays int8 as long as an integer layer reads it.
      for nodes in [[layer.node], [layer.node] + readers(of: layer.node, among: layers)] {
        var trial = options
        for node in nodes { trial.floatNodes[node] = "" }
        let without = try held.distance(trial)
        progress("\(nodes.joined(separator: ", ")) in float: held-out distance \(without) instead of \(best)")
        guard without <= best * Self.leastGain else { continue }
        for node in nodes {
          trial.floatNodes[node] =
            "int8 of '\(layer.node)' alone loses \(alone.shortened); in float the model's distance falls from "
            + "\(best.shortened) to \(without.shortened)"
        }
        options = trial
        best = without
        break
      }
    }
    return options.floatNodes
  }

  /// The layers with weights that read what a layer computes, directly or through others.
  private func readers(of key: String, among layers: [Sensitivity.Layer]) -> [String] {
    let weighted = Set(layers.map(\.node))
    var reached = Set(held.graph.nodes.first { $0.key == key }?.outputs ?? [])
    var found: [String] = []
    for node in held.graph.nodes where node.key != key && node.inputs.contains(where: reached.contains) {
      if weighted.contains(node.key) { found.append(node.key) } else { reached.formUnion(node.outputs) }
    }
    return found
  }
}

extension Double {
  /// Three significant digits.
  var shortened: String {
    guard self != 0, isFinite else { return "\(self)" }
    var unit = 1.0
    while abs(self) * unit < 100 { unit *= 10 }
    return "\((self * unit).rounded() / unit)"
  }
}
