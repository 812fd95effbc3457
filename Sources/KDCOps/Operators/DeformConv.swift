import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A convolution whose taps are moved by offsets that are computed: each is taken between four elements of X, 0 outside, times a
/// mask if there is one. ONNX `DeformConv`, opsets 19, 22; two spatial axes.
///
/// It is GridSample at the moved taps, and a convolution with a kernel of 1 over all taps.
package struct DeformConv: Expanding {
  package static let onnxName = "DeformConv"
  package static let inputCount = 3...5
  package let window: SpatialWindow
  package let groups: Int
  package let offsetGroups: Int

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    groups = try node.int("group", default: 1)
    offsetGroups = try node.int("offset_group", default: 1)
    for (name, value) in [("group", groups), ("offset_group", offsetGroups)] where value < 1 {
      throw node.invalid(name, "is \(value), must be positive")
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let (x, weights) = (try requiredFloat(inputs, 0, "X"), try requiredFloat(inputs, 1, "W"))
    let offsets = try requiredFloat(inputs, 2, "offset")
    guard x.rank == 4, weights.rank == 4, x[1] == weights[1] * groups, weights[0] % groups == 0,
      x[1] % offsetGroups == 0
    else {
      throw shapeMismatch(
        "X \(x) and W \(weights) do not fit two spatial axes, \(groups) groups and \(offsetGroups) groups of offsets")
    }
    let axes = try window.resolve(self, input: x, kernel: Array(weights.dims[2...]))
    let (y, taps) = ([axes[0].output, axes[1].output], axes[0].kernel * axes[1].kernel)
    let parts = x[0] * offsetGroups
    guard offsets.dims == [x[0], offsetGroups * taps * 2] + y else {
      throw shapeMismatch("offset \(offsets) must be \(Shape([x[0], offsetGroups * taps * 2] + y))")
    }
    // Places in pixels, y before x, then x before y in units of half an image as GridSample has them.
    let moved = try expansion.add(
      "Add",
      [
        expansion.reshape(expansion.inputs[2] ?? "", to: Shape([parts, taps, 2] + y)),
        expansion.constant(tapPlaces(axes)),
      ])
    let pixels = try expansion.transpose(moved, [0, 1, 3, 4, 2])
    let turned = try expansion.add("Gather", [pixels, expansion.integers([1, 0])], ["axis": .int(4)])
    // place = (2 · pixel + 1) / size − 1.
    let sizes = [axes[1].input, axes[0].input].map { Float($0) }
    let factors = expansion.constant(Tensor([2], sizes.map { 2 / $0 }))
    let shifts = expansion.constant(Tensor([2], sizes.map { 1 / $0 - 1 }))
    let places = try expansion.add("Add", [expansion.add("Mul", [turned, factors]), shifts])
    let images = try expansion.reshape(
      expansion.inputs[0] ?? "", to: [parts, x[1] / offsetGroups, axes[0].input, axes[1].input])
    var samples = try expansion.add(
      "GridSample", [images, expansion.reshape(places, to: [parts, taps * y[0], y[1], 2])])
    if inputs.count > 4, inputs[4] != nil {
      let mask = try requiredFloat(inputs, 4, "mask")
      guard mask.dims == [x[0], offsetGroups * taps] + y else {
        throw shapeMismatch("mask \(mask) must be \(Shape([x[0], offsetGroups * taps] + y))")
      }
      samples = try expansion.add(
        "Mul", [samples, expansion.reshape(expansion.inputs[4] ?? "", to: [parts, 1, taps * y[0], y[1]])])
    }
    let columns = try expansion.reshape(samples, to: Shape([x[0], x[1] * taps] + y))
    let kernel = try expansion.reshape(expansion.inputs[1] ?? "", to: [weights[0], weights[1] * taps, 1, 1])
    expansion.outputs = [
      try expansion.add(
        "Conv", [columns, kernel] + (expansion.inputs.count > 3 ? [expansion.inputs[3]] : []),
        ["group": .int(Int64(groups))])
    ]
  }

  /// Where the taps are without offsets: [taps, 2, height, width].
  private func tapPlaces(_ axes: [SpatialWindow.Axis]) -> Tensor {
    var places: [Float] = []
    for tap in 0..<axes[0].kernel * axes[1].kernel {
      for (axis, own) in [tap / axes[1].kernel, tap % axes[1].kernel].enumerated() {
        for row in 0..<axes[0].output {
          for column in 0..<axes[1].output {
            let position = (axis == 0 ? row : column) * axes[axis].stride
            places.append(Float(position - axes[axis].padBegin + own * axes[axis].dilation))
          }
        }
      }
    }
    return Tensor([axes[0].kernel * axes[1].kernel, 2, axes[0].output, axes[1].output], places)
  }
}
