/// What `kdc inspect` prints of a bundle.
extension Bundle {
  /// One line a fact, aligned.
  package var summary: String {
    let m = manifest
    var rows: [(String, String)] = [
      ("model", m.model), ("made by", "kdc \(m.kdc), clang \(m.tools["clang"] ?? "?"), lld \(m.tools["lld"] ?? "?")"),
      ("targets", "\(m.targets.joined(separator: ", ")) (\(m.architecture))"), ("needs", m.isa),
    ]
    rows += m.inputs.map { ("input", Self.describe($0)) }
    rows += m.outputs.map { ("output", Self.describe($0)) }
    rows += [
      ("steps", "\(m.steps)"),
      (
        "size",
        "\(byteCount) bytes: data \(dataBytes) (weights \(m.weightsBytes), rest \(dataBytes - m.weightsBytes)), "
          + "code \(byteCount - dataBytes) (instructions \(m.instructionBytes), tables and headers the rest)"
      ),
      ("weights", weightSummary),
    ]
    rows += m.variants.map { variant in
      (
        "code",
        "\(variant.name) for \(variant.targets.joined(separator: ", ")): arena \(variant.arenaBytes) bytes, "
          + "weights in memory \(variant.weightsBytes) bytes"
      )
    }
    rows += m.hashes.sorted { $0.key < $1.key }.map { ("sha256 \($0.key)", $0.value) }
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { ($0 + String(repeating: " ", count: width - $0.count + 2) + $1).printable }.joined(
      separator: "\n")
  }

  /// The bundle without its code: the container.
  package var dataBytes: Int { byteCount - manifest.codeBytes }

  /// Constants by type, before compression.
  private var weightSummary: String {
    guard let constants = try? program().constants else { return "unreadable" }
    var bytes: [String: Int] = [:]
    for constant in constants where constant.tensor.count > 0 {
      bytes[constant.isInt4 ? "int4" : constant.tensor.dataType.rawValue, default: 0] += constant.storedByteCount
    }
    let list = bytes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    return "\(list) bytes before compression"
  }

  private static func describe(_ port: Manifest.Port) -> String {
    "\(port.name) \(port.type.rawValue)[\(port.shape.map(String.init).joined(separator: ","))]"
  }
}
