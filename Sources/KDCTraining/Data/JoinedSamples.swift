import KDCTensor

/// The samples of several sources, one source after another.
package struct JoinedSamples: SampleSource {
  private let parts: [any SampleSource]
  package init(_ parts: [any SampleSource]) { self.parts = parts }

  package var count: Int { parts.reduce(0) { $0 + $1.count } }

  package func sample(_ index: Int) throws -> [String: Tensor] {
    var index = index
    for part in parts {
      if index < part.count { return try part.sample(index) }
      index -= part.count
    }
    return [:]
  }
}
