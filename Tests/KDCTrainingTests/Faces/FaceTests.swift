import KDCTensor
import Testing

import KDCTraining

@Suite("Drawn faces")
struct FaceTests {
  @Test("A sample depends on the seed and its place alone, not on how many there are nor on threads")
  func determinism() throws {
    let few = try FaceSamples.draw(3, seed: 7, threads: 1)
    let more = try FaceSamples.draw(5, seed: 7, threads: 2)
    let other = try FaceSamples.draw(3, seed: 8, threads: 1)
    for (index, array) in few.enumerated() {
      #expect(array.key == more[index].key)
      #expect(array.tensor.asFloats == Array(more[index].tensor.asFloats.prefix(array.tensor.count)))
    }
    #expect(few[0].tensor.asFloats != other[0].tensor.asFloats)
    // Made of sums, products, quotients and roots alone: the same on every machine.
    #expect(few[0].tensor.asFloats.prefix(4).map { ($0 * 63).rounded() } == [42, 40, 39, 39])
  }

  @Test("Labels fit their heads, tones are 0 to 1, and boxes lie in the picture")
  func labels() throws {
    let arrays = Dictionary(
      uniqueKeysWithValues: try FaceSamples.draw(200, seed: 1, threads: 2).map { ($0.key, $0.tensor) })
    #expect(arrays["image"]?.shape == [200, 1, 48, 48] && arrays["frames"]?.shape == [200, 4, 24, 24])
    #expect(try #require(arrays["image"]).asFloats.allSatisfy { (0...1).contains($0) })
    #expect(Set(try #require(arrays["label:emotion"]?.int64s)) == Set(0...6))
    #expect(Set(try #require(arrays["label:user"]?.int64s)) == Set(0...8))
    let present = try #require(arrays["label:present"]).asFloats
    #expect((70...130).contains(present.filter { $0 == 1 }.count) && present.allSatisfy { $0 == 0 || $0 == 1 })
    let boxes = try #require(arrays["label:box"]).asFloats
    for first in stride(from: 0, to: boxes.count, by: 4) {
      let (x, y, width, height) = (boxes[first], boxes[first + 1], boxes[first + 2], boxes[first + 3])
      #expect(x - width / 2 > -0.05 && x + width / 2 < 1.05 && y - height / 2 > -0.05 && y + height / 2 < 1.05)
      #expect(width > 0.3 && height > 0.4 && height > width)
    }
  }

  @Test("A face that is present moves against its scene, and a picture of one does not")
  func motion() throws {
    let arrays = Dictionary(
      uniqueKeysWithValues: try FaceSamples.draw(300, seed: 2, threads: 2).map { ($0.key, $0.tensor) })
    let frames = try #require(arrays["frames"]).asFloats
    let present = try #require(arrays["label:present"]).asFloats
    var sums: [Float: (change: Float, count: Float)] = [:]
    for (sample, label) in present.enumerated() {
      let first = sample * 4 * 576
      let change = (0..<576).reduce(Float(0)) { $0 + abs(frames[first + $1] - frames[first + 3 * 576 + $1]) }
      let old = sums[label] ?? (0, 0)
      sums[label] = (old.change + change, old.count + 1)
    }
    let (live, still) = (try #require(sums[1]), try #require(sums[0]))
    #expect(live.change / live.count > still.change / still.count)
  }
}
