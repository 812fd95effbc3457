import KDCDiagnostics
import Yams

/// Reads one target description: a YAML mapping with the keys of `Target`, of which only `optionalKeys` may be missing.
package struct TargetReader {
  /// Path as the user gave it, for diagnostics.
  let file: String
  private var faults: [Diagnostic] = []

  static let keys = [
    "name", "title", "architecture", "cpu", "cpuParts", "compilerFlags", "features", "gigahertz", "cores", "l1Bytes",
    "l2Bytes", "dramBytesPerCycle",
  ]
  static let optionalKeys = ["variants", "costs", "chosenFor"]

  private init(file: String) { self.file = file }

  /// Throws `DiagnosticList` with all that is wrong, each with file and line.
  package static func read(_ text: String, file: String) throws -> Target {
    var reader = TargetReader(file: file)
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let YamlError.parser(_, problem, mark, _), let YamlError.scanner(_, problem, mark, _) {
      throw DiagnosticList([reader.fault("not valid YAML: \(problem)", at: mark)])
    } catch {
      throw DiagnosticList([reader.fault("not valid YAML", at: nil)])
    }
    guard let mapping = root?.mapping else {
      throw DiagnosticList([reader.fault("a target description is a mapping of keys to values", at: root?.mark)])
    }
    let target = reader.target(from: mapping)
    guard reader.faults.isEmpty else { throw DiagnosticList(reader.faults) }
    return target
  }

  private mutating func target(from mapping: Node.Mapping) -> Target {
    var seen: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.string, Self.keys.contains(name) || Self.optionalKeys.contains(name) else {
        let name = key.string ?? "?"
        report(
          "unknown key '\(name)'", at: key.mark,
          hint: didYouMean(name, Self.keys + Self.optionalKeys).map { "did you mean '\($0)'?" })
        continue
      }
      seen[name] = value
    }
    for key in Self.keys where seen[key] == nil { report("the key '\(key)' is missing", at: nil) }

    let name = text(seen["name"], "name")
    if !name.isEmpty, !name.utf8.allSatisfy({ $0 == 0x2D || $0 == 0x2E || $0 == 0x5F || isAlphanumeric($0) }) {
      report("'name' has characters other than letters, digits, '-', '.' and '_'", at: seen["name"]?.mark)
    }
    return Target(
      name: name, title: text(seen["title"], "title"), architecture: architecture(seen["architecture"]),
      cpu: text(seen["cpu"], "cpu"), cpuParts: parts(seen["cpuParts"]), compilerFlags: flags(seen["compilerFlags"]),
      features: features(seen["features"]),
      gigahertz: number(seen["gigahertz"], "gigahertz", 0.01...20), cores: integer(seen["cores"], "cores", 1...1024),
      l1Bytes: integer(seen["l1Bytes"], "l1Bytes", 1024...(1 << 30)),
      l2Bytes: integer(seen["l2Bytes"], "l2Bytes", 1024...(1 << 40)),
      dramBytesPerCycle: number(seen["dramBytesPerCycle"], "dramBytesPerCycle", 0.01...10_000),
      variants: list(seen["variants"], "variants").map { text($0, "variants") }, costs: costs(seen["costs"]),
      chosenFor: caches(seen["chosenFor"]))
  }

  // MARK: Values of one kind. A missing key was reported before: nil gives a stand-in.

  private mutating func text(_ node: Node?, _ key: String) -> String {
    guard let node else { return "" }
    guard let value = node.scalar?.string, !value.isEmpty, !value.utf8.contains(where: { $0 < 0x20 }) else {
      report("'\(key)' needs a text on one line", at: node.mark)
      return ""
    }
    return value
  }

  private mutating func integer(_ node: Node?, _ key: String, _ range: ClosedRange<Int>) -> Int {
    guard let node else { return range.lowerBound }
    guard let value = node.int, range.contains(value) else {
      report("'\(key)' needs a whole number from \(range.lowerBound) to \(range.upperBound)", at: node.mark)
      return range.lowerBound
    }
    return value
  }

  private mutating func number(_ node: Node?, _ key: String, _ range: ClosedRange<Double>) -> Double {
    guard let node else { return range.lowerBound }
    guard let value = node.float, range.contains(value) else {
      report("'\(key)' needs a number from \(range.lowerBound) to \(range.upperBound)", at: node.mark)
      return range.lowerBound
    }
    return value
  }

  private mutating func list(_ node: Node?, _ key: String) -> [Node] {
    guard let node else { return [] }
    guard let sequence = node.sequence else {
      report("'\(key)' needs a list", at: node.mark)
      return []
    }
    return Array(sequence)
  }

  private mutating func costs(_ node: Node?) -> [String: Double] {
    guard let node else { return [:] }
    guard let mapping = node.mapping else {
      report("'costs' needs a mapping of kernel families to factors", at: node.mark)
      return [:]
    }
    var factors: [String: Double] = [:]
    for (key, value) in mapping {
      factors[text(key, "costs")] = number(value, "costs", 0.01...100)
    }
    return factors
  }

  private mutating func caches(_ node: Node?) -> Target.Caches? {
    guard let node else { return nil }
    let keys = ["l1Bytes", "l2Bytes", "dramBytesPerCycle"]
    guard let mapping = node.mapping, mapping.count == keys.count, keys.allSatisfy({ mapping[$0] != nil }) else {
      report("'chosenFor' needs \(keys.joined(separator: ", ")) and nothing else", at: node.mark)
      return nil
    }
    return Target.Caches(
      l1Bytes: integer(mapping[keys[0]], keys[0], 1024...(1 << 30)),
      l2Bytes: integer(mapping[keys[1]], keys[1], 1024...(1 << 40)),
      dramBytesPerCycle: number(mapping[keys[2]], keys[2], 0.01...10_000))
  }

  private mutating func architecture(_ node: Node?) -> Target.Architecture {
    let value = text(node, "architecture")
    if let architecture = Target.Architecture(rawValue: value) { return architecture }
    let known = Target.Architecture.allCases.map(\.rawValue)
    if !value.isEmpty {
      report(
        "unknown architecture '\(value)'", at: node?.mark, notes: ["known: \(known.joined(separator: ", "))"],
        hint: didYouMean(value, known).map { "did you mean '\($0)'?" })
    }
    return .aarch64
  }

  private mutating func parts(_ node: Node?) -> [Int] {
    let nodes = list(node, "cpuParts")
    // The table in the generated code has eight places, the last one ends it.
    if nodes.count > 7 { report("'cpuParts' holds at most 7 numbers", at: node?.mark) }
    return nodes.map { integer($0, "cpuParts", 1...0xFFF) }
  }

  /// Only machine flags: a description must not be able to read files or load plug-ins through the compiler.
  private mutating func flags(_ node: Node?) -> [String] {
    list(node, "compilerFlags").map { item in
      let flag = text(item, "compilerFlags")
      if !flag.isEmpty, !flag.hasPrefix("-m") || flag.hasPrefix("-mllvm") || flag.contains(" ") {
        report("'\(flag)' is not a machine flag", at: item.mark, hint: "only flags that start with -m are taken")
      }
      return flag
    }
  }

  private mutating func features(_ node: Node?) -> [String] {
    let known = Feature.all.map(\.name).sorted()
    return list(node, "features").map { item in
      let feature = text(item, "features")
      if !feature.isEmpty, !known.contains(feature) {
        report(
          "unknown feature '\(feature)'", at: item.mark, notes: ["known: \(known.joined(separator: ", "))"],
          hint: didYouMean(feature, known).map { "did you mean '\($0)'?" })
      }
      return feature
    }.sorted()
  }

  // MARK: Diagnostics

  private mutating func report(_ message: String, at mark: Mark?, notes: [String] = [], hint: String? = nil) {
    faults.append(fault(message, at: mark, notes: notes, hint: hint))
  }

  private func fault(_ message: String, at mark: Mark?, notes: [String] = [], hint: String? = nil) -> Diagnostic {
    let place = Place(file: file, detail: mark.map { "line \($0.line), column \($0.column)" })
    return Diagnostic(.invalidTarget, message, at: place, notes: notes, hint: hint)
  }

  private func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
