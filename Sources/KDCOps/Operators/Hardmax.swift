import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// 1 at the first of the largest elements of a row, 0 elsewhere. ONNX `Hardmax`, opsets 1, 11, 13; axes as `Softmax`.
package struct Hardmax: AxisFunction {
  package static let onnxName = "Hardmax"
  package let rows: RowAxis
  package init(decoding node: Node) throws(Diagnostic) { rows = try RowAxis(decoding: node) }

  func apply(_ row: UnsafeMutablePointer<Float>, stride: Int, count: Int) {
    var best = 0
    for i in 0..<count where row[i &* stride] > row[best &* stride] { best = i }
    for i in 0..<count { row[i &* stride] = i == best ? 1 : 0 }
  }

  /// Whether a position is that of the largest, as a number.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let (form, outer, count, inner) = try lowerRows(node, into: &lowering)
    let best = lowering.temporary(TensorType(.int64, [outer, inner]))
    lowering.append {
      ArgReduceStep(
        name: $0, type: .float32, isMaximum: true, takesLast: false, input: form.buffer, output: best, outer: outer,
        reduced: count, inner: inner)
    }
    let positions = lowering.loaded(Tensor([count], (0..<count).map { Int64($0) }), "positions")
    let isBest = lowering.temporary(TensorType(.bool, [outer, count, inner]))
    let walk = Walk(
      extents: [outer, count, inner], strides: [[inner, 0, 1], [0, 1, 0], [count * inner, inner, 1]])
    lowering.append {
      CompareStep(
        name: $0, operation: .equal, type: .int64, a: best, b: positions, output: isBest, walk: walk.collapsed)
    }
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.cast(isBest, from: .bool, to: .float32, count: outer * count * inner, output: output)
  }
}
