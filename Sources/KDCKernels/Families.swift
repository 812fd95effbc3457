/// Every kernel family, once: selection, tests, benchmarks and `kdc explain` read this list. Of equal estimates the
/// earlier family is chosen.
package enum Families {
  package static let all: [any KernelFamily] = convolution + neon + x86 + portable

  static let convolution: [any KernelFamily] = [
    ConvolutionRunsDotprod(), ConvolutionDepthwiseNeon(isShort: true), ConvolutionDepthwiseNeon(),
    ConvolutionColumnsFastNeon(),
    ConvolutionFastNeon(), ConvolutionRunsNeon(pixels: 4),
    ConvolutionRunsNeon(pixels: 1, int4: true),
    ConvolutionRunsNeon(pixels: 1), ConvolutionWinogradNeon(),
    ConvolutionDepthwiseVnni(width: .avx512), ConvolutionRunsVnni(width: .avx512),
    ConvolutionDepthwiseVnni(width: .avx), ConvolutionRunsVnni(width: .avx),
    ConvolutionDepthwiseAvx2(), ConvolutionRunsAvx2(pixels: 4), ConvolutionRunsAvx2(pixels: 1, int4: true),
    ConvolutionRunsAvx2(pixels: 1), ConvolutionScalar(),
  ]

  static let neon: [any KernelFamily] = [
    NeonInteger.add, NeonInteger.multiply, NeonInteger.table,
    NeonPool.maximum, NeonPool.average,
    NeonConvert.quantizeFlat, NeonConvert.quantizeImage, NeonConvert.transpose,
  ]

  static let x86: [any KernelFamily] = [X86Convert.quantizeFlat, X86Convert.quantizeImage]

  /// Portable C for every kind of step but convolution.
  static let portable: [any KernelFamily] = [
    ScalarInteger.add, ScalarInteger.multiply, ScalarInteger.table,
    ScalarConvert.quantize, ScalarConvert.dequantize, ScalarConvert.cast, ScalarConvert.move,
    ScalarPool.maximum, ScalarPool.average, ScalarPool.float,
    ScalarResize.linear, ScalarResize.float,
    ScalarData.fill, ScalarData.load, ScalarData.gather, ScalarAlongAxis.gatherElements,
    ScalarIntegerBinary.family, ScalarAlongAxis.cumulativeSum, ScalarAlongAxis.reduce,
    ScalarChoice.compare, ScalarChoice.select, ScalarChoice.argReduce,
    ScalarFloat.unary, ScalarFloat.binary, ScalarFloat.reduce, ScalarFloat.softmax,
    ScalarFloatConvolution.family, ScalarFloatMatMul.family, ScalarRecurrent.family,
  ]

  /// The family of that name.
  package static func named(_ name: String) -> (any KernelFamily)? { all.first { $0.name == name } }
}
