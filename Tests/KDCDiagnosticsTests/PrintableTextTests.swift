import KDCDiagnostics
import Testing

@Suite("Text from files on a terminal")
struct PrintableTextTests {
  @Test("Control characters and those that reorder text are escaped, all else stays")
  func escapes() {
    #expect("plain, naïve, 日本, 🙂".printable == "plain, naïve, 日本, 🙂")
    #expect("a\u{1B}[31mb\u{7}".printable == "a\\u{1b}[31mb\\u{7}")
    #expect("a\nb\tc\r".printable == "a\\u{a}b\\u{9}c\\u{d}")
    #expect("a\nb\tc\r".printableLines == "a\nb\tc\\u{d}")
    #expect("a\u{9B}31m\u{7F}".printable == "a\\u{9b}31m\\u{7f}")
    #expect("a\u{202E}b\u{2066}c\u{2028}".printable == "a\\u{202e}b\\u{2066}c\\u{2028}")
    #expect("{\n\"a\": \"\u{9B}\u{7F}\"}".printableJSON == "{\n\"a\": \"\\u009b\\u007f\"}")
  }

  @Test("A name in a diagnostic can neither move the cursor nor begin a line of its own")
  func diagnostics() {
    let fault = Diagnostic(
      .invalidGraph, "node 'a\u{1B}[2J\nerror[KDC0000]: b'", at: Place(file: "x\u{7}.onnx", detail: "node 'a\nb'"),
      notes: ["c\u{1B}"], hint: "d\u{9B}")
    #expect(
      fault.description == """
        error[KDC2020]: node 'a\\u{1b}[2J
            error[KDC0000]: b'
          --> x\\u{7}.onnx: node 'a\\u{a}b'
          note: c\\u{1b}
          hint: d\\u{9b}
        """)
  }
}
