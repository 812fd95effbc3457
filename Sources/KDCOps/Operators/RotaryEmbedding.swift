import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Turns pairs of features by angles that grow with the position. ONNX `RotaryEmbedding`, opset 23.
///
/// X [batch, heads, length, size] or [batch, length, heads · size]; cosines and sines [positions, pairs] with position_ids
/// [batch, length], or [batch, length, pairs] without. Features beyond rotary_embedding_dim pass as they are.
package struct RotaryEmbedding: Expanding {
  package static let onnxName = "RotaryEmbedding"
  package static let inputCount = 3...4
  package let rotation: Rotation

  package init(decoding node: Node) throws(Diagnostic) { rotation = try Rotation(decoding: node) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "X", &expansion)
    var cosines = try float(inputs, 1, "cos_cache", &expansion)
    var sines = try float(inputs, 2, "sin_cache", &expansion)
    if expansion.inputs.count > 3, let positions = expansion.inputs[3] {
      _ = try requiredIndices(inputs, 3)
      cosines = try expansion.add("Gather", [cosines, positions], ["axis": .int(0)])
      sines = try expansion.add("Gather", [sines, positions], ["axis": .int(0)])
    }
    let y = try rotation.apply(self, x, cosines: cosines, sines: sines, size: nil, &expansion)
    try finish(inputs, [y], &expansion)
  }
}
