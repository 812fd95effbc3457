import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The product of integer matrices, minus their zero points, in int32. ONNX `MatMulInteger`, opset 10.
///
/// One zero point for each operand, or one for each row of A or column of B.
package struct MatMulInteger: Expanding {
  package static let onnxName = "MatMulInteger"
  package static let inputCount = 2...4

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let a = try requiredBytes(inputs, 0, "A").shape
    let b = try requiredBytes(inputs, 1, "B").shape
    let left = try expansion.centred(0, zeroPoint: 2, axis: a.rank - 2)
    let right = try expansion.centred(1, zeroPoint: 3, axis: b.rank - 1)
    let product = try expansion.integerProduct(left, depth: a.dims.last ?? 1) { expansion, left throws(Diagnostic) in
      try expansion.add("MatMul", [left, right])
    }
    expansion.outputs = [product]
  }
}
