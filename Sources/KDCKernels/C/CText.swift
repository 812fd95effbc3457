import KDCTensor

/// Pieces of C text from values.
package enum CText {
  /// The C type of a tensor's element; bool is one byte.
  package static func type(_ type: DataType) -> String {
    switch type {
    case .float32: "float"
    case .float64: "double"
    case .float16: "_Float16"
    case .bool: "uint8_t"
    default: type.rawValue + "_t"
    }
  }

  /// A float32 literal that reads back to the same bits (NaN apart).
  package static func literal(_ value: Float) -> String {
    if value.isNaN { return "__builtin_nanf(\"\")" }
    if value.isInfinite { return value < 0 ? "-__builtin_inff()" : "__builtin_inff()" }
    return "\(value)f"
  }

  /// A string literal; bytes that are not plain ASCII become octal escapes.
  package static func literal(_ text: String) -> String {
    var result = "\""
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: result += "\\" + String(UnicodeScalar(byte))
      // '?' would start a trigraph in a pair.
      case 0x20..<0x7F where byte != 0x3F: result += String(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 8)
        result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    }
    return result + "\""
  }

  /// A name from the user's files within a `//` comment: nothing that could end the comment or continue the line.
  package static func comment(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          scalar == "\\" || scalar == "?" || scalar.properties.generalCategory == .control
            || scalar.properties.generalCategory == .format || scalar.value == 0x2028 || scalar.value == 0x2029
            ? "_" : scalar
        }))
  }

  /// `text` as a C identifier: other characters become '_'.
  package static func identifier(_ text: String) -> String {
    String(
      text.utf8.map { byte -> Character in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: Character(UnicodeScalar(byte))
        default: "_"
        }
      })
  }

  /// An element of a table with its fields by name but those that are 0: on one line, or one a line where they are too long
  /// for that.
  package static func element(_ fields: KeyValuePairs<String, String>) -> String {
    let items = fields.filter { $1 != "0" && $1 != "{}" }.map { ".\($0) = \($1)" }
    let line = "    {" + items.joined(separator: ", ") + "},\n"
    return line.utf8.count <= 120 ? line : "    {" + items.joined(separator: ",\n     ") + "},\n"
  }

  /// Every line moved right by `spaces`.
  package static func indented(_ text: String, by spaces: Int = 2) -> String {
    let margin = String(repeating: " ", count: spaces)
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : margin + $0 }
      .joined(separator: "\n")
  }
}
