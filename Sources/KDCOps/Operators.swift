import KDCDiagnostics
import KDCGraph

/// The registry of operators: what kdc understands of ONNX, one line each.
package enum Operators {
  /// In alphabetical order of ONNX names. Each is a file, or a folder, in `Operators/` and has a test file of the same name.
  package static let all: [any Operator.Type] = [
    Abs.self,
    Acos.self,
    Acosh.self,
    Add.self,
    AffineGrid.self,
    And.self,
    ArgMax.self,
    ArgMin.self,
    Asin.self,
    Asinh.self,
    Atan.self,
    Atanh.self,
    Attention.self,
    FusedAttention.self,
    AveragePool.self,
    BatchNormalization.self,
    BiasGelu.self,
    BitShift.self,
    BitwiseAnd.self,
    BitwiseNot.self,
    BitwiseOr.self,
    BitwiseXor.self,
    BlackmanWindow.self,
    Cast.self,
    CastLike.self,
    Ceil.self,
    Celu.self,
    CenterCropPad.self,
    Clip.self,
    Col2Im.self,
    Compress.self,
    Concat.self,
    ConstantOperator.self,
    ConstantOfShape.self,
    Conv.self,
    ConvInteger.self,
    ConvTranspose.self,
    Cos.self,
    Cosh.self,
    CumProd.self,
    CumSum.self,
    DFT.self,
    DeformConv.self,
    DepthToSpace.self,
    DequantizeLinear.self,
    MicrosoftDequantizeLinear.self,
    Det.self,
    Div.self,
    Dropout.self,
    DynamicQuantizeLSTM.self,
    DynamicQuantizeLinear.self,
    DynamicQuantizeMatMul.self,
    Einsum.self,
    Elu.self,
    EmbedLayerNormalization.self,
    Equal.self,
    Erf.self,
    Exp.self,
    Expand.self,
    EyeLike.self,
    FastGelu.self,
    Flatten.self,
    Floor.self,
    FusedConv.self,
    FusedGemm.self,
    FusedMatMul.self,
    GRU.self,
    Gather.self,
    GatherElements.self,
    GatherND.self,
    Gelu.self,
    MicrosoftGelu.self,
    Gemm.self,
    GlobalAveragePool.self,
    GlobalLpPool.self,
    GlobalMaxPool.self,
    Greater.self,
    GreaterOrEqual.self,
    GridSample.self,
    GroupNormalization.self,
    HammingWindow.self,
    HannWindow.self,
    HardSigmoid.self,
    HardSwish.self,
    Hardmax.self,
    Identity.self,
    InstanceNormalization.self,
    IsInf.self,
    IsNaN.self,
    LRN.self,
    LSTM.self,
    LayerNormalization.self,
    LeakyRelu.self,
    Less.self,
    LessOrEqual.self,
    Log.self,
    LogSoftmax.self,
    LpNormalization.self,
    LpPool.self,
    MatMul.self,
    MatMulInteger.self,
    MatMulIntegerToFloat.self,
    MatMulNBits.self,
    Max.self,
    MaxPool.self,
    MaxUnpool.self,
    Mean.self,
    MeanVarianceNormalization.self,
    MelWeightMatrix.self,
    Min.self,
    Mish.self,
    Mod.self,
    Mul.self,
    MultiHeadAttention.self,
    Neg.self,
    NegativeLogLikelihoodLoss.self,
    NhwcMaxPool.self,
    NonMaxSuppression.self,
    NonZero.self,
    Not.self,
    OneHot.self,
    Or.self,
    PRelu.self,
    Pad.self,
    Pow.self,
    QAttention.self,
    QEmbedLayerNormalization.self,
    QGemm.self,
    QLinearAdd.self,
    QLinearAveragePool.self,
    QLinearConcat.self,
    QLinearConv.self,
    MicrosoftQLinearConv.self,
    QLinearGlobalAveragePool.self,
    QLinearLeakyRelu.self,
    QLinearMatMul.self,
    QLinearMul.self,
    QLinearReduceMean.self,
    QLinearSigmoid.self,
    QLinearSoftmax.self,
    QLinearWhere.self,
    MicrosoftQuantizeLinear.self,
    QuantizeLinear.self,
    QuickGelu.self,
    RMSNormalization.self,
    RNN.self,
    RangeOperator.self,
    Reciprocal.self,
    ReduceL1.self,
    ReduceL2.self,
    ReduceLogSum.self,
    ReduceLogSumExp.self,
    ReduceMax.self,
    ReduceMean.self,
    ReduceMin.self,
    ReduceProd.self,
    ReduceSum.self,
    ReduceSumSquare.self,
    Relu.self,
    Reshape.self,
    Resize.self,
    ReverseSequence.self,
    RoiAlign.self,
    FusedRotaryEmbedding.self,
    RotaryEmbedding.self,
    Round.self,
    STFT.self,
    Scatter.self,
    ScatterElements.self,
    ScatterND.self,
    Selu.self,
    ShapeOperator.self,
    Shrink.self,
    Sigmoid.self,
    Sign.self,
    SimplifiedLayerNormalization.self,
    Sin.self,
    Sinh.self,
    Size.self,
    SkipLayerNormalization.self,
    SkipSimplifiedLayerNormalization.self,
    Slice.self,
    Softmax.self,
    SoftmaxCrossEntropyLoss.self,
    Softplus.self,
    Softsign.self,
    SpaceToDepth.self,
    Split.self,
    Sqrt.self,
    Squeeze.self,
    Sub.self,
    Sum.self,
    Swish.self,
    Tan.self,
    Tanh.self,
    TensorScatter.self,
    ThresholdedRelu.self,
    Tile.self,
    TopK.self,
    Transpose.self,
    Trilu.self,
    Unique.self,
    Unsqueeze.self,
    Upsample.self,
    Where.self,
    Xor.self,
  ]

  private struct Key: Hashable {
    var domain: String
    var name: String
  }
  private static let byName: [Key: any Operator.Type] = Dictionary(
    all.map { (Key(domain: $0.domain, name: $0.onnxName), $0) }, uniquingKeysWith: { first, _ in first })

  /// The operator type of a name in a domain ("ai.onnx" and "" are the same domain), or nil if kdc has none.
  package static func type(named name: String, domain: String) -> (any Operator.Type)? {
    byName[Key(domain: domain == "ai.onnx" ? "" : domain, name: name)]
  }

  /// The operator type of a node, or nil if kdc has none.
  package static func type(of node: Node) -> (any Operator.Type)? { type(named: node.opType, domain: node.domain) }

  /// The node as a typed operator. Throws KDC2010 for an operator kdc does not have, and KDC2022 for a
  /// node with too many operands, and what its decoding throws.
  package static func decode(_ node: Node) throws(Diagnostic) -> any Operator {
    guard let type = type(of: node) else { throw unsupported(node) }
    try type.checkCounts(of: node)
    return try type.init(decoding: node)
  }

  private static func unsupported(_ node: Node) -> Diagnostic {
    let place = node.place
    if let fault = controlFlow(node) { return fault }
    let domain = node.domain.isEmpty ? "ai.onnx" : node.domain
    let others = all.filter { $0.onnxName == node.opType }.map { $0.domain.isEmpty ? "ai.onnx" : $0.domain }
    if let other = others.first {
      return Diagnostic(
        .unsupportedOperator, "'\(node.opType)' of domain '\(domain)' is not supported", at: place,
        hint: "kdc supports '\(node.opType)' of domain '\(other)'")
    }
    return Diagnostic(
      .unsupportedOperator, "operator '\(node.opType)' of domain '\(domain)' is not supported", at: place,
      hint: misspelled(node).map { "did you mean '\($0)'?" } ?? "`kdc inspect --ops` lists the supported operators")
  }

  /// Operators that a pass replaces by the nodes they run.
  static let controlFlow: [String: (problem: String, hint: String)] = [
    "If": (
      "with branches of different types or shapes, taken by data,",
      "both branches are computed and one result is selected; let them give values of the same shape"
    ),
    "Loop": (
      "whose number of rounds depends on data", "loops are written out; give the number of rounds as a constant"
    ),
    "Scan": ("of sequences whose length depends on data", "scans are written out; leave out sequence_lens"),
  ]

  /// Why an If, a Loop or a Scan stayed: what kdc lacks within it, or that it depends on data.
  private static func controlFlow(_ node: Node) -> Diagnostic? {
    guard node.domain.isEmpty, let (problem, hint) = controlFlow[node.opType] else { return nil }
    for key in node.attributes.keys.sorted() {
      guard case .graph(let body)? = node.attributes[key] else { continue }
      for inner in body.nodes {
        do throws(Diagnostic) { _ = try decode(inner) } catch { return error }
      }
    }
    return Diagnostic(.unsupportedOperator, "'\(node.opType)' \(problem) is not supported", at: node.place, hint: hint)
  }

  /// The operator that a name is a mistake for. Other domains have names of their own, and operators that ONNX has but
  /// kdc has not are near to others by chance.
  private static func misspelled(_ node: Node) -> String? {
    guard node.domain.isEmpty || node.domain == "ai.onnx", !OperatorSets.names.contains(node.opType) else {
      return nil
    }
    return didYouMean(node.opType, all.filter { $0.domain.isEmpty }.map { $0.onnxName })
  }
}
