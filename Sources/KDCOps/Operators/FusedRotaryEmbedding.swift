import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Turns pairs of features by angles that grow with the position. ONNX Runtime's `RotaryEmbedding` (com.microsoft).
///
/// input as ONNX's operator has it; position_ids [batch, length], or [1]: the position of the first element; cosines and
/// sines [positions, pairs].
package struct FusedRotaryEmbedding: Expanding {
  package static let onnxName = "RotaryEmbedding"
  package static let domain = "com.microsoft"
  package static let inputCount = 4...4
  package let rotation: Rotation
  package let scale: Float

  package init(decoding node: Node) throws(Diagnostic) {
    rotation = try Rotation(decoding: node)
    scale = try node.float("scale", default: 1)
    if try node.flag("is_packed_batching", default: false) {
      throw node.unsupported("'RotaryEmbedding' with is_packed_batching 1")
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "input", &expansion)
    let positions = try requiredIndices(inputs, 1)
    let shape = expansion.shape(of: x)
    guard shape.rank == 3 || shape.rank == 4 else { throw shapeMismatch("input \(shape) must have rank 3 or 4") }
    let length = shape.rank == 3 ? shape[1] : shape[2]
    var places = expansion.inputs[1] ?? ""
    if positions.count == 1 {
      let first = try expansion.reshape(expansion.cast(places, to: .int64), to: [1, 1])
      places = try expansion.add(
        "Add", [first, expansion.reshape(expansion.integers(Array(0..<length)), to: [1, length])])
    }
    var tables: [String] = []
    for (index, name) in [(2, "cos_cache"), (3, "sin_cache")] {
      let table = try float(inputs, index, name, &expansion)
      guard expansion.shape(of: table).rank == 2 else { throw shapeMismatch("\(name) must be [positions, pairs]") }
      tables.append(try expansion.scale(expansion.add("Gather", [table, places], ["axis": .int(0)]), by: scale))
    }
    // Without num_heads a head is as large as the tables say.
    let size = expansion.shape(of: tables[0]).dims.last.map { 2 * $0 }
    let y = try rotation.apply(self, x, cosines: tables[0], sines: tables[1], size: size, &expansion)
    try finish(inputs, [y], &expansion)
  }
}
