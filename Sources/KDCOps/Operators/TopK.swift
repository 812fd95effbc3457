import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// The k largest or smallest elements along an axis and their positions. ONNX `TopK`, opsets 1, 10, 11, 24.
///
/// k is known when compiling. Always sorted; of equal elements the first comes first; NaN is larger than all numbers.
package struct TopK: StepOperator {
  package static let onnxName = "TopK"
  package static let inputCount = 1...2
  package static let outputCount = 1...2
  package let axis: Int
  package let isLargest: Bool
  /// From an attribute; nil from opset 10 on.
  package let picks: Int?

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: -1)
    isLargest = node.opset >= 11 ? try node.flag("largest", default: true) : true
    picks = node.opset < 10 ? try node.requiredInt("k") : nil
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "X").type
    try requireComputed(type, "X")
    if picks == nil { _ = try required(inputs, 1, "K") }
    var given = try constantInts(inputs, 1, "K") ?? []
    if let picks { given = [picks] }
    let axis = try normalized(axis: axis, rank: type.shape.rank)
    guard given.count == 1, given[0] >= 0, given[0] <= type.shape[axis] else {
      throw shapeMismatch("K is \(given), must be one number up to the \(type.shape[axis]) elements of axis \(axis)")
    }
    var shape = type.shape
    shape.dims[axis] = given[0]
    return [TensorType(type.dataType, shape), TensorType(.int64, shape)]
  }

  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step {
    let type = try required(inputs, 0, "X").type
    let split = try AxisSplit(self, axis: axis, of: type.shape)
    return TopKStep(
      name: name, type: type.dataType, isLargest: isLargest, input: try operands.required(0), values: results[0],
      positions: results[1], outer: split.outer, count: split.count, inner: split.inner,
      picks: outputs[0].shape[try normalized(axis: axis, rank: type.shape.rank)])
  }
}
