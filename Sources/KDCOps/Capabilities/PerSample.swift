import KDCDiagnostics
import KDCGraph
import KDCTensor

/// An operator that computes each sample of a batch by itself, from that sample of its operands.
///
/// Lowering cuts a batch of more than one into samples where steps take one only (decision 0044).
package protocol PerSample: Lowerable {
  /// The operands that have a sample axis, which is their first, as is that of all results.
  static var sampledOperands: [Int] { get }

  /// Where the samples of this use lie; nil where it has none, or where its steps take them all.
  func sampleAxes(_ node: Node, in lowering: Lowering) throws -> SampleAxes?
}

/// The axis of each operand and result along which its samples lie; nil for what all samples share.
package struct SampleAxes: Sendable {
  package var inputs: [Int?]
  package var outputs: [Int]
  package var count: Int
}

extension PerSample {
  package static var sampledOperands: [Int] { [0] }

  package func sampleAxes(_ node: Node, in lowering: Lowering) throws -> SampleAxes? {
    let shape = try lowering.shape(of: node.inputs[0])
    guard shape.rank > 0 else { return nil }
    return SampleAxes(
      inputs: node.inputs.indices.map { Self.sampledOperands.contains($0) ? 0 : nil },
      outputs: node.outputs.map { _ in 0 }, count: shape[0])
  }
}
