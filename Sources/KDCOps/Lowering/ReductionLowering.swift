import KDCDiagnostics
import KDCProgram
import KDCTensor

extension Lowering {
  /// The mean, sum or extreme of a value along `axes`; the output's shape (with or without the axes) is the graph's.
  /// `after` is for floats, `before` of integers a magnitude or a square; their mean is rounded toward zero.
  mutating func reduce(
    _ operation: FloatReduceStep.Operation, _ input: String, _ output: String, axes: [Int],
    before: FloatFunction = .identity, after: FloatFunction = .identity
  ) throws {
    let shape = try shape(of: input)
    var type = try type(of: input).dataType
    if operation == .mean, before == .identity, after == .identity, shape.rank >= 3, shape[0] == 1,
      Set(axes) == Set(2..<shape.rank), quantized(input) != nil, quantized(output) != nil
    {
      return try mean(MeanPlan(input: input, output: output, geometry: globalGeometry(shape)))
    }
    let form = try read(input, as: .native)
    // Runs of neighbouring axes in memory, each reduced or kept; runs of 1 join any neighbour.
    var runs: [(isReduced: Bool, count: Int)] = []
    for axis in form.layout.order(rank: shape.rank) where shape[axis] != 1 {
      let isReduced = axes.contains(axis)
      if let last = runs.last, last.isReduced == isReduced {
        runs[runs.count - 1].count *= shape[axis]
      } else {
        runs.append((isReduced, shape[axis]))
      }
    }
    var buffer = form.buffer
    if type == .bool {
      buffer = cast(buffer, from: .bool, to: .uint8, count: shape.count)
      type = .uint8
    }
    if before != .identity {
      buffer =
        type == .float32
        ? unary(before, buffer, count: shape.count) : try applied(before, to: buffer, TensorType(type, shape))
    }
    let divides = operation == .mean && type != .float32
    if !runs.contains(where: { $0.isReduced }) { runs.append((true, 1)) }
    // What is left keeps the order of memory, which is the output's layout.
    let isDense = try layoutAfter(form.layout, shape, axes, try self.shape(of: output))
    while let index = runs.lastIndex(where: { $0.isReduced }) {
      let outer = runs[..<index].reduce(1) { $0 * $1.count }
      let inner = runs[(index + 1)...].reduce(1) { $0 * $1.count }
      let reduced = runs[index].count
      let source = buffer
      runs.remove(at: index)
      let isLast = !runs.contains { $0.isReduced } && after == .identity && !divides
      let target =
        isLast ? try write(output, as: .native, in: isDense) : temporary(TensorType(type, [outer * inner]))
      if type == .float32 {
        append {
          FloatReduceStep(
            name: $0, operation: operation, input: source, output: target, outer: outer, reduced: reduced, inner: inner)
        }
      } else {
        let operation = IntegerReduceStep.Operation(rawValue: operation.rawValue) ?? .sum
        append { [type] in
          IntegerReduceStep(
            name: $0, operation: operation, type: type, input: source, output: target, outer: outer, reduced: reduced,
            inner: inner)
        }
      }
      buffer = target
    }
    if divides {
      let target = try write(output, as: .native, in: isDense)
      let count = try self.shape(of: output).count
      _ = integerBinary(.divide, type, buffer, Int64(shape.count / max(count, 1)), count: count, to: target)
    }
    if after != .identity {
      let target = try write(output, as: .native, in: isDense)
      let count = try self.shape(of: output).count
      let source = buffer
      append { FloatUnaryStep(name: $0, function: after, input: source, output: target, count: count) }
    }
  }

  /// The magnitudes or squares of integers, in a new buffer.
  private mutating func applied(
    _ function: FloatFunction, to x: BufferID, _ type: TensorType
  ) throws -> BufferID {
    let result = temporary(type)
    let walk = Walk(extents: [type.shape.count], strides: [[1], [1], [1]])
    switch function.kind {
    case .square: integerBinary(.multiply, type.dataType, x, x, to: result, walk: walk)
    case .abs where !type.dataType.isSigned: return x
    case .abs:
      let opposite = temporary(type)
      negated(x, type, to: opposite)
      integerBinary(.maximum, type.dataType, x, opposite, to: result, walk: walk)
    default: throw InternalError("no \(function.kind.rawValue) of integers")
    }
    return result
  }

  /// The layout of an output whose elements lie in the order of `layout` with `axes` taken out.
  func layoutAfter(_ layout: Layout, _ shape: Shape, _ axes: [Int], _ output: Shape) throws -> Layout {
    guard layout == .channelsLast, !axes.contains(1), shape[1] > 1 else { return .rowMajor }
    let spatial = (2..<shape.rank).filter { !axes.contains($0) && shape[$0] > 1 }
    if spatial.isEmpty { return .rowMajor }
    return output.rank == shape.rank ? .channelsLast : .reshaped(keeping(shape, axes))
  }

  /// `shape` with `axes` set to 1.
  private func keeping(_ shape: Shape, _ axes: [Int]) -> Shape {
    Shape(shape.dims.indices.map { axes.contains($0) ? 1 : shape[$0] })
  }
}
