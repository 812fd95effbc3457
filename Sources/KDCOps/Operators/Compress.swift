import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The elements along an axis (without one, of all) at which the condition is true. ONNX `Compress`, opsets 9, 11.
///
/// The condition is known when compiling; where it is shorter, the rest is left out.
package struct Compress: Expanding {
  package static let onnxName = "Compress"
  package static let inputCount = 2...2
  package let axis: Int?

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.optionalInt("axis") }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try required(inputs, 0, "input").type.shape
    _ = try required(inputs, 1, "condition")
    guard case .bool(let keeps)? = try constant(inputs, 1, "condition")?.elements else {
      throw typeMismatch("the condition must be bool")
    }
    let axis = try axis.map { axis throws(Diagnostic) in try normalized(axis: axis, rank: x.rank) }
    let count = axis.map { x[$0] } ?? x.count
    let picks = keeps.indices.filter { keeps[$0] }
    guard (picks.last ?? -1) < count else {
      throw shapeMismatch("the condition is true at \(picks.last ?? 0), behind the \(count) elements of input \(x)")
    }
    let all = axis == nil ? try expansion.reshape(expansion.inputs[0] ?? "", to: [x.count]) : expansion.inputs[0]
    expansion.outputs = [
      try expansion.add("Gather", [all, expansion.integers(picks)], ["axis": .int(Int64(axis ?? 0))])
    ]
  }
}
