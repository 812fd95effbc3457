import KDCDiagnostics
import KDCGraph
import KDCTensor

/// An operator that is expanded only after passes have read from it, or from its neighbours, how values are quantised.
package protocol ExpandingLate: Expanding {}

/// What QuantizeLinear and DequantizeLinear share: real = scale · (q − zeroPoint).
///
/// Scale and zero point are one for a tensor, one for each position of an axis, or one for each block of an axis.
package protocol LinearQuantization: ExpandingLate {
  var axis: Int { get }
  /// Elements of a block along the axis; 0 where there are no blocks.
  var blockSize: Int { get }
}

/// Which scale an element has.
package struct ScaleLayout: Equatable, Sendable {
  /// Elements before the axis, along it and behind it.
  var outer, count, inner: Int
  /// Scales along the axis; 1 for a scale of the whole tensor.
  var blocks: Int
  /// Elements of a block; all where the scale is one.
  var block: Int
  /// Whether the scales have the tensor's other axes too.
  var isBlocked: Bool

  /// The scale of the element `i` behind position `a` of the axis, in block `o` of what lies before it.
  func index(_ o: Int, _ a: Int, _ i: Int) -> Int {
    if blocks == 1 && !isBlocked { return 0 }
    return isBlocked ? (o * blocks + a / block) * inner + i : a
  }
}

extension LinearQuantization {
  /// Where the scales belong. Throws KDC2014 and KDC2011.
  func layout(of x: Shape, scale: Shape) throws(Diagnostic) -> ScaleLayout {
    if scale.count == 1, blockSize == 0 {
      return ScaleLayout(outer: 1, count: 1, inner: x.count, blocks: 1, block: 1, isBlocked: false)
    }
    let axis = try normalized(axis: axis, rank: x.rank)
    let (outer, count, inner) = (
      x.dims[..<axis].reduce(1, *), x[axis], x.dims[(axis + 1)...].reduce(1, *)
    )
    guard blockSize > 0 || scale.rank > 1 else {
      guard scale.dims == [count] else {
        throw shapeMismatch("scale \(scale) must be one value, or [\(count)] for axis \(axis) of \(x)")
      }
      return ScaleLayout(outer: outer, count: count, inner: inner, blocks: count, block: 1, isBlocked: false)
    }
    guard scale.rank == x.rank, scale[axis] > 0,
      zip(x.dims, scale.dims).enumerated().allSatisfy({ $0 == axis || $1.0 == $1.1 })
    else { throw shapeMismatch("scale \(scale) must have the dimensions of \(x) but for axis \(axis)") }
    let block = blockSize > 0 ? blockSize : (count + scale[axis] - 1) / scale[axis]
    guard block > 0, (count + block - 1) / block == scale[axis] else {
      throw shapeMismatch("blocks of \(block) along axis \(axis) of \(x) do not make the scales \(scale)")
    }
    return ScaleLayout(outer: outer, count: count, inner: inner, blocks: scale[axis], block: block, isBlocked: true)
  }

  /// Zero points must be there for each scale.
  func checkZeroPoint(_ inputs: [OperatorInput?], scale: Shape) throws(Diagnostic) -> DataType? {
    guard inputs.count > 2, let zero = inputs[2]?.type else { return nil }
    guard zero.shape == scale || (zero.shape.count == 1 && scale.count == 1) else {
      throw shapeMismatch("the zero point \(zero.shape) must have the shape \(scale) of the scale")
    }
    return zero.dataType
  }

  /// Scales or zero points, one for each element of `x` along the axis or broadcasting to it.
  func spread(_ value: String, over x: Shape, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    let shape = expansion.shape(of: value)
    let layout = try layout(of: x, scale: shape)
    if layout.blocks == 1 && !layout.isBlocked { return try expansion.reshape(value, to: []) }
    let axis = try normalized(axis: axis, rank: x.rank)
    guard layout.isBlocked else {
      return try expansion.reshape(value, to: Shape(x.dims.indices.map { $0 == axis ? layout.count : 1 }))
    }
    let column = try expansion.reshape(value, to: [layout.outer, layout.blocks, 1, layout.inner])
    let rows = try expansion.add(
      "Expand", [column, expansion.integers([layout.outer, layout.blocks, layout.block, layout.inner])])
    var dims = x.dims
    dims[axis] = layout.blocks * layout.block
    let all = try expansion.reshape(rows, to: Shape(dims))
    // The last block may be cut.
    return layout.count == dims[axis] ? all : try expansion.slice(all, axis: axis, 0..<layout.count)
  }
}

extension DataType {
  /// The least and the most value of an integer type that tensors are quantised to; nil for others.
  package var quantizedLimits: ClosedRange<Int>? {
    switch self {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    default: nil
    }
  }
}
