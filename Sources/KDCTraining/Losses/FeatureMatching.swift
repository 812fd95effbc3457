import KDCGraph
import KDCOps
import KDCTensor

/// Adds to an objective how far a compressed network's hidden values are from those that the original has at the channels that
/// are left, as a share of their squares, mean over layers:
///
///     L + λ/layers · Σ ‖a − a₀‖² / ‖a₀‖²
///
/// Every layer then learns from its own error, where in a few steps little would reach it through all following layers. Romero et
/// al., "FitNets: Hints for Thin Deep Nets", 2015, without their regressor: the channels that are left have their places
/// in the original.
package struct FeatureMatching: Objective {
  private let base: any Objective
  private let targets: HiddenTargets?
  /// λ.
  private let weight: Double

  /// Without `targets`, or with a weight of 0, it is `base`.
  package init(_ base: any Objective, _ targets: HiddenTargets?, weight: Double) {
    self.base = base
    self.targets = weight > 0 ? targets : nil
    self.weight = weight
  }

  package func evaluate(
    _ tape: Tape, samples: [Int], factor: Double
  ) throws -> (loss: Double, gradients: [String: Tensor]) {
    var (loss, gradients) = try base.evaluate(tape, samples: samples, factor: factor)
    guard let targets, !targets.layers.isEmpty else { return (loss, gradients) }
    let wanted = try targets.values(of: samples)
    let scale = weight / Double(targets.layers.count) * factor * Double(samples.count)
    for name in targets.layers {
      guard let own = tape[name], let target = wanted[name], own.type == target.type else { continue }
      let result = Self.distance(own, from: target, scale: scale)
      loss += result.loss
      gradients[name] = result.gradient
    }
    return (loss, gradients)
  }

  /// scale · ‖a − a₀‖² / ‖a₀‖² and its gradient; 0 where a₀ = 0.
  private static func distance(_ own: Tensor, from target: Tensor, scale: Double) -> (loss: Double, gradient: Tensor) {
    let (a, b) = (own.asFloats, target.asFloats)
    var (error, norm) = (0.0, 0.0)
    let difference = [Float](count: a.count) { result in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          for i in a.indices {
            let d = a[i] - b[i]
            result[i] = d
            error += Double(d * d)
            norm += Double(b[i] * b[i])
          }
        }
      }
    }
    // A layer that was zero gives no target.
    let factor = norm > 0 ? scale / norm : 0
    let gradient: [Float] = difference.map { Float(2 * factor) * $0 }
    return (factor * error, Tensor(own.shape, gradient))
  }
}

/// The hidden values of a network, layer by layer, at some of its channels.
package struct HiddenTargets: Sendable {
  /// Names of the outputs of convolutions and fully connected layers that are no outputs of the network.
  package let layers: [String]
  private let graph: ChunkedGraph
  private let samples: any SampleSource
  private let kept: [String: [Int]]

  package init(_ original: Recovery.Original, samples: any SampleSource) throws {
    graph = try ChunkedGraph(original.graph, checkedOn: samples)
    self.samples = samples
    kept = original.kept
    let outputs = Set(original.graph.outputs)
    layers = original.graph.nodes.filter { Operators.type(of: $0) is any FusedLayer.Type }
      .map { $0.outputs[0] }.filter { !outputs.contains($0) }
  }

  /// By layer, for some samples, on the caller's thread: [samples · …] with the channels that are kept.
  func values(of indices: [Int]) throws -> [String: Tensor] {
    let parts = try graph.chunks(of: indices.count).map { range in
      let tape = try graph.graph(of: range.count).forward(try samples.batch(Array(indices[range])))
      return Dictionary(
        uniqueKeysWithValues: layers.compactMap { name in
          tape[name].map { value in
            let axis = value.shape.rank == 4 ? 1 : value.shape.rank - 1
            return (name, kept[name].map { value.keeping($0, axis: axis) } ?? value)
          }
        })
    }
    return parts.count == 1 ? parts[0] : Tensor.joined(parts)
  }
}
