extension CText {
  /// The most characters of a line.
  package static let lineLength = 120

  /// C with its long lines broken: after a comma, an operator or the head of a loop, as little inside brackets as can be. What
  /// follows stands behind the bracket that is open there, else four columns further in than the line.
  package static func wrapped(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.count <= lineLength || line.hasSuffix("\\") || line.hasPrefix("#") ? String(line) : broken(line)
    }.joined(separator: "\n")
  }

  private static func broken(_ line: Substring) -> String {
    let indent = line.prefix { $0 == " " }.count
    let text = line.dropFirst(indent)
    // Stands before every line of a comment.
    let comment = text.hasPrefix("//") ? Array("//" + text.dropFirst(2).prefix { $0 == " " }) : []
    var breaks = LineBreaks(indent: indent, isLoop: text.hasPrefix("for (") || text.hasPrefix("KDC_UNROLL for ("))
    var lines: [String] = []
    var rest = Array(line)
    while rest.count > lineLength {
      let place =
        comment.isEmpty ? breaks.next(in: rest) : rest[..<lineLength].lastIndex(of: " ").map { ($0 + 1, indent) }
      guard let (end, column) = place, end > column + comment.count else { break }
      lines.append(String(rest[..<end].reversed().drop { $0 == " " }.reversed()))
      rest = [Character](repeating: " ", count: column) + comment + rest[end...].drop { $0 == " " }
    }
    return (lines + [String(rest)]).joined(separator: "\n")
  }
}

/// Where a line of C can be broken, line by line of what comes of it.
private struct LineBreaks {
  let indent: Int
  /// Whether the head of a loop is still to come.
  private var isLoop: Bool
  /// Columns behind the brackets that are open where the rest of the line begins.
  private var open: [Int] = []

  init(indent: Int, isLoop: Bool) { (self.indent, self.isLoop) = (indent, isLoop) }

  /// The end of the first line, and the column where the next one begins; nil where it cannot be broken.
  mutating func next(in line: [Character]) -> (end: Int, column: Int)? {
    var open = open
    var best: (rank: Int, end: Int, open: [Int], column: Int)?
    var isText = false
    for (index, character) in line.prefix(CText.lineLength).enumerated() {
      if character == "\"", index > 0, line[index - 1] != "\\" { isText.toggle() }
      let follows = index + 2 < line.count && line[index + 1] == " " ? line[index + 2] : nil
      guard !isText else { continue }
      switch character {
      case "(", "[", "{": open.append(index + 1)
      case ")", "]", "}":
        _ = open.popLast()
        // The end of a loop's head.
        if isLoop, character == ")", open.isEmpty, best?.rank ?? 0 >= 0, let follows, follows != "{" {
          best = (-1, index + 2, [], indent + 2)
        }
      case ",", "=", "?", ":", "+", "|":
        let isCompound = character == "=" && "=!<>+-*".contains(line[index - 1])
        // Commas before operators.
        let rank = 2 * open.count + (character == "," ? 0 : 1)
        if follows != nil, !isCompound, best?.rank ?? .max >= rank {
          best = (rank, index + 2, open, open.last ?? indent + 4)
        }
      default: break
      }
    }
    guard let best else { return nil }
    self.open = best.open
    isLoop = false
    return (best.end, best.column)
  }
}
