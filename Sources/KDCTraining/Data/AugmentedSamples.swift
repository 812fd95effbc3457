import KDCTensor

/// Samples with their further views: view v of sample i is sample i + v · originals.
package struct AugmentedSamples: SampleSource {
  private let samples: any SampleSource
  private let augmentation: Augmentation
  /// What samples may be mixed with; nil: all.
  private let partners: [Int]?

  package init(_ samples: any SampleSource, _ augmentation: Augmentation, partners: [Int]? = nil) {
    self.samples = samples
    self.augmentation = augmentation
    self.partners = partners
  }

  package var count: Int { samples.count * viewCount }
  package var viewCount: Int { max(1, augmentation.views) }

  package func sample(_ index: Int) throws -> [String: Tensor] {
    let (view, original) = (index / samples.count, index % samples.count)
    let own = augmentation.apply(try samples.sample(original), sample: original, view: view)
    guard let mix = mix(of: index) else { return own }
    let other = augmentation.apply(try samples.sample(mix.partner), sample: mix.partner, view: view)
    var result = own
    for (name, tensor) in own {
      guard let a = tensor.floats, let b = other[name]?.floats, a.count == b.count else { continue }
      let share = Float(mix.share)
      result[name] = Tensor(tensor.shape, zip(a, b).map { share * $0 + (1 - share) * $1 })
    }
    return result
  }

  /// The original sample that this one is mixed with, and the share that is its own; nil where it is not mixed.
  func mix(of index: Int) -> (partner: Int, share: Double)? {
    let found = augmentation.mix(
      sample: index % samples.count, view: index / samples.count, count: partners?.count ?? samples.count)
    return found.map { (partners?[$0.partner] ?? $0.partner, $0.share) }
  }
}
