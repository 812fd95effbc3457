import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Resampling to other sizes, nearest, (multi-)linear or cubic. ONNX `Resize`, opsets 10, 11, 13, 18, 19.
///
/// Sizes or scales must be constant. Cubic interpolation, antialias, tf_crop_and_resize, and other axes than rows and columns
/// are compositions.
package struct Resize: Quantizable, UnaryScalePassing, BatchSized {
  package static let onnxName = "Resize"
  package static let inputCount = 1...4
  package let kernel: ResizeKernel
  /// The value outside of what tf_crop_and_resize has of the input.
  package let extrapolation: Float
  package let coordinates: ResizeCoordinates
  /// The axes that scales and sizes list; nil: all.
  package let axes: [Int]?
  private let opset: Int
  var isLinear: Bool { kernel.mode == .linear }
  /// The input that has the scales.
  var scalesIndex: Int { opset < 11 ? 1 : 2 }
  private let aspectRatioPolicy: String

  package init(decoding node: Node) throws(Diagnostic) {
    opset = node.opset
    let mode = try node.choice("mode", default: "nearest", of: ResizeKernel.Mode.allCases.map(\.rawValue))
    kernel = ResizeKernel(
      mode: ResizeKernel.Mode(rawValue: mode) ?? .nearest, cubic: try node.float("cubic_coeff_a", default: -0.75),
      isAntialiased: try node.flag("antialias", default: false) && mode != "nearest",
      excludesOutside: try node.flag("exclude_outside", default: false))
    extrapolation = try node.float("extrapolation_value", default: 0)
    coordinates = try ResizeCoordinates(decoding: node)
    axes = try node.optionalInts("axes")
    aspectRatioPolicy = try node.choice(
      "keep_aspect_ratio_policy", default: "stretch", of: ["stretch", "not_larger", "not_smaller"])
  }

  /// An interpolated value lies in the range of the input.
  package var quantizationRule: QuantizationRule { .sameAsInput(.resample) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try required(inputs, 0, "X").type
    guard kernel.mode == .nearest || x.dataType.isFloat || [.int8, .uint8].contains(x.dataType) else {
      throw typeMismatch("input X is \(x), must be float32, int8 or uint8")
    }
    if coordinates.isCrop { _ = try required(inputs, 1, "roi") }
    let scales = try constant(inputs, scalesIndex, "scales")
    let sizes = try opset < 11 ? nil : constantInts(inputs, 3, "sizes")
    return [TensorType(x.dataType, try target(x.shape, scales: scales, sizes: sizes).output)]
  }

  /// The output shape and the scale of every axis. An empty `scales` or `sizes` counts as absent.
  func target(
    _ x: Shape, scales: Tensor?, sizes: [Int]?
  ) throws(Diagnostic) -> (output: Shape, scales: [Float]) {
    var listed: [Int] = []
    for axis in axes ?? Array(0..<x.rank) { listed.append(try normalized(axis: axis, rank: x.rank)) }
    var output = x
    var factors = [Float](repeating: 1, count: x.rank)
    if let sizes, !sizes.isEmpty {
      guard sizes.count == listed.count, sizes.allSatisfy({ $0 >= 1 }), !x.dims.contains(0) else {
        throw shapeMismatch("sizes \(Shape(sizes)) must be \(listed.count) positive numbers, for input \(x)")
      }
      let ratios = zip(listed, sizes).map { Float($1) / Float(x[$0]) }
      let common = aspectRatioPolicy == "not_larger" ? ratios.min() : ratios.max()
      for (index, axis) in listed.enumerated() {
        if aspectRatioPolicy == "stretch" {
          output.dims[axis] = sizes[index]
        } else if let common {
          output.dims[axis] = Self.size((Double(common) * Double(x[axis]) + 0.5).rounded(.down))
        }
        factors[axis] = aspectRatioPolicy == "stretch" ? ratios[index] : common ?? 1
      }
      return (output, factors)
    }
    guard let scales, scales.count > 0 else {
      throw Diagnostic(.missingInput, "'Resize' needs scales or sizes")
    }
    guard let values = scales.floats, values.count == listed.count, values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw shapeMismatch("scales \(scales.type) must be \(listed.count) positive floats, for input \(x)")
    }
    for (axis, scale) in zip(listed, values) {
      output.dims[axis] = Self.size(Double(Float(x[axis]) * scale).rounded(.down))
      factors[axis] = scale
    }
    return (output, factors)
  }

  /// Sizes too large to address become one that the check of inferred shapes reports.
  private static func size(_ value: Double) -> Int { Int(min(max(value, 0), 0x1p50)) }

  /// The output shape, and a table for each axis that changes. Inputs have passed `outputTypes`.
  package func tables(input x: Shape, scales: Tensor?, sizes: [Int]?) throws(Diagnostic) -> (Shape, [Resampling]) {
    let (output, scales) = try target(x, scales: scales, sizes: sizes)
    var tables: [Resampling] = []
    for axis in 0..<x.rank where output[axis] != x[axis] || scales[axis] != 1 {
      var table = Resampling(axis: axis)
      for o in 0..<output[axis] {
        let source = coordinates.source(o, input: x[axis], output: output[axis], scale: scales[axis])
        if isLinear {
          let clamped = min(max(source, 0), Float(x[axis] - 1))
          let lower = Int(clamped)
          table.append(lower, min(lower + 1, x[axis] - 1), weight: clamped - Float(lower))
        } else {
          let nearest = coordinates.nearest(source, input: x[axis], scale: scales[axis])
          table.append(nearest, nearest, weight: 0)
        }
      }
      tables.append(table)
    }
    return (output, tables)
  }

  /// As `tables(input:scales:sizes:)`, from the node's inputs in order.
  package func tables(_ inputs: [Tensor?]) throws -> (Shape, [Resampling]) {
    try tables(
      input: inputs.required(0).shape, scales: inputs.optional(scalesIndex),
      sizes: opset < 11 ? nil : inputs.optionalInts(3))
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    if needsComposition(try inputs.required(0).type) { return try evaluateExpanded(inputs) }
    var (_, tables) = try tables(inputs)
    // Shrinking axes first: less work for the others.
    let x = try inputs.required(0)
    tables.sort { ($0.lower.count - x.shape[$0.axis], $0.axis) < ($1.lower.count - x.shape[$1.axis], $1.axis) }
    return [try x.resampled(by: tables, blending: isLinear)]
  }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    shape.rank == result.rank && shape[own.axis] == result[own.axis] ? [own] : nil
  }
  package func grow(_ index: Int, in repair: inout BatchRepair) throws { repair.growSizes(index, input: 3) }
}

extension Resize: PerSample {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let sizes = node.opset < 11 ? nil : lowering.integers(node, 3)
    var shape = try lowering.shape(of: node.inputs[0])
    // Sizes are those of the whole batch.
    if let sizes, axes == nil, let count = sizes.first { shape.dims[0] = count }
    let (_, tables) = try tables(
      input: shape, scales: node.input(scalesIndex).flatMap { lowering.constant($0) }, sizes: sizes)
    try lowerResampling(node, tables, into: &lowering)
  }
}

extension Resize: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = outputGradients.optional(0) else { return result }
    let (_, tables) = try tables(inputs)
    result[0] = try gradient.unresampled(by: tables, to: inputs.required(0).shape)
    return result
  }
}

extension Resize: ChannelPassing {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.resample(node) }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    guard let sizes = removal.trace.integers(node, 3), sizes.count == removal.shape(of: node.outputs[0]).rank else {
      return
    }
    removal.set(sizes.indices.map { removal.size(node.outputs[0], $0) }, input: 3, of: &node)
  }
}
