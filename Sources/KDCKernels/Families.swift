/// Every kernel family, once: selection, tests, benchmarks and `kdc explain` read this list. Of equal estimates the
/// earlier family is chosen.
package enum Families {
  package static let all: [any KernelFamily] = convolution + float + neon + x86 + portable

  static let convolution: [any KernelFamily] = [
    ConvolutionRunsDotprod(), ConvolutionDepthwiseNeon(isShort: true), ConvolutionDepthwiseNeon(),
    ConvolutionPairedColumnsNeon(), ConvolutionPairedNeon(), ConvolutionRunsNeon(pixels: 4),
    ConvolutionRunsNeon(pixels: 1, int4: true), ConvolutionRunsNeon(pixels: 1), ConvolutionWinogradNeon(),
    ConvolutionDepthwiseVnni(width: .avx512), ConvolutionRunsVnni(width: .avx512),
    ConvolutionDepthwiseVnni(width: .avx), ConvolutionRunsVnni(width: .avx),
    ConvolutionDepthwiseAvx2(), ConvolutionRunsAvx2(pixels: 4), ConvolutionRunsAvx2(pixels: 1, int4: true),
    ConvolutionRunsAvx2(pixels: 1), ConvolutionScalar(),
  ]

  static let float: [any KernelFamily] = FloatVectors.allCases.flatMap { vectors -> [any KernelFamily] in
    [
      FloatDepthwiseVectors(vectors: vectors), FloatConvolutionVectors(vectors: vectors),
      FloatWinogradVectors(vectors: vectors), FloatMatMulVectors(vectors: vectors),
    ]
  }

  static let neon: [any KernelFamily] = [
    AddKernels.neon, ExtremeKernels.neon, MultiplyKernels.neon, TableKernels.neon, MaxPoolKernels.neon,
    AveragePoolKernels.neon,
    QuantizeKernels.flatNeon, QuantizeImageNeon(), MoveKernels.transposeNeon,
  ]

  static let x86: [any KernelFamily] = [QuantizeKernels.flatAvx2, QuantizeImageAvx2()]

  /// Portable C for every kind of step but integer convolution.
  static let portable: [any KernelFamily] = [
    AddKernels.scalar, ExtremeKernels.scalar, MultiplyKernels.scalar, TableKernels.scalar,
    QuantizeKernels.scalar, DequantizeKernels.scalar, CastKernels.scalar, MoveKernels.scalar,
    MaxPoolKernels.scalar, AveragePoolKernels.scalar, FloatPoolKernels.scalar,
    ResizeLinearKernels.scalar, FloatResizeKernels.scalar,
    FillKernels.scalar, LoadKernels.scalar, GatherKernels.scalar, GatherElementsKernels.scalar,
    IntegerBinaryKernels.scalar, CumulativeKernels.scalar, IntegerReduceKernels.scalar, TopKKernels.scalar,
    ScatterKernels.scalar, GridSampleKernels.scalar, RoiAlignKernels.scalar, MaxPoolIndicesKernels.scalar,
    SuppressionKernels.scalar, DeterminantKernels.scalar,
    CompareKernels.scalar, SelectKernels.scalar, ArgReduceKernels.scalar,
    FloatUnaryKernels.scalar, FloatBinaryKernels.scalar, FloatReduceKernels.scalar, SoftmaxKernels.scalar,
    FloatConvolutionTiles(), FloatMatMulKernels.scalar, RecurrentKernels.scalar,
  ]

  /// The family of that name.
  package static func named(_ name: String) -> (any KernelFamily)? { all.first { $0.name == name } }
}
