import KDCProgram

/// C loops from a `Walk`: loops of one turn dropped, neighbours merged where every operand's strides allow it, so that
/// the innermost loop is as long as it can be.
struct LoopNest {
  /// What a loop walks over: the C variable, its type and its pointer's origin.
  struct Operand {
    var name: String
    var type: String
    /// "b[0]" or "b[0] + 64" in bytes or elements as the type says.
    var origin: String
  }

  private(set) var extents: [Int] = []
  /// strides[operand][loop], in elements.
  private(set) var strides: [[Int]]

  init(_ walk: Walk) {
    strides = walk.strides.map { _ in [] }
    for (loop, extent) in walk.extents.enumerated() where extent != 1 {
      let moves = walk.strides.map { $0[loop] }
      let last = extents.count - 1
      if last >= 0, zip(strides, moves).allSatisfy({ $0[last] == $1 * extent }) {
        extents[last] *= extent
        for operand in strides.indices { strides[operand][last] = moves[operand] }
      } else {
        extents.append(extent)
        for operand in strides.indices { strides[operand].append(moves[operand]) }
      }
    }
    if extents.isEmpty || extents.contains(0) {
      extents = [extents.isEmpty ? 1 : 0]
      strides = strides.map { _ in [1] }
    }
  }

  var count: Int { extents.reduce(1, *) }
  var inner: Int { extents[extents.count - 1] }
  func innerStride(_ operand: Int) -> Int { strides[operand][extents.count - 1] }
  /// One loop over dense operands.
  var isFlat: Bool { extents.count == 1 && strides.allSatisfy { $0[0] == 1 } }

  /// Estimate for portable loops: cycles an element where clang vectorises the innermost loop (measured with the A72
  /// model), else; and the turns of the loops around it.
  func scalarCycles(dense: Double, strided: Double) -> Double {
    let isDense = strides.indices.allSatisfy { innerStride($0) == 0 || innerStride($0) == 1 } && inner >= 16
    return Double(count) * (isDense ? dense : strided) + Double(count / max(inner, 1)) * 6
  }

  /// Elements of a unit where one loop is all there is.
  static let chunk = 8192

  /// Units of work: turns of the outermost loop, or chunks of the only one.
  var units: Int { extents.count == 1 ? max(1, (extents[0] + Self.chunk - 1) / Self.chunk) : extents[0] }

  /// The loops around `body`, which is given for each operand the expression of its element ("x0[i]"), and the
  /// statement that starts the innermost loop ("for (size_t i = …)").
  func emit(_ operands: [Operand], pragma: String? = "KDC_ELEMENTWISE", _ body: ([String]) -> String) -> String {
    emitInner(operands) { names, first, last in
      let elements = names.enumerated().map { element(of: $1, operand: $0) }
      return """
        \(pragma.map { $0 + "\n" } ?? "")for (size_t i = \(first); i < \(last); i++) {
        \(CText.indented(body(elements)))
        }
        """
    }
  }

  private func element(of name: String, operand: Int) -> String {
    switch innerStride(operand) {
    case 0: name + "[0]"
    case 1: name + "[i]"
    case let step: name + "[i * \(step)]"
    }
  }

  /// The outer loops around an innermost part of the kernel's own: it is given the operands' pointers at the start of
  /// the innermost loop and that loop's bounds.
  func emitInner(_ operands: [Operand], _ body: ([String], _ first: String, _ last: String) -> String) -> String {
    var text = operands.map { "\($0.type) *\($0.name) = \($0.origin);\n" }.joined()
    let depth = extents.count
    if depth == 1 {
      if units > 1 {
        text += """
          enum { N = \(extents[0]), CHUNK = \(Self.chunk) };
          const size_t first = (size_t)begin * CHUNK, last = (size_t)end * CHUNK < N ? (size_t)end * CHUNK : N;

          """
        return text + body(operands.map(\.name), "first", "last")
      }
      text += "enum { N = \(extents[0]) };\n"
      return text + body(operands.map(\.name), "0", "N")
    }
    text += "enum { \(extents.enumerated().map { "N\($0) = \($1)" }.joined(separator: ", ")) };\n"
    for loop in 0..<(depth - 1) {
      let margin = String(repeating: "  ", count: loop)
      let bounds = loop == 0 ? ("begin", "end") : ("0", "N\(loop)")
      text += "\(margin)for (size_t i\(loop) = \(bounds.0); i\(loop) < \(bounds.1); i\(loop)++) {\n"
    }
    var inner = ""
    var names: [String] = []
    for (index, operand) in operands.enumerated() {
      let terms = (0..<(depth - 1)).filter { strides[index][$0] != 0 }.map {
        strides[index][$0] == 1 ? "i\($0)" : "i\($0) * \(strides[index][$0])"
      }
      names.append(operand.name + "i")
      inner += "\(operand.type) *\(operand.name)i = \(([operand.name] + terms).joined(separator: " + "));\n"
    }
    inner += body(names, "0", "N\(depth - 1)")
    text += CText.indented(inner, by: 2 * (depth - 1)) + "\n"
    for loop in (0..<(depth - 1)).reversed() { text += String(repeating: "  ", count: loop) + "}\n" }
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}

extension LoopNest {
  static let binaryInt8 = [
    Operand(name: "p", type: "const int8_t", origin: "b[0]"), Operand(name: "q", type: "const int8_t", origin: "b[1]"),
    Operand(name: "y", type: "int8_t", origin: "b[2]"),
  ]

  static func unary(_ from: String, _ to: String) -> [Operand] {
    [
      Operand(name: "x", type: "const " + from, origin: "b[0]"), Operand(name: "y", type: to, origin: "b[1]"),
    ]
  }
}
