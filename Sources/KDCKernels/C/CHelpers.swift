import KDCDiagnostics

/// The C that kernels share: the headers of `Sources/CKDCKernels`, which clang checks by themselves.
///
/// Generated code holds of them the paragraphs (what stands between blank lines) that define what it names, and those that
/// they use themselves.
package enum CHelpers {
  private struct Paragraph {
    let text: String
    let defines: Set<String>
    let names: Set<String>
  }

  /// Every paragraph, after those that it uses.
  private static let paragraphs: [Paragraph] = inOrder(embeddedHelpers).flatMap { header in
    // The first says what the header is for, and what it includes.
    header.split(separator: "\n\n").dropFirst().map { part in
      let text = String(part.last == "\n" ? part.dropLast() : part)
      return Paragraph(text: text, defines: definitions(in: text), names: Set(names(in: text).map(\.name)))
    }
  }

  /// Every function and macro of the headers.
  package static let all = Set(paragraphs.flatMap(\.defines))

  /// What `text` needs of the headers. Throws where it calls what none of them defines.
  package static func source(usedIn text: String) throws(InternalError) -> String {
    let named = names(in: text)
    if let unknown = named.first(where: { $0.isCalled && !all.contains($0.name) })?.name {
      throw InternalError("a kernel calls \(unknown), which no helper defines")
    }
    var wanted = Set(named.map(\.name))
    var kept: [String] = []
    for paragraph in paragraphs.reversed() where !paragraph.defines.isDisjoint(with: wanted) {
      wanted.formUnion(paragraph.names)
      kept.append(paragraph.text)
    }
    return kept.reversed().joined(separator: "\n\n")
  }

  /// Texts, each after those that it includes.
  private static func inOrder(_ headers: [(file: String, text: String)]) -> [String] {
    var seen: Set<String> = []
    var texts: [String] = []
    func visit(_ header: (file: String, text: String)) {
      guard seen.insert(header.file).inserted else { return }
      for other in headers where header.text.contains("#include \"\(other.file)\"") { visit(other) }
      texts.append(header.text)
    }
    headers.forEach(visit)
    return texts
  }

  /// Names of helpers in C, comments apart, in order, and whether they are called.
  private static func names(in text: some StringProtocol) -> [(name: String, isCalled: Bool)] {
    var found: [(String, Bool)] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      if byte == UInt8(ascii: "/"), rest.dropFirst().first == byte {
        rest = rest.drop { $0 != UInt8(ascii: "\n") }
      } else if isPart(byte) {
        let word = rest.prefix(while: isPart)
        rest = rest[word.endIndex...]
        let isNamed = word.starts(with: "kdc_".utf8) || word.starts(with: "KDC_".utf8)
        if isNamed { found.append((String(decoding: word, as: UTF8.self), rest.first == UInt8(ascii: "("))) }
      } else {
        rest = rest.dropFirst()
      }
    }
    return found
  }

  private static func isPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
    default: false
    }
  }

  /// What lines that are not indented define: functions, macros, types.
  private static func definitions(in text: String) -> Set<String> {
    Set(
      text.split(separator: "\n").filter { $0.first != " " }.compactMap { line in
        if line.hasPrefix("#define ") { return String(line.dropFirst(8).prefix { $0.asciiValue.map(isPart) ?? false }) }
        return names(in: line).first { $0.isCalled || line.hasPrefix("} ") }?.name
      })
  }
}
