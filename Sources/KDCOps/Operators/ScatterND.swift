import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// data with y[indices[t, 0], indices[t, 1] …, …] = updates[t, …]: a slice for each tuple of the last axis of indices;
/// `reduction` add, mul, max or min combines it with what is there. ONNX `ScatterND`, opsets 11, 13, 16, 18.
///
/// Of several updates of one element all count, in order. What an index outside is for is left out on the device.
package struct ScatterND: ScatterOperator {
  package static let onnxName = "ScatterND"
  package let scattering: Scattering

  package init(decoding node: Node) throws(Diagnostic) { scattering = try Scattering(decoding: node) }

  func plan(data: Shape, indices: Shape, updates: Shape) throws(Diagnostic) -> (axes: [Int], walk: Walk) {
    guard let depth = indices.dims.last, depth > 0, depth <= data.rank,
      updates.dims == Array(indices.dims.dropLast() + data.dims[depth...]),
      !data.dims[..<depth].contains(0) || updates.count == 0
    else { throw shapeMismatch("indices \(indices) and updates \(updates) do not fit data \(data)") }
    let (tuples, slice) = (indices.rank - 1, data.rank - depth)
    let walk = Walk(
      extents: updates.dims,
      strides: [
        [Int](repeating: 0, count: tuples) + Array(data.strides[depth...]),
        Array(indices.strides.dropLast()) + [Int](repeating: 0, count: slice), updates.strides,
      ])
    return (Array(0..<depth), walk)
  }
}
