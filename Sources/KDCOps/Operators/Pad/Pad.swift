import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Adds elements around a tensor, or removes them where a pad is negative. ONNX `Pad`, opsets 2, 11, 13, 18, 19, 21.
///
/// Modes constant, reflect, edge and wrap. Opset < 11: attributes `pads` and `value`; from 11 on inputs; from 18 on
/// `axes` as a fourth input.
package struct Pad: Quantizable, ElementMovement {
  package static let onnxName = "Pad"
  package static let inputCount = 1...4
  package enum Mode: String, Sendable { case constant, reflect, edge, wrap }
  package let mode: Mode
  /// From attributes; nil from opset 11 on.
  package let pads: [Int]?
  package let value: Float?

  package init(decoding node: Node) throws(Diagnostic) {
    let modes = node.opset < 19 ? ["constant", "reflect", "edge"] : ["constant", "reflect", "edge", "wrap"]
    mode = Mode(rawValue: try node.choice("mode", default: "constant", of: modes)) ?? .constant
    pads = node.opset < 11 ? try node.optionalInts("pads") ?? [] : nil
    value = node.opset < 11 ? try node.float("value", default: 0) : nil
  }

  package var quantizationRule: QuantizationRule { .sameAsInput(.rearrange) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    if pads == nil { _ = try required(inputs, 1, "pads") }
    if inputs.count > 2, let value = inputs[2]?.type {
      guard value.dataType == type.dataType else { throw typeMismatch("data is \(type), constant_value is \(value)") }
      guard value.shape.count == 1 else { throw shapeMismatch("constant_value is \(value), must be a scalar") }
    }
    let pads = try amounts(
      of: type.shape, given: constantInts(inputs, 1, "pads"), axes: constantInts(inputs, 3, "axes"))
    return [TensorType(type.dataType, Shape(zip(type.shape.dims, pads).map { $0 + $1.before + $1.after }))]
  }

  /// Elements added before and after each axis of `shape`; the arguments are the values of the inputs.
  /// Throws KDC2011 or KDC2014.
  package func amounts(
    of shape: Shape, given: [Int]?, axes: [Int]?
  ) throws(Diagnostic) -> [(before: Int, after: Int)] {
    let pads = pads ?? given ?? []
    let axes = axes ?? Array(0..<shape.rank)
    guard pads.count == 2 * axes.count else {
      throw shapeMismatch("\(pads.count) pads for \(axes.count) axes; there must be two for each")
    }
    var result = shape.dims.map { _ in (before: 0, after: 0) }
    for (at, axis) in axes.enumerated() {
      let axis = try normalized(axis: axis, rank: shape.rank)
      let (before, after, dim) = (pads[at], pads[at + axes.count], shape[axis])
      guard abs(clamping: before) < 1 << 40, abs(clamping: after) < 1 << 40, dim + before + after >= 0,
        dim + before >= 0, dim + after >= 0
      else { throw shapeMismatch("pads \(before) and \(after) of axis \(axis), which has \(dim) elements") }
      if mode == .reflect, max(before, after) >= max(dim, 1) {
        throw shapeMismatch("reflecting \(max(before, after)) elements of an axis of \(dim)")
      }
      if mode != .constant, dim == 0, max(before, after) > 0 {
        throw shapeMismatch("mode \(mode.rawValue) cannot pad an axis without elements")
      }
      result[axis] = (before, after)
    }
    return result
  }

  private func abs(clamping value: Int) -> Int { value == .min ? .max : Swift.abs(value) }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let pads = try amounts(of: x.shape, given: inputs.optionalInts(1), axes: inputs.optionalInts(3))
    let shape = Shape(zip(x.shape.dims, pads).map { $0 + $1.before + $1.after })
    let fill = inputs.optional(2) ?? Tensor([], [value ?? 0]).cast(to: x.dataType)
    // Source offset of each position of each axis; nil outside.
    let strides = x.shape.strides
    let sources = shape.dims.indices.map { axis in
      (0..<shape[axis]).map { source($0 - pads[axis].before, x.shape[axis]).map { $0 * strides[axis] } }
    }
    let both = try Tensor.chained([x, fill.reshaped(to: [1])])
    return [both.rearranged(to: shape, PaddedCopy(sources: sources, fill: x.count))]
  }

  /// The element of an axis of `dim` elements that stands at `position`, counted from its first; nil: the fill value.
  func source(_ position: Int, _ dim: Int) -> Int? {
    if position >= 0, position < dim { return position }
    switch mode {
    case .constant: return nil
    case .edge: return position < 0 ? 0 : dim - 1
    case .reflect: return position < 0 ? -position : 2 * (dim - 1) - position
    case .wrap: return ((position % dim) + dim) % dim
    }
  }
  func inputs(_ inputs: [Tensor?], moving numbers: Tensor) -> [Tensor?] {
    [numbers, inputs.optional(1), Tensor([], [Int32(0)])] + inputs.dropFirst(3)
  }
}

/// Row-major copy where the offset of a position is the sum over axes of `sources`, `fill` where one is nil.
private struct PaddedCopy: Rearrangement {
  let sources: [[Int?]]
  let fill: Int

  func move<T: TensorElement>(_ source: UnsafeBufferPointer<T>, to target: UnsafeMutableBufferPointer<T>) {
    let inner = sources.last ?? [0]
    let outer = sources.dropLast()
    var index = [Int](repeating: 0, count: outer.count)
    let value = source[fill]
    for row in 0..<target.count / max(inner.count, 1) {
      var base: Int? = 0
      for (axis, position) in index.enumerated() {
        base = base.flatMap { base in outer[axis][position].map { base + $0 } }
      }
      for (at, offset) in inner.enumerated() {
        let element = base.flatMap { base in offset.map { source[base + $0] } }
        target.initializeElement(at: row &* inner.count &+ at, to: element ?? value)
      }
      var axis = outer.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < outer[axis].count { break }
        index[axis] = 0
        axis -= 1
      }
    }
  }
}

extension Pad: ChannelPassing {
  /// Axes whose size stays pass. Others are pinned.
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let (from, to) = (trace.shape(of: node.inputs[0]), trace.shape(of: node.outputs[0]))
    // A crop at one end and a pad at the other keep the size but not the positions.
    let isPlain = (pads ?? trace.integers(node, 1))?.allSatisfy { $0 >= 0 } ?? false
    trace.pass(node, mixing: { from[$0] != to[$0] || !isPlain })
  }
}

extension Pad: UnaryScalePassing {
  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    let fill = node.input(2).map { graph.initializers[$0]?.floats == [0] } ?? true
    guard mode == .constant, value ?? 0 == 0, fill else { return nil }
    return shape[own.axis] == result[own.axis] ? [own] : nil
  }
}
