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
        "\(byteCount) bytes: weights \(m.weightsBytes) (compressed), machine code \(m.codeBytes), "
          + "rest \(byteCount - m.weightsBytes - m.codeBytes)"
      ),
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
    return rows.map { $0 + String(repeating: " ", count: width - $0.count + 2) + $1 }.joined(separator: "\n")
  }

  private static func describe(_ port: Manifest.Port) -> String {
    "\(port.name) \(port.type.rawValue)[\(port.shape.map(String.init).joined(separator: ","))]"
  }
}
