import KDCDiagnostics
import KDCGraph
import KDCTensor

/// ScatterElements under the name that it had before opset 11, without a reduction. ONNX `Scatter`, opset 9.
package struct Scatter: ElementScatter {
  package static let onnxName = "Scatter"
  package let axis: Int
  package var scattering: Scattering { Scattering() }

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.int("axis", default: 0) }
}
