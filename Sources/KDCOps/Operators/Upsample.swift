import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Enlarges by constant factors, `mode` nearest or linear, with asymmetric coordinates x/scale. ONNX `Upsample`,
/// opsets 7, 9.
///
/// The scales are an attribute in opset 7, an input in 9; from 10 on models have Resize.
package struct Upsample: Quantizable {
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

  package var quantizationRule: QuantizationRule { .sameAsInput }

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

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    var x = try inputs.required(0)
    let (shape, scales) = try target(of: x.shape, given: inputs.optional(1)?.floats)
    for axis in 0..<shape.rank where shape[axis] != x.shape[axis] || (isLinear && scales[axis] != 1) {
      x = try isLinear ? blended(x, axis, shape[axis], scales[axis]) : repeated(x, axis, shape[axis], scales[axis])
    }
    return [x]
  }

  private func repeated(_ x: Tensor, _ axis: Int, _ size: Int, _ scale: Float) -> Tensor {
    let (outer, count, inner) = split(x.shape, axis)
    let sources = (0..<size).map { min(Int(Float($0) / scale), count - 1) }
    let indices = (0..<outer).flatMap { o in
      sources.flatMap { source in (0..<inner).map { (o * count + source) * inner + $0 } }
    }
    return x.picked(indices, shape: resized(x.shape, axis, size))
  }

  private func blended(_ x: Tensor, _ axis: Int, _ size: Int, _ scale: Float) throws -> Tensor {
    guard let values = x.floats else { throw InternalError("linear 'Upsample' of \(x.type)") }
    let (outer, count, inner) = split(x.shape, axis)
    var result: [Float] = []
    result.reserveCapacity(outer * size * inner)
    for o in 0..<outer {
      for position in 0..<size {
        let at = Float(position) / scale
        let low = min(Int(at), count - 1)
        let weight = min(at, Float(count - 1)) - Float(low)
        let (a, b) = ((o * count + low) * inner, (o * count + min(low + 1, count - 1)) * inner)
        for i in 0..<inner { result.append(values[a + i] * (1 - weight) + values[b + i] * weight) }
      }
    }
    return Tensor(resized(x.shape, axis, size), result)
  }

  private func split(_ shape: Shape, _ axis: Int) -> (outer: Int, count: Int, inner: Int) {
    (shape.dims[..<axis].reduce(1, *), shape[axis], shape.dims[(axis + 1)...].reduce(1, *))
  }

  private func resized(_ shape: Shape, _ axis: Int, _ size: Int) -> Shape {
    var result = shape
    result.dims[axis] = size
    return result
  }
}

extension Upsample: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let given = node.input(1).flatMap { lowering.constant($0)?.floats }
    let (result, scales) = try target(of: shape, given: given)
    var axes: [Int: ResizeAxis] = [:]
    for axis in 0..<shape.rank where result[axis] != shape[axis] {
      let last = shape[axis] - 1
      var table = ResizeAxis(lower: [], upper: [], weight: [])
      for o in 0..<result[axis] {
        let at = Float(o) / scales[axis]
        let lower = min(Int(at), last)
        table.lower.append(lower)
        table.upper.append(isLinear ? min(lower + 1, last) : lower)
        table.weight.append(isLinear ? min(at, Float(last)) - Float(lower) : 0)
      }
      axes[axis] = table
    }
    try lowerResize(node, axes, into: &lowering)
  }
}

extension Upsample: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = outputGradients.optional(0) else { return result }
    let x = try inputs.required(0).shape
    let (shape, scales) = try target(of: x, given: inputs.optional(1)?.floats)
    var tables: [Resize.Table] = []
    for axis in 0..<shape.rank where shape[axis] != x[axis] || (isLinear && scales[axis] != 1) {
      var table = Resize.Table(axis: axis, lower: [], upper: [], weight: [])
      for position in 0..<shape[axis] {
        let at = min(Float(position) / scales[axis], Float(x[axis] - 1))
        table.lower.append(Int(at))
        table.upper.append(min(Int(at) + 1, x[axis] - 1))
        table.weight.append(isLinear ? at - Float(Int(at)) : 0)
      }
      tables.append(table)
    }
    result[0] = try gradient.unresized(by: tables, to: x)
    return result
  }
}
