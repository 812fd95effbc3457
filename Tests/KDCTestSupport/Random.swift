import KDCTensor

/// A seeded generator, so that a random test can be run again: name the seed.
package typealias SeededGenerator = SplitMix64
