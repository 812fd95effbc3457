import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Over three or more axes: each output position of the first of them is a transposed convolution over the others, of the
/// input positions that reach it, as channels.
extension ConvTranspose: ManyAxes {
  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool {
    inputs.first??.type.shape.rank ?? 0 > 4
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluate(inputs, threads: .single) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let (x, w) = (try requiredFloat(inputs, 0, "X"), try requiredFloat(inputs, 1, "W"))
    let axes = try resolve(input: x, weights: w)
    let (first, others) = (axes[0], Array(axes[1...]))
    guard first.output <= 4096 else {
      throw shapeMismatch("\(first.output) positions of the first of \(axes.count) axes")
    }
    let (perGroup, rest) = (x[1] / group, Array(x.dims[3...]))
    let kernel = Array(w.dims[3...])
    // Positions before the channels of a group.
    let planes = try expansion.transpose(
      expansion.reshape(expansion.inputs[0] ?? "", to: Shape([x[0], group, perGroup, x[2]] + rest)),
      [0, 1, 3, 2] + rest.indices.map { $0 + 4 })
    let taps = try expansion.transpose(
      expansion.reshape(expansion.inputs[1] ?? "", to: Shape([group, perGroup, w[1], w[2]] + kernel)),
      [0, 3, 1, 2] + kernel.indices.map { $0 + 4 })
    var attributes = window.attributes(others.map(Self.cut))
    attributes["group"] = .int(Int64(group))
    // Where padding is taken off, what is beyond the end is asked for by an output padding.
    attributes["output_padding"] = .ints(others.map { Int64(Self.extra($0)) })
    var slices: [String] = []
    for o in 0..<first.output {
      // input · stride + tap · dilation = output + padding
      var pairs = (0..<first.kernel).compactMap { tap -> (place: Int, tap: Int)? in
        let offset = o + first.padBegin - tap * first.dilation
        guard offset >= 0, offset % first.stride == 0, offset / first.stride < first.input else { return nil }
        return (offset / first.stride, tap)
      }
      // A position that nothing reaches is that of some input times 0.
      let isReached = !pairs.isEmpty
      if !isReached { pairs = [(0, 0)] }
      let places = try expansion.add("Gather", [planes, expansion.integers(pairs.map(\.place))], ["axis": .int(2)])
      var weights = try expansion.add("Gather", [taps, expansion.integers(pairs.map(\.tap))], ["axis": .int(1)])
      if !isReached { weights = try expansion.add("Mul", [weights, expansion.scalar(0)]) }
      let channels = group * pairs.count * perGroup
      let operands = [
        try expansion.reshape(places, to: Shape([x[0], channels] + rest)),
        try expansion.reshape(weights, to: Shape([channels, w[1]] + kernel)),
      ]
      let bias = expansion.inputs.count > 2 ? expansion.inputs[2] : nil
      let y = try expansion.add("ConvTranspose", operands + [bias], attributes)
      var dims = expansion.shape(of: y).dims
      dims.insert(1, at: 2)
      slices.append(try expansion.reshape(y, to: Shape(dims)))
    }
    expansion.outputs = [try expansion.concat(slices, axis: 2)]
  }

  /// What the transposed convolution of an axis has more than its taps reach, if nothing is cut at the end.
  private static func extra(_ axis: SpatialWindow.Axis) -> Int {
    let full = axis.stride * (axis.input - 1) + axis.extent
    return max(0, axis.output + axis.padBegin - full)
  }

  /// The axis with the padding that, with `extra`, gives its output.
  private static func cut(_ axis: SpatialWindow.Axis) -> SpatialWindow.Axis {
    var axis = axis
    let full = axis.stride * (axis.input - 1) + axis.extent
    axis.padEnd = max(0, full - axis.padBegin - axis.output)
    return axis
  }
}
