import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Convolution of integers, minus their zero points, in int32. ONNX `ConvInteger`, opset 10.
package struct ConvInteger: Expanding {
  package static let onnxName = "ConvInteger"
  package static let inputCount = 2...4
  private let convolution: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    convolution = node.attributes
    _ = try SpatialWindow(decoding: node)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredBytes(inputs, 0, "x")
    let w = try requiredBytes(inputs, 1, "w").shape
    let x = try expansion.centred(0, zeroPoint: 2, axis: 1)
    let weights = try expansion.centred(1, zeroPoint: 3, axis: 0)
    let depth = w.dims.dropFirst().reduce(1, *)
    let sums = try expansion.integerProduct(x, depth: depth) { expansion, x throws(Diagnostic) in
      try expansion.add("Conv", [x, weights], convolution)
    }
    expansion.outputs = [sums]
  }
}
