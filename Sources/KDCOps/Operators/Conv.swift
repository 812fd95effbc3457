import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Convolution of X [N, C, spatial…] with W [M, C / group, kernel…] and bias B [M]. ONNX `Conv`, opsets 1, 11, 22.
///
/// One or two spatial axes; all of group, strides, dilations, pads, auto_pad.
package struct Conv: Operator {
  package static let onnxName = "Conv"
  package static let inputCount = 2...3
  package let window: SpatialWindow
  package let group: Int

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    group = try node.int("group", default: 1)
    guard group >= 1 else { throw node.invalid("group", "is \(group), must be 1 or more") }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try [convolutionType(inputs, window: window, group: group)]
  }
}

extension Conv: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    try [convolve(inputs, window: window, group: group, threads: threads)]
  }
}

extension Conv: Quantizable {
  package var quantizationRule: QuantizationRule { .integer }
}

/// What Conv and FusedConv share.
extension Operator {
  /// The output type [N, M, spatial…] for inputs X, W, B.
  func convolutionType(
    _ inputs: [OperatorInput?], window: SpatialWindow, group: Int
  ) throws(Diagnostic) -> TensorType {
    let x = try requiredFloat(inputs, 0, "X")
    let w = try requiredFloat(inputs, 1, "W")
    guard w.rank == x.rank, x.rank >= 3 else {
      throw shapeMismatch("X \(x) and W \(w) must have one rank, 3 or more")
    }
    guard x[1] % group == 0, w[0] % group == 0, w[1] == x[1] / group else {
      throw shapeMismatch(
        "X \(x) has \(x[1]) channels in \(group) group(s), but W \(w) is for \(w[1]) channels a group and makes \(w[0])"
      )
    }
    if let b = try optionalFloat(inputs, 2, "B"), b.dims != [w[0]] {
      throw shapeMismatch("B \(b) must be [\(w[0])], one value for each output channel of W \(w)")
    }
    let axes = try window.resolve(self, input: x, kernel: Array(w.dims[2...]))
    return TensorType(.float32, Shape([x[0], w[0]] + axes.map(\.output)))
  }

  func convolutionGeometry(
    _ x: Shape, _ w: Shape, window: SpatialWindow, group: Int
  ) throws(Diagnostic) -> (geometry: ImageGeometry, output: Shape) {
    let axes = try window.resolve(self, input: x, kernel: Array(w.dims[2...]))
    let geometry = ImageGeometry(
      batch: x[0], inputChannels: x[1], outputChannels: w[0], groups: group, y: axes.planar.y.geometry,
      x: axes.planar.x.geometry)
    return (geometry, Shape([x[0], w[0]] + axes.map(\.output)))
  }

  func convolve(
    _ inputs: [Tensor?], window: SpatialWindow, group: Int, epilogue: Convolution.Epilogue = Convolution.Epilogue(),
    threads: Threads
  ) throws -> Tensor {
    let (x, w) = (try inputs.floats(0), try inputs.floats(1))
    let (geometry, output) = try convolutionGeometry(x.shape, w.shape, window: window, group: group)
    let values = Convolution.forward(
      x.values, weights: w.values, bias: try inputs.optionalFloats(2), epilogue: epilogue, geometry, threads: threads)
    return Tensor(output, values)
  }
}
