/// Text from files as a terminal may have it: names, cells and paths can hold characters that move the cursor, change
/// colours, or turn the direction of writing.
extension String {
  /// One line: control characters, line breaks among them, and those that reorder text are written as `\u{1b}`.
  package var printable: String { escaped(keepsLines: false) }

  /// The same with line breaks and tabs as they are.
  package var printableLines: String { escaped(keepsLines: true) }

  /// JSON text with such characters as `\u001b`. They can stand only within its strings.
  package var printableJSON: String {
    guard needsEscapes else { return self }
    var result = ""
    for scalar in unicodeScalars {
      guard scalar.movesText, scalar != "\n" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
    return result
  }

  private func escaped(keepsLines: Bool) -> String {
    guard needsEscapes else { return self }
    var result = ""
    for scalar in unicodeScalars {
      if scalar.movesText && !(keepsLines && (scalar == "\n" || scalar == "\t")) {
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Whether a byte occurs with which such a character begins: most texts are done with this look.
  private var needsEscapes: Bool {
    var copy = self
    return copy.withUTF8 { bytes in
      bytes.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 || $0 == 0xD8 || $0 == 0xE2 }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var movesText: Bool {
    switch value {
    case 0x00..<0x20, 0x7F..<0xA0: true
    // Line and paragraph separator; marks, embeddings, overrides and isolates of bidirectional text.
    case 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: true
    default: false
    }
  }
}
