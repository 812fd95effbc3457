import KDCDiagnostics
import KDCGraph
import KDCTensor

/// (Σ |x|^p)^(1/p) over all spatial axes. ONNX `GlobalLpPool`, opsets 2, 22.
package struct GlobalLpPool: Expanding {
  package static let onnxName = "GlobalLpPool"
  package let p: Int

  package init(decoding node: Node) throws(Diagnostic) {
    p = try node.int("p", default: 2)
    guard p > 0 else { throw node.invalid("p", "is \(p), must be positive") }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "X", &expansion)
    let shape = expansion.shape(of: x)
    _ = try globalPoolShape(shape)
    let axes = Array(2..<shape.rank)
    let sum = try expansion.reduce("ReduceSum", expansion.magnitudePower(x, Float(p)), axes: axes)
    try finish(inputs, [expansion.power(sum, 1 / Float(p))], &expansion)
  }
}
