import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The embeddings of words, positions and segments, added and normalised. `com.microsoft.EmbedLayerNormalization`: input_ids
/// [batch, length], segment_ids, word_embedding, position_embedding, segment_embedding, gamma, beta, mask, position_ids; outputs
/// output, mask_index and embedding_sum.
package struct EmbedLayerNormalization: Expanding {
  package static let onnxName = "EmbedLayerNormalization"
  package static let domain = "com.microsoft"
  package static let inputCount = 1...9
  package static let outputCount = 1...3
  private let epsilon: Float

  package init(decoding node: Node) throws(Diagnostic) {
    epsilon = try node.float("epsilon", default: 1e-12)
    guard try node.int("mask_index_type", default: 0) == 0 else {
      throw node.unsupported("'EmbedLayerNormalization' with a mask_index_type other than 0")
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let ids = try requiredIndices(inputs, 0)
    let positions = try requiredFloat(inputs, 3, "position_embedding")
    for (index, name) in [(2, "word_embedding"), (5, "gamma"), (6, "beta")] {
      _ = try requiredFloat(inputs, index, name)
    }
    guard ids.rank == 2, positions.rank == 2, ids[1] <= positions[0] else {
      throw shapeMismatch("input_ids \(ids) must be [batch, length], with a position embedding \(positions) for each")
    }
    let words = try expansion.add("Gather", [expansion.inputs[2], expansion.inputs[0]])
    let places =
      expansion.operand(8) == nil
      ? try expansion.slice(expansion.inputs[3] ?? "", axis: 0, 0..<ids[1])
      : try expansion.add("Gather", [expansion.inputs[3], expansion.inputs[8]])
    var sum = try expansion.add("Add", [words, places])
    if let table = expansion.operand(4) {
      guard let segments = expansion.operand(1) else { throw shapeMismatch("segment_ids are missing") }
      sum = try expansion.add("Add", [sum, expansion.add("Gather", [table, segments])])
    }
    let normal = try expansion.add(
      "LayerNormalization", [sum, expansion.inputs[5], expansion.inputs[6]],
      ["axis": .int(-1), "epsilon": .float(epsilon)], outputs: 3)
    var count = expansion.constant(Tensor([ids[0]], [Int32](repeating: 0, count: ids[0])))
    if let mask = expansion.operand(7) {
      count = try expansion.reduce("ReduceSum", expansion.cast(mask, to: .int32), axes: [1], keeps: false)
    }
    expansion.outputs = [normal[0], count, sum]
  }
}
