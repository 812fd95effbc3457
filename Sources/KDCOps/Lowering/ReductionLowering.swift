import KDCDiagnostics
import KDCProgram
import KDCTensor

extension Lowering {
  /// The mean, sum or extreme of a value along `axes`; the output's shape (with or without the axes) is the graph's.
  /// `before` and `after` are for floats; there is no mean of integers.
  mutating func reduce(
    _ operation: FloatReduceStep.Operation, _ input: String, _ output: String, axes: [Int],
    before: FloatFunction = .identity, after: FloatFunction = .identity
  ) throws {
    let (shape, type) = (try shape(of: input), try type(of: input).dataType)
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
    if before != .identity { buffer = unary(before, buffer, count: shape.count) }
    if !runs.contains(where: { $0.isReduced }) { runs.append((true, 1)) }
    // What is left keeps the order of memory, which is the output's layout.
    let isDense = try layoutAfter(form.layout, shape, axes, try self.shape(of: output))
    while let index = runs.lastIndex(where: { $0.isReduced }) {
      let outer = runs[..<index].reduce(1) { $0 * $1.count }
      let inner = runs[(index + 1)...].reduce(1) { $0 * $1.count }
      let reduced = runs[index].count
      let source = buffer
      runs.remove(at: index)
      let isLast = !runs.contains { $0.isReduced } && after == .identity
      let target =
        isLast ? try write(output, as: .native, in: isDense) : temporary(TensorType(type, [outer * inner]))
      if type == .float32 {
        append {
          FloatReduceStep(
            name: $0, operation: operation, input: source, output: target, outer: outer, reduced: reduced, inner: inner)
        }
      } else {
        guard let operation = IntegerReduceStep.Operation(rawValue: operation.rawValue) else {
          throw InternalError("no \(operation.rawValue) of integers")
        }
        append {
          IntegerReduceStep(
            name: $0, operation: operation, type: type, input: source, output: target, outer: outer, reduced: reduced,
            inner: inner)
        }
      }
      buffer = target
    }
    if after != .identity {
      let target = try write(output, as: .native, in: isDense)
      let count = try self.shape(of: output).count
      let source = buffer
      append { FloatUnaryStep(name: $0, function: after, input: source, output: target, count: count) }
    }
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
