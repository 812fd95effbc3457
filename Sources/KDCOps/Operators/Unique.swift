import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The different elements, or with `axis` the different slices along it, in ascending order or (`sorted` 0) in that of their first
/// appearance; where each appears first, which one each is, and how often each appears. ONNX `Unique`, opset 11.
///
/// The input is known when compiling.
package struct Unique: Operator {
  package static let onnxName = "Unique"
  package static let outputCount = 1...4
  package let axis: Int?
  package let isSorted: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.optionalInt("axis")
    isSorted = try node.flag("sorted", default: true)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    _ = try required(inputs, 0, "X")
    guard let x = try constant(inputs, 0, "X") else { throw typeMismatch("has no input") }
    let found = try found(x)
    let count = found.first.count
    var shape: Shape = [count]
    if let axis {
      shape = x.shape
      shape.dims[try normalized(axis: axis, rank: x.shape.rank)] = count
    }
    return [
      TensorType(x.dataType, shape), TensorType(.int64, [count]), TensorType(.int64, [found.which.count]),
      TensorType(.int64, [count]),
    ]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let found = try found(x)
    let values: Tensor
    if let axis {
      values = x.keeping(found.first, axis: try normalized(axis: axis, rank: x.shape.rank))
    } else {
      values = x.picked(found.first, shape: [found.first.count])
    }
    func vector(_ numbers: [Int]) -> Tensor { Tensor([numbers.count], numbers.map { Int64($0) }) }
    var counts = [Int](repeating: 0, count: found.first.count)
    for number in found.which { counts[number] += 1 }
    return [values, vector(found.first), vector(found.which), vector(counts)]
  }

  /// Where each different slice appears first, and which one each slice is.
  private func found(_ x: Tensor) throws(Diagnostic) -> (first: [Int], which: [Int]) {
    switch x.elements.numbers {
    case .float(let values): try found(x.shape, values)
    case .double(let values): try found(x.shape, values)
    case .signed(let values): try found(x.shape, values)
    case .unsigned(let values): try found(x.shape, values)
    }
  }

  private func found<T: Comparable & Hashable>(
    _ shape: Shape, _ values: [T]
  ) throws(Diagnostic) -> (first: [Int], which: [Int]) {
    var split: AxisSplit?
    if let axis { split = try AxisSplit(self, axis: axis, of: shape) }
    func slice(_ number: Int) -> [T] {
      guard let split else { return [values[number]] }
      return (0..<split.outer).flatMap { o in
        let start = (o * split.count + number) * split.inner
        return values[start..<start + split.inner]
      }
    }
    let slices = (0..<(split?.count ?? values.count)).map(slice)
    var numbers: [[T]: Int] = [:]
    var first: [Int] = []
    var which: [Int] = []
    for (at, slice) in slices.enumerated() {
      let number = numbers[slice] ?? first.count
      if number == first.count {
        numbers[slice] = number
        first.append(at)
      }
      which.append(number)
    }
    guard isSorted else { return (first, which) }
    let order = first.indices.sorted { slices[first[$0]].lexicographicallyPrecedes(slices[first[$1]]) }
    var rank = [Int](repeating: 0, count: order.count)
    for (place, number) in order.enumerated() { rank[number] = place }
    return (order.map { first[$0] }, which.map { rank[$0] })
  }
}
