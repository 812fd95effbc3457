import KDCDiagnostics
import KDCGraph
import KDCTensor

/// data with y[i₀, …, indices[i₀, …], …] = updates[i₀, …], the index replacing the one of `axis`; `reduction` add, mul, max or
/// min combines it with what is there. ONNX `ScatterElements`, opsets 11, 13, 16, 18.
///
/// Of several updates of one element all count, in order. What an index outside is for is left out on the device.
package struct ScatterElements: ElementScatter {
  package static let onnxName = "ScatterElements"
  package let axis: Int
  package let scattering: Scattering

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: 0)
    scattering = try Scattering(decoding: node)
  }
}
