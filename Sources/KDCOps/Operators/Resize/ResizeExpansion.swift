import KDCDiagnostics
import KDCGraph
import KDCTensor

/// What tables of two elements do not say is a product with a constant matrix along each axis, or picks elements along it.
extension Resize: Expanding {
  /// Whether values need the composition: the rest of it is for program steps only.
  func needsComposition(_ type: TensorType) -> Bool {
    kernel.mode == .cubic || kernel.isAntialiased || coordinates.isCrop || (isLinear && type.dataType != .float32)
  }

  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool {
    guard let x = inputs.first??.type else { return false }
    if needsComposition(x) || x.dataType != .float32 { return true }
    guard x.shape.rank == 3 || x.shape.rank == 4, let plan = try? plan(x.shape, inputs) else { return true }
    return plan.contains { $0.axis < 2 }
  }

  /// How one axis changes.
  private struct AxisPlan {
    var axis, input, output: Int
    var scale: Float
    var roi: (Float, Float)
  }

  private func plan(_ x: Shape, _ inputs: [OperatorInput?]) throws(Diagnostic) -> [AxisPlan] {
    let scales = try constant(inputs, scalesIndex, "scales")
    let sizes = try scalesIndex == 1 ? nil : constantInts(inputs, 3, "sizes")
    let (output, factors) = try target(x, scales: scales, sizes: sizes)
    var regions = [(Float, Float)](repeating: (0, 1), count: x.rank)
    if coordinates.isCrop {
      var listed: [Int] = []
      for axis in axes ?? Array(0..<x.rank) { listed.append(try normalized(axis: axis, rank: x.rank)) }
      let roi = try constant(inputs, 1, "roi")?.cast(to: .float32).floats ?? []
      guard roi.count == 2 * listed.count, roi.allSatisfy(\.isFinite) else {
        throw shapeMismatch("roi has \(roi.count) elements, must have 2 for each of the \(listed.count) axes")
      }
      for (index, axis) in listed.enumerated() { regions[axis] = (roi[index], roi[index + listed.count]) }
    }
    return x.dims.indices.map {
      AxisPlan(axis: $0, input: x[$0], output: output[$0], scale: factors[$0], roi: regions[$0])
    }.filter { $0.output != $0.input || $0.scale != 1 || $0.roi != (0, 1) }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let type = try required(inputs, 0, "X").type
    var x = expansion.inputs[0] ?? ""
    if kernel.mode != .nearest { x = try expansion.cast(x, to: .float32) }
    let plan = try plan(type.shape, inputs).sorted { ($0.output - $0.input, $0.axis) < ($1.output - $1.input, $1.axis) }
    for axis in plan { x = try resized(x, axis, &expansion) }
    try finish(inputs, [x == expansion.inputs[0] ? expansion.add("Identity", [x]) : x], &expansion)
  }

  private func resized(_ x: String, _ plan: AxisPlan, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    let shape = expansion.shape(of: x)
    let last = Double(plan.input - 1)
    let positions = (0..<plan.output).map { o -> Double? in
      let position = coordinates.source(
        o, input: plan.input, output: plan.output, scale: plan.scale, roi: plan.roi)
      return coordinates.isCrop && !(0...last).contains(Double(position)) ? nil : Double(position)
    }
    var y: String
    if kernel.mode == .nearest {
      let indices = positions.map {
        $0.map { coordinates.nearest(Float($0), input: plan.input, scale: plan.scale) } ?? 0
      }
      y = try expansion.add("Gather", [x, expansion.integers(indices)], ["axis": .int(Int64(plan.axis))])
    } else {
      let matrixType = TensorType(.float32, [plan.input, plan.output])
      if let fault = ValueLimits.machine.fault(of: matrixType, "the weights of 'Resize'") { throw fault }
      let weights = kernel.weights(positions, input: plan.input, scale: plan.scale)
      let matrix = try expansion.matrix(plan.input, plan.output) { weights[$0 * plan.output + $1] }
      y = try product(x, plan.axis, matrix, &expansion)
    }
    guard positions.contains(where: { $0 == nil }) else { return y }
    let dims = [plan.output] + [Int](repeating: 1, count: shape.rank - 1 - plan.axis)
    let isInside = expansion.constant(Tensor(Shape(dims), positions.map { $0 != nil }))
    let outside = Tensor([], [extrapolation]).cast(to: expansion.type(of: y).dataType)
    y = try expansion.add("Where", [isInside, y, expansion.constant(outside)])
    return y
  }

  /// Σ x[…, i, …] · matrix[i, o] along an axis.
  private func product(
    _ x: String, _ axis: Int, _ matrix: String, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    let shape = expansion.shape(of: x)
    if axis == shape.rank - 1 { return try expansion.add("MatMul", [x, matrix]) }
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    let rows = try expansion.reshape(x, to: [shape.dims[..<axis].reduce(1, *), shape[axis], inner])
    let y = try expansion.add("MatMul", [expansion.transpose(matrix, [1, 0]), rows])
    var output = shape
    output.dims[axis] = expansion.shape(of: matrix)[1]
    return try expansion.reshape(y, to: output)
  }
}
