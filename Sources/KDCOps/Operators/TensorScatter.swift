import KDCDiagnostics
import KDCGraph
import KDCTensor

/// past_cache with `update` written into each sample from write_indices[sample] on along an axis, in mode circular around its
/// end. ONNX `TensorScatter`, opset 24. Without write_indices from 0 on.
package struct TensorScatter: Expanding {
  package static let onnxName = "TensorScatter"
  package static let inputCount = 2...3
  package let axis: Int
  package let isCircular: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: -2)
    isCircular = try node.choice("mode", default: "linear", of: ["linear", "circular"]) == "circular"
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let (cache, update) = (try required(inputs, 0, "past_cache").type, try required(inputs, 1, "update").type)
    let axis = try normalized(axis: axis, rank: cache.shape.rank)
    let shape = update.shape
    guard axis > 0, shape.rank == cache.shape.rank, shape[axis] <= cache.shape[axis],
      shape.dims.indices.allSatisfy({ $0 == axis || shape[$0] == cache.shape[$0] })
    else { throw shapeMismatch("update \(shape) does not fit past_cache \(cache.shape) along axis \(axis)") }
    // The positions, for every element of the update.
    var one = [Int](repeating: 1, count: shape.rank)
    one[axis] = shape[axis]
    var places = expansion.constant(Tensor(Shape(one), (0..<shape[axis]).map { Int64($0) }))
    if inputs.count > 2, let first = inputs[2]?.type {
      guard first.shape.dims == [shape[0]] else {
        throw shapeMismatch("write_indices is \(first), must be [\(shape[0])]")
      }
      let column = Shape([shape[0]] + [Int](repeating: 1, count: shape.rank - 1))
      places = try expansion.add(
        "Add", [expansion.cast(expansion.reshape(expansion.inputs[2] ?? "", to: column), to: .int64), places])
    }
    if isCircular { places = try expansion.add("Mod", [places, expansion.integers([cache.shape[axis]])]) }
    places = try expansion.add("Expand", [places, expansion.integers(shape.dims)])
    expansion.outputs = [
      try expansion.add(
        "ScatterElements", [expansion.inputs[0], places, expansion.inputs[1]], ["axis": .int(Int64(axis))])
    ]
  }
}
