/// Every kernel family, once: selection, tests, benchmarks and `kdc explain` read this list.
package enum Families {
  package static let all: [any KernelFamily] = [
    ConvolutionScalar()
  ]

  /// The family of that name.
  package static func named(_ name: String) -> (any KernelFamily)? { all.first { $0.name == name } }
}
