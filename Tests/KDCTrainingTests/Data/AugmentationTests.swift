import KDCTensor
import KDCTraining
import Testing

@Suite("Augmentation")
struct AugmentationTests {
  @Test("Views of a sample are the same each time, and the first is the sample itself")
  func augmentation() throws {
    var augmentation = Augmentation()
    augmentation.views = 3
    augmentation.shift = 1
    augmentation.flipsHorizontally = true
    let base = TinyNetwork.images(5, seed: 8)
    let samples = AugmentedSamples(base, augmentation)
    #expect(samples.count == 15 && samples.originalCount == 5)
    #expect(try samples.sample(3)["image"]?.floats == base.sample(3)["image"]?.floats)
    let views = try (0..<3).map { try samples.sample(3 + 5 * $0)["image"]?.floats }
    #expect(views[1] != views[0])
    #expect(try samples.sample(8)["image"]?.floats == views[1])
    #expect(Set(try #require(views[1])).isSubset(of: Set(try #require(views[0]))))
  }

  @Test(
    "Turning, hiding and mixing change what they should and nothing else",
    arguments: ["rotation", "cutout", "mixup", "noise"])
  func kinds(kind: String) throws {
    var augmentation = Augmentation()
    augmentation.views = 4
    switch kind {
    case "rotation": augmentation.rotation = 20
    case "cutout": augmentation.cutout = 3
    case "mixup": augmentation.mixup = 0.6
    default: augmentation.noise = 0.1
    }
    let base = TinyNetwork.images(8, seed: 11)
    let samples = AugmentedSamples(base, augmentation, partners: [1, 2])
    for index in 0..<8 {
      let original = try #require(base.sample(index)["image"]?.floats)
      #expect(try samples.sample(index)["image"]?.floats == original, "view 0 is the original")
      let view = try #require(try samples.sample(index + 16)["image"]?.floats)
      #expect(try samples.sample(index + 16)["image"]?.floats == view)
      switch kind {
      case "rotation":
        let range = try (#require(original.min()) - 1e-6)...(#require(original.max()) + 1e-6)
        #expect(view.allSatisfy(range.contains) && view != original)
      case "cutout":
        let hidden = zip(original, view).filter { $0 != $1 }
        #expect((1...9).contains(hidden.count) && hidden.allSatisfy { $0.1 == 0 })
      case "mixup":
        let isMixed = try [1, 2].contains { partner in
          let other = try #require(base.sample(partner)["image"]?.floats)
          let lines = original.indices.map { (view[$0] - other[$0], original[$0] - other[$0]) }
          guard partner != index, let share = lines.first(where: { abs($0.1) > 0.1 }).map({ $0.0 / $0.1 }) else {
            return view == original
          }
          return (0...1.0001).contains(share) && lines.allSatisfy { abs($0.0 - share * $0.1) < 1e-4 }
        }
        #expect(isMixed)
      default:
        let error = zip(original, view).map { Double($0 - $1) }
        let deviation = (error.reduce(0) { $0 + $1 * $1 } / 36).squareRoot()
        #expect((0.05...0.2).contains(deviation))
      }
    }
  }
}
