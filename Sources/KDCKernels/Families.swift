/// Every kernel family, once: selection, tests, benchmarks and `kdc explain` read this list.
package enum Families {
  package static let all: [any KernelFamily] = [
    ConvolutionDepthwiseNeon(), ConvolutionRunsNeon(pixels: 4), ConvolutionRunsNeon(pixels: 1), ConvolutionScalar(),
  ]

  /// The family of that name.
  package static func named(_ name: String) -> (any KernelFamily)? { all.first { $0.name == name } }
}
