import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The first sequence_lens[b] elements of each sample along the time axis in reverse, the others as they are. ONNX
/// `ReverseSequence`, opset 10.
package struct ReverseSequence: Expanding {
  package static let onnxName = "ReverseSequence"
  package static let inputCount = 2...2
  package let batchAxis: Int
  package let timeAxis: Int

  package init(decoding node: Node) throws(Diagnostic) {
    batchAxis = try node.int("batch_axis", default: 1)
    timeAxis = try node.int("time_axis", default: 0)
    guard [batchAxis, timeAxis].sorted() == [0, 1] else {
      throw node.invalid("batch_axis", "is \(batchAxis) and time_axis \(timeAxis), must be 0 and 1 in some order")
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try required(inputs, 0, "input").type.shape
    let lengths = try requiredIndices(inputs, 1)
    guard x.rank >= 2, lengths.dims == [x[batchAxis]] else {
      throw shapeMismatch("sequence_lens \(lengths) must have a number for each of the samples of \(x)")
    }
    let (batch, time) = (x[batchAxis], x[timeAxis])
    let column = try expansion.reshape(
      expansion.cast(expansion.inputs[1] ?? "", to: .int64), to: batchAxis == 0 ? [batch, 1] : [1, batch])
    let positions = expansion.constant(
      Tensor(timeAxis == 0 ? [time, 1] : [1, time], (0..<time).map { Int64($0) }))
    let last = try expansion.add("Sub", [column, expansion.integers([1])])
    let picks = try expansion.add(
      "Where",
      [expansion.add("Less", [positions, column]), expansion.add("Sub", [last, positions]), positions])
    let rest = [Int](repeating: 1, count: x.rank - 2)
    let indices = try expansion.add(
      "Expand",
      [expansion.reshape(picks, to: Shape(x.dims[..<2] + rest)), expansion.integers(x.dims)])
    expansion.outputs = [
      try expansion.add("GatherElements", [expansion.inputs[0], indices], ["axis": .int(Int64(timeAxis))])
    ]
  }
}
