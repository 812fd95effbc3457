import KDCDiagnostics
import Testing

@Suite("Suggestions")
struct SuggestionTests {
  @Test(
    "The suggested word is the one with the fewest edits, or none",
    arguments: [
      ("jetson", ["jetson-nano"], nil), ("hots", ["x", "host"], "host"), ("zzzzzz", ["host"], nil),
      ("pi4", ["pi3", "pi4b", "pi5"], "pi4b"),
      ("PI4B", ["pi4b"], "pi4b"), ("image", [], nil),
    ] as [(String, [String], String?)])
  func nearest(word: String, candidates: [String], expected: String?) {
    #expect(didYouMean(word, candidates) == expected)
  }
}
