import KDCProgram
import KDCTensor

/// The order in which a value's elements lie in its buffer.
package enum Layout: Hashable, Sendable {
  /// ONNX order.
  case rowMajor
  /// Axis 1 moved to the end: [N,C,H,W] lies as [N,H,W,C].
  case channelsLast
  /// The elements of a value of that shape in channels-last order, under another shape: what a reshape of such a
  /// value leaves. Steps that cannot use it ask for another layout.
  case reshaped(Shape)

  /// The simplest layout with the same order for a value of `shape`.
  func normalized(for shape: Shape) -> Layout {
    switch self {
    case .rowMajor: .rowMajor
    case .channelsLast: Self.isTrivial(shape) ? .rowMajor : .channelsLast
    case .reshaped(let origin):
      Self.isTrivial(origin) ? .rowMajor : origin == shape ? .channelsLast : self
    }
  }

  /// Channels-last and row-major order are the same.
  private static func isTrivial(_ shape: Shape) -> Bool {
    shape.rank < 3 || shape[1] == 1 || shape.dims[2...].allSatisfy { $0 == 1 } || shape.count == 0
  }

  /// The axes from the outermost in memory to the innermost. Not for `reshaped`.
  func order(rank: Int) -> [Int] {
    self == .channelsLast && rank > 2 ? [0] + Array(2..<rank) + [1] : Array(0..<rank)
  }

  /// Elements that one step along each axis moves. Not for `reshaped`.
  func strides(of shape: Shape) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.rank)
    var next = 1
    for axis in order(rank: shape.rank).reversed() {
      strides[axis] = next
      next *= shape[axis]
    }
    return strides
  }

  /// The dimensions in order of memory.
  func memoryShape(of shape: Shape) -> Shape {
    if case .reshaped = self { return shape }
    return Shape(order(rank: shape.rank).map { shape[$0] })
  }
}

extension Walk {
  /// Loops over `shape` in the memory order of `layout`, which the last operand fills densely; `operands` are the
  /// strides of the others along the axes.
  static func filling(_ shape: Shape, _ layout: Layout, reading operands: [[Int]]) -> Walk {
    let order = layout.order(rank: shape.rank)
    let output = layout.strides(of: shape)
    return Walk(
      extents: order.map { shape[$0] }, strides: (operands + [output]).map { strides in order.map { strides[$0] } }
    ).collapsed
  }
}
