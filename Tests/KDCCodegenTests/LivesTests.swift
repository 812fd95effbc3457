import KDCCodegen
import KDCTestSupport
import Testing

@Suite struct LivesTests {
  @Test("The spans that meet one are those found by comparing all", arguments: 0..<20)
  func meeting(_ seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let steps = Int.random(in: 0...40, using: &random)
    func span() -> ClosedRange<Int> {
      let first = Int.random(in: -1...steps, using: &random)
      return first...Int.random(in: first...steps, using: &random)
    }
    var lives = Lives(steps: steps)
    var spans: [ClosedRange<Int>] = []
    for id in 0..<60 {
      let asked = span()
      #expect(lives.meeting(asked).sorted() == spans.indices.filter { spans[$0].overlaps(asked) }, "seed \(seed)")
      spans.append(span())
      lives.insert(id, spans[id])
    }
  }
}
