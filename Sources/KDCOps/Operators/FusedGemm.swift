import KDCDiagnostics
import KDCGraph
import KDCTensor

/// activation(X · Wᵀ + B + Z): what passes make of Gemm, and of MatMul with constant weights. `com.microsoft.FusedGemm`.
///
/// X [..., K], W [N, K], optional B [N], optional residual Z of the output's shape [..., N]; `activation` and
/// `activation_params` as `FusedActivation` has them. `transB` is 1, `alpha` and `beta` are 1; what else ONNX Runtime writes is a
/// composition of Gemm and the activation.
package struct FusedGemm: Quantizable, MultiplyAccumulating, FusedLayer, BatchSized, Trainable {
  package static let onnxName = "FusedGemm"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...4
  package let activation: FusedActivation
  private let following: FollowingActivation?
  /// Attributes of Gemm, where they are not the plain ones.
  private let gemm: [String: Attribute]?

  package init(decoding node: Node) throws(Diagnostic) {
    following = try FollowingActivation(decoding: node)
    activation = following == nil ? try FusedActivation(decoding: node) : .none
    let alpha = try node.float("alpha", default: 1)
    let beta = try node.float("beta", default: 1)
    let transposed = (a: try node.flag("transA", default: false), b: try node.flag("transB", default: true))
    let isPlain = alpha == 1 && beta == 1 && transposed == (false, true)
    gemm = isPlain ? nil : node.attributes.filter { !$0.key.hasPrefix("activation") }
  }

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    if isExpanded(inputs) { return try expandedTypes(inputs) }
    let x = try requiredFloat(inputs, 0, "X")
    let w = try requiredFloat(inputs, 1, "W")
    guard x.rank >= 1, w.rank == 2, x.dims.last == w[1] else {
      throw shapeMismatch("X \(x) and W \(w): W must be [N, K] with K the last dimension of X")
    }
    let y = Shape(x.dims.dropLast() + [w[0]])
    if let b = try optionalFloat(inputs, 2, "B"), b.dims != [w[0]] {
      throw shapeMismatch("B \(b) must be [\(w[0])], one value for each row of W \(w)")
    }
    if let z = try optionalFloat(inputs, 3, "Z"), z != y {
      throw shapeMismatch("Z \(z) must have the output's shape \(y)")
    }
    return [TensorType(.float32, y)]
  }

  package func multiplyAccumulates(_ inputs: [Shape?], output: Shape) -> Int {
    guard let left = inputs[0], left.rank > 0 else { return 0 }
    return output.count * left[left.rank - 1]
  }

  package static func channelAxis(rank: Int) -> Int { rank - 1 }
  package func patches(input: Shape, weights: Shape) throws(Diagnostic) -> ImageGeometry? { nil }

  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] {
    let matrix = LayerParameter.matrix(1, shapes[1], transposed: true)
    return [matrix, LayerParameter(2, matrix.start == nil ? nil : .constant(0))]
  }
}

extension FusedGemm: Expanding {
  /// A bias that is more than one value for each column is so too.
  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool {
    if gemm != nil || following != nil { return true }
    guard inputs.count > 2, let bias = inputs[2]?.type.shape, let w = inputs[1]?.type.shape, w.rank == 2 else {
      return false
    }
    return inputs.count == 3 && bias.rank == 2
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let y = try expansion.add("Gemm", Array(expansion.inputs.prefix(3)), gemm ?? ["transB": .int(1)])
    expansion.outputs = [try expansion.activated(y, activation, following)]
  }
}

extension FusedGemm: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluate(inputs, threads: .single) }

  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let operands = inputs.map { tensor in tensor.map { OperatorInput(type: $0.type, constant: nil) } }
    if isExpanded(operands) { return try evaluateExpanded(inputs) }
    let x = try inputs.floats(0)
    let w = try inputs.floats(1)
    let bias = try inputs.optionalFloats(2)
    let (n, k) = (w.shape[0], w.shape[1])
    let m = x.shape.dims.dropLast().reduce(1, *)
    let epilogue = Convolution.Epilogue(
      residual: try inputs.optionalFloats(3), low: activation.bounds.low, high: activation.bounds.high)
    let values = [Float](count: m * n) { y in
      for i in 0..<m {
        for j in 0..<n { y[i * n + j] = bias?[j] ?? 0 }
      }
      x.values.withPointer { x in
        w.values.withPointer { w in
          BLAS.gemm(transposeB: true, m: m, n: n, k: k, a: x, b: w, beta: 1, c: y, threads: threads)
        }
      }
      epilogue.apply(y, y, at: 0, m * n)
    }
    return [Tensor(Shape(x.shape.dims.dropLast() + [n]), values)]
  }
}

extension FusedGemm: Lowerable {
  /// The 1×1 convolution of an image [1, M] with K channels.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try lowering.shape(of: node.inputs[0])
    let w = try lowering.shape(of: node.inputs[1])
    let rows = x.dims.dropLast().reduce(1, *)
    guard var weights = ConvolutionWeights(node.inputs[1], rows: w[0], in: lowering) else {
      throw cannotLower(node, "with weights that are computed from data")
    }
    var layout = Layout.rowMajor
    // A flattened channels-last image: permuted weights instead of a transposed image.
    let encoding = lowering.encoding(of: node.inputs[0])
    if rows == 1, case .reshaped(let origin)? = lowering.availableLayouts(node.inputs[0], encoding).first,
      !lowering.availableLayouts(node.inputs[0], encoding).contains(.rowMajor)
    {
      layout = .reshaped(origin)
      let order = Layout.channelsLast.order(rank: origin.rank)
      let positions = Tensor(origin, (0..<Int32(clamping: origin.count)).map { $0 }).permuted(order)
      if case .int32(let columns) = positions.elements {
        weights = weights.picked(
          (0..<w[0]).flatMap { row in columns.map { row * w[1] + Int($0) } }, rowOrigins: Array(0..<w[0]))
      }
    }
    try lowering.convolution(
      ConvolutionPlan(
        input: node.inputs[0], output: node.outputs[0], residual: node.input(3),
        geometry: StepGeometry(input: (1, rows, w[1]), output: (1, rows, w[0]), kernel: (1, 1)), weights: weights,
        bias: try bias(node, 2, count: w[0], lowering), activation: activation.function, inputLayout: layout,
        outputLayout: .rowMajor))
  }
}

extension FusedGemm: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (x, w) = (try inputs.floats(0), try inputs.floats(1))
    let (n, k) = (w.shape[0], w.shape[1])
    let m = x.shape.dims.dropLast().reduce(1, *)
    let sumGradient = try activation.inputGradient(gradient, output: outputs.floats(0))
    var result = [Tensor?].none(inputs.count)
    if wanted.at(0) {
      let values = product(sumGradient, transposed: false, w.values, transposed: false, m: m, n: k, k: n)
      result[0] = Tensor(x.shape, values)
    }
    if wanted.at(1) {
      let values = product(sumGradient, transposed: true, x.values, transposed: false, m: n, n: k, k: m)
      result[1] = Tensor(w.shape, values)
    }
    if wanted.at(2), inputs.optional(2) != nil {
      result[2] = Tensor([n], broadcastSums(sumGradient, [m, n], to: [n]))
    }
    if wanted.at(3), let residual = inputs.optional(3) { result[3] = Tensor(residual.shape, sumGradient) }
    return result
  }
}

extension FusedGemm: ChannelPassing {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let (input, weights) = (node.inputs[0], node.inputs[1])
    guard trace.isWeight(weights) else { return trace.giveUp() }
    let (x, w) = (trace.labels(of: input), trace.labels(of: weights))
    trace.unify(x[x.count - 1], w[1])
    trace.use(weights, 1, .consumer, summing: (input, x.count - 1))
    trace.use(weights, 0, .producer)
    trace.bias(node.input(2), w[0])
    trace.finish(node, x.dropLast() + [w[0]])
  }
}
