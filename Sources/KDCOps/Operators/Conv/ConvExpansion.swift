import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Convolutions over three or more axes: each output position of the first of them is a convolution over the others, of the
/// input positions under its window, as channels.
extension Conv: ManyAxes {
  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try convolutionTypes(inputs)
  }
  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluate(inputs, threads: .single) }

  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool {
    inputs.first??.type.shape.rank ?? 0 > 4
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let (x, w) = (try requiredFloat(inputs, 0, "X"), try requiredFloat(inputs, 1, "W"))
    let axes = try window.resolve(self, input: x, kernel: Array(w.dims[2...]))
    let (first, others) = (axes[0], Array(axes[1...]))
    guard first.output <= 4096 else {
      throw shapeMismatch("\(first.output) positions of the first of \(axes.count) axes")
    }
    let (perGroup, rest) = (w[1], Array(x.dims[3...]))
    let kernel = Array(w.dims[3...])
    // Positions before the channels of a group, so that those under a window are channels of one image.
    var planes = try expansion.transpose(
      expansion.reshape(expansion.inputs[0] ?? "", to: Shape([x[0], group, perGroup, x[2]] + rest)),
      [0, 1, 3, 2] + rest.indices.map { $0 + 4 })
    if first.padBegin + first.padEnd > 0 {
      planes = try expansion.add(
        "Pad", [planes, expansion.integers([first.padBegin, first.padEnd]), nil, expansion.integers([2])])
    }
    let taps = try expansion.transpose(
      expansion.inputs[1] ?? "", [0, 2, 1] + kernel.indices.map { $0 + 3 })
    let channels = first.kernel * perGroup
    let weights = try expansion.reshape(taps, to: Shape([w[0], channels] + kernel))
    var attributes = window.attributes(others)
    attributes["group"] = .int(Int64(group))
    attributes["ceil_mode"] = nil
    var slices: [String] = []
    for o in 0..<first.output {
      let start = o * first.stride
      let places = try expansion.slice(
        planes, axis: 2, from: start, to: start + first.extent, step: first.dilation)
      let image = try expansion.reshape(places, to: Shape([x[0], group * channels] + rest))
      let bias = expansion.inputs.count > 2 ? expansion.inputs[2] : nil
      let y = try expansion.add("Conv", [image, weights, bias], attributes)
      var dims = expansion.shape(of: y).dims
      dims.insert(1, at: 2)
      slices.append(try expansion.reshape(y, to: Shape(dims)))
    }
    expansion.outputs = [try expansion.concat(slices, axis: 2)]
  }
}
