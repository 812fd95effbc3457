import KDCDiagnostics
import KDCGraph

/// Softmax of a quantised tensor, quantised. `com.microsoft.QLinearSoftmax`; `opset` is that of the Softmax meant: before 13
/// it goes over all axes from `axis` on.
package struct QLinearSoftmax: QuantizedFunction {
  package static let onnxName = "QLinearSoftmax"
  private let axis: Int
  private let flattens: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: -1)
    flattens = try node.int("opset", default: 13) < 13
  }

  func compute(_ x: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    let shape = expansion.shape(of: x)
    let axis = try normalized(axis: axis, rank: shape.rank)
    guard flattens else { return try expansion.add("Softmax", [x], ["axis": .int(Int64(axis))]) }
    let (rows, columns) = (shape.dims[..<axis].reduce(1, *), shape.dims[axis...].reduce(1, *))
    let flat = try expansion.reshape(x, to: [rows, columns])
    return try expansion.reshape(expansion.add("Softmax", [flat], ["axis": .int(1)]), to: shape)
  }
}
