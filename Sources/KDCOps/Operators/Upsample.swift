import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Enlarges by constant factors, `mode` nearest or linear, with asymmetric coordinates x/scale. ONNX `Upsample`,
/// opsets 7, 9.
///
/// The scales are an attribute in opset 7, an input in 9; from 10 on models have Resize.
package struct Upsample: Quantizable, PerSample, Differentiable, ChannelPassing, UnaryScalePassing {
  package static let onnxName = "Upsample"
  package static let inputCount = 1...2
  package let isLinear: Bool
  /// From the attribute, opset < 9.
  package let scales: [Float]?

  package init(decoding node: Node) throws(Diagnostic) {
    let mode = try node.choice("mode", default: "nearest", of: ["nearest", "linear", "bilinear"])
    isLinear = mode != "nearest"
    scales = node.opset < 9 ? try node.optionalFloats("scales") ?? [] : nil
  }

  package var quantizationRule: QuantizationRule { .sameAsInput(.resample) }

  /// Sizes floor(dim · scale). Throws KDC2014 or KDC2018.
  package func target(of shape: Shape, given: [Float]?) throws(Diagnostic) -> (shape: Shape, scales: [Float]) {
    let scales = scales ?? given ?? []
    guard scales.count == shape.rank else { throw shapeMismatch("\(scales.count) scales for \(shape)") }
    guard scales.allSatisfy({ $0 >= 1 && $0 < 65536 }) else {
      throw Diagnostic(.valueOutOfRange, "'Upsample' has scales \(scales), each must be at least 1")
    }
    let dims = zip(shape.dims, scales).map { Int(min(Double($0) * Double($1), 0x1p40)) }
    return (Shape(dims), scales)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "X").type
    if isLinear { _ = try requiredFloat(inputs, 0, "X") }
    if scales == nil { _ = try required(inputs, 1, "scales") }
    let given = try constant(inputs, 1, "scales")
    if let given, given.dataType != .float32 { throw typeMismatch("scales is \(given.type), must be float32") }
    return [TensorType(type.dataType, try target(of: type.shape, given: given?.floats).shape)]
  }

  private func tables(of x: Shape, given: [Float]?) throws(Diagnostic) -> [Resampling] {
    let (shape, scales) = try target(of: x, given: given)
    return (0..<shape.rank).filter { shape[$0] != x[$0] || (isLinear && scales[$0] != 1) }.map { axis in
      var table = Resampling(axis: axis)
      for position in 0..<shape[axis] {
        let at = min(Float(position) / scales[axis], Float(x[axis] - 1))
        let lower = Int(at)
        table.append(
          lower, isLinear ? min(lower + 1, x[axis] - 1) : lower, weight: isLinear ? at - Float(lower) : 0)
      }
      return table
    }
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    return [try x.resampled(by: tables(of: x.shape, given: inputs.optional(1)?.floats), blending: isLinear)]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let given = node.input(1).flatMap { lowering.constant($0)?.floats }
    try lowerResampling(node, tables(of: lowering.shape(of: node.inputs[0]), given: given), into: &lowering)
  }

  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = outputGradients.optional(0) else { return result }
    let x = try inputs.required(0).shape
    result[0] = try gradient.unresampled(by: tables(of: x, given: inputs.optional(1)?.floats), to: x)
    return result
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.resample(node) }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    shape.rank == result.rank && shape[own.axis] == result[own.axis] ? [own] : nil
  }
}
