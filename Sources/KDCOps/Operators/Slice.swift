import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A range with a step along some axes. ONNX `Slice`, opsets 1, 10, 11, 13.
///
/// Opset < 10: attributes `starts`, `ends`, `axes`; from 10 on constant inputs, with `steps`, which may be negative.
/// Ends are clamped to the tensor.
package struct Slice: Quantizable, ElementMovement {
  package static let onnxName = "Slice"
  package static let inputCount = 1...5
  /// From attributes; nil from opset 10 on.
  private let starts: [Int]?
  private let ends: [Int]?
  private let axes: [Int]?

  package init(decoding node: Node) throws(Diagnostic) {
    let hasAttributes = node.opset < 10
    starts = hasAttributes ? try node.optionalInts("starts") ?? [] : nil
    ends = hasAttributes ? try node.optionalInts("ends") ?? [] : nil
    axes = hasAttributes ? try node.optionalInts("axes") : nil
  }

  package var quantizationRule: QuantizationRule { .sameAsInput(.cut) }

  /// What one axis keeps: `count` elements from `start`, `step` apart.
  package struct Range: Hashable, Sendable {
    package var start: Int
    package var step: Int
    package var count: Int
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    if starts == nil {
      _ = try required(inputs, 1, "starts")
      _ = try required(inputs, 2, "ends")
    }
    let ranges = try ranges(
      of: type.shape, starts: constantInts(inputs, 1, "starts"), ends: constantInts(inputs, 2, "ends"),
      axes: constantInts(inputs, 3, "axes"), steps: constantInts(inputs, 4, "steps"))
    return [TensorType(type.dataType, Shape(ranges.map(\.count)))]
  }

  /// The range of every axis of `shape`; the arguments are the values of the inputs. Throws KDC2011 or KDC2014.
  package func ranges(
    of shape: Shape, starts givenStarts: [Int]?, ends givenEnds: [Int]?, axes givenAxes: [Int]?, steps: [Int]?
  ) throws(Diagnostic) -> [Range] {
    let starts = starts ?? givenStarts ?? []
    let ends = ends ?? givenEnds ?? []
    let axes = axes ?? givenAxes ?? Array(0..<starts.count)
    let steps = steps ?? [Int](repeating: 1, count: starts.count)
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw shapeMismatch(
        "\(starts.count) starts, \(ends.count) ends, \(axes.count) axes and \(steps.count) steps differ in number")
    }
    var result = shape.dims.map { Range(start: 0, step: 1, count: $0) }
    for (at, axis) in axes.enumerated() {
      let axis = try normalized(axis: axis, rank: shape.rank)
      let (dim, step) = (shape[axis], steps[at])
      guard step != 0 else { throw Diagnostic(.invalidAttribute, "a step of 'Slice' is 0") }
      // A range whose step exceeds the axis keeps its first element; larger steps than that say nothing more.
      let bounded = max(-dim - 1, min(dim + 1, step))
      func position(_ value: Int, _ low: Int, _ high: Int) -> Int {
        max(low, min(high, value < 0 ? max(value, -dim - 1) + dim : value))
      }
      if step > 0 {
        let (start, end) = (position(starts[at], 0, dim), position(ends[at], 0, dim))
        result[axis] = Range(start: start, step: bounded, count: max(0, (end - start + bounded - 1) / bounded))
      } else {
        let (start, end) = (position(starts[at], -1, dim - 1), position(ends[at], -1, dim - 1))
        result[axis] = Range(start: start, step: bounded, count: max(0, (start - end - bounded - 1) / -bounded))
      }
    }
    return result
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let ranges = try ranges(
      of: x.shape, starts: inputs.optionalInts(1), ends: inputs.optionalInts(2), axes: inputs.optionalInts(3),
      steps: inputs.optionalInts(4))
    let strides = x.shape.strides
    return [
      x.strided(
        offset: zip(ranges, strides).reduce(0) { $0 + $1.0.start * $1.1 },
        strides: zip(ranges, strides).map { $0.step * $1 }, shape: Shape(ranges.map(\.count)))
    ]
  }
}

extension Slice: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let ranges = try ranges(
      of: shape, starts: lowering.integers(node, 1), ends: lowering.integers(node, 2),
      axes: lowering.integers(node, 3), steps: lowering.integers(node, 4))
    try lowering.select(
      node.inputs[0], node.outputs[0], starts: ranges.map(\.start),
      axes: ranges.enumerated().map { ($0.offset, $0.element.step) })
  }
}

extension Slice: ChannelPassing {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    guard let ranges = try ranges(node, trace) else { return trace.giveUp() }
    var x = trace.labels(of: node.inputs[0])
    for (axis, range) in ranges.enumerated() {
      guard let own = x[axis] else { continue }
      if range.step == 1 {
        x[axis] = Array(own[range.start..<range.start + range.count])
      } else {
        trace.pin(own)
        x[axis] = nil
      }
    }
    trace.labels[node.outputs[0]] = x
  }

  /// nil where an operand is computed.
  private func ranges(_ node: Node, _ trace: ChannelTrace) throws -> [Range]? {
    let given = (1..<5).map { trace.integers(node, $0) }
    guard (1..<5).allSatisfy({ node.input($0) == nil || given[$0 - 1] != nil }) else { return nil }
    return try ranges(
      of: trace.shape(of: node.inputs[0]), starts: given[0], ends: given[1], axes: given[2], steps: given[3])
  }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    let input = node.inputs[0]
    guard let ranges = try ranges(node, removal.trace) else { return }
    var (axes, starts, ends, steps) = ([Int](), [Int](), [Int](), [Int]())
    for (axis, range) in ranges.enumerated()
    where range.step != 1 || range.start != 0 || range.count != removal.shape(of: input)[axis] {
      axes.append(axis)
      steps.append(range.step)
      if let kept = removal.kept(input, axis) {
        starts.append(kept.count { $0 < range.start })
        ends.append(kept.count { $0 < range.start + range.count })
      } else {
        starts.append(range.start)
        let end = range.start + range.step * range.count
        ends.append(end < 0 ? -1 << 40 : end)
      }
    }
    if node.opset < 10 {
      for (name, list) in [("axes", axes), ("starts", starts), ("ends", ends)] {
        node.attributes[name] = .ints(list.map(Int64.init))
      }
    } else {
      for (input, list) in [(1, starts), (2, ends), (3, axes), (4, steps)] {
        removal.set(list, input: input, of: &node)
      }
    }
  }
}
