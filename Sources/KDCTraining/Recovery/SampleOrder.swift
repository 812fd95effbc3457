import KDCTensor

/// Which samples are held out, and in which order the others are seen: functions of a seed, with no state between epochs.
package struct SampleOrder: Sendable {
  package let training: [Int]
  package let heldOut: [Int]
  private let seed: UInt64
  private let originals: Int
  private let views: Int

  /// - Parameters:
  ///   - originals: number of samples without their views.
  ///   - share: of the samples to hold out, at least one and never all.
  ///   - unjudged: how many of them, the last ones, are never held out.
  package init(originals: Int, views: Int, heldOutShare share: Double, seed: UInt64, unjudged: Int = 0) {
    var generator = SplitMix64(seed: seed ^ 0x6865_6C64)
    let judged = originals - unjudged
    let order = generator.shuffled(Array(0..<judged))
    let count = max(1, min(judged - 1, Int((Double(judged) * share).rounded())))
    heldOut = order.prefix(count).sorted()
    training = order.dropFirst(count).sorted() + Array(judged..<originals)
    self.seed = seed
    self.originals = originals
    self.views = max(views, 1)
  }

  /// The training samples of an epoch, shuffled, each in one of its views.
  package func epoch(_ epoch: Int) -> [Int] {
    var generator = SplitMix64(seed: seed &+ UInt64(epoch + 1) &* 0x9E37_79B9_7F4A_7C15)
    let order = generator.shuffled(training)
    return views == 1 ? order : order.map { $0 + originals * generator.below(views) }
  }

  /// An epoch in batches; what is left over when all are full is left out, unless there is no full batch.
  package func batches(_ epoch: Int, size: Int) -> [[Int]] {
    let order = self.epoch(epoch)
    let size = max(1, min(size, order.count))
    return stride(from: 0, through: order.count - size, by: size).map { Array(order[$0..<$0 + size]) }
  }
}
