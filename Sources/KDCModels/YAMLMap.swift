import KDCDiagnostics
import Yams

/// A YAML mapping that is read key by key; every fault has file and line, and what nobody asked for is one.
///
/// Readers give stand-ins for what is wrong, so that all faults of a file are found; `YAMLFaults.check` throws them.
package final class YAMLMap {
  package let path: String
  package let faults: YAMLFaults
  /// Where the mapping begins; nil for one that is not in the file.
  package let line: Int?
  private let what: String
  private var pairs: [(key: String, keyMark: Mark?, value: Node)] = []
  private var asked: [String] = []

  /// The one mapping of a file. Throws a `DiagnosticList` of `invalidDescription` where the file is no YAML mapping.
  package static func file(_ text: String, path: String, as what: String) throws -> YAMLMap {
    let faults = YAMLFaults(path: path)
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let YamlError.parser(_, problem, mark, _), let YamlError.scanner(_, problem, mark, _),
      let YamlError.composer(_, problem, mark, _)
    {
      throw DiagnosticList([faults.fault("not valid YAML: \(problem)", line: mark.line)])
    } catch let YamlError.duplicatedKeysInMapping(keys, context) {
      let names = keys.map { "'\($0)'" }.joined(separator: ", ")
      throw DiagnosticList([faults.fault("\(names) is given twice in one mapping", line: context.mark.line)])
    } catch {
      throw DiagnosticList([faults.fault("not valid YAML", line: nil)])
    }
    guard let root, root.mapping != nil else {
      throw DiagnosticList([faults.fault("\(what) is a mapping of keys to values", line: root?.mark?.line)])
    }
    return YAMLMap(root, path: path, what: what, faults: faults)
  }

  private init(_ node: Node, path: String, what: String, faults: YAMLFaults) {
    self.path = path
    self.faults = faults
    self.what = what
    line = node.mark?.line
    for (key, value) in node.mapping ?? [:] {
      guard let name = key.string, !name.isEmpty else {
        faults.report("a key of \(what) is not text, or is empty", line: key.mark?.line)
        continue
      }
      pairs.append((name, key.mark, value))
    }
  }

  private func node(_ key: String) -> Node? {
    asked.append(key)
    return pairs.first { $0.key == key }?.value
  }

  package func has(_ key: String) -> Bool { pairs.contains { $0.key == key } }

  /// The keys in the order of the file; asking for them makes all of them known.
  package var keys: [String] { pairs.map(\.key) }

  /// Whether the key's value is a list.
  package func isList(_ key: String) -> Bool { pairs.first { $0.key == key }?.value.sequence != nil }

  package func line(of key: String) -> Int? { pairs.first { $0.key == key }?.keyMark?.line ?? line }

  /// Reports that there is no such key; one whose value is wrong has its own report.
  package func missing(_ key: String) {
    if !has(key) { faults.report("\(what) needs the key '\(key)'", line: line) }
  }

  /// Reports every key that no reader asked for.
  package func finish() {
    for pair in pairs where !asked.contains(pair.key) {
      faults.report(
        "\(what) has no key '\(pair.key)'", line: pair.keyMark?.line,
        notes: ["known here: " + Set(asked).sorted().joined(separator: ", ")],
        hint: didYouMean(pair.key, Set(asked).sorted()).map { "did you mean '\($0)'?" })
    }
  }

  // MARK: Values of one kind; nil where the key is missing

  package func text(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    guard let value = Self.text(node), !value.isEmpty, !value.utf8.contains(where: { $0 < 0x20 && $0 != 0x0A }) else {
      faults.report("'\(key)' needs a text", line: node.mark?.line)
      return ""
    }
    return value
  }

  /// A scalar that is not null.
  private static func text(_ node: Node) -> String? { node.null == nil ? node.scalar?.string : nil }

  package func choice(_ key: String, of known: [String]) -> String? {
    guard let value = text(key), !value.isEmpty else { return nil }
    guard known.contains(value) else {
      faults.report(
        "'\(key)' cannot be '\(value)'", line: line(of: key), notes: ["known: " + known.joined(separator: ", ")],
        hint: didYouMean(value, known).map { "did you mean '\($0)'?" })
      return known.first
    }
    return value
  }

  package func integer(_ key: String, in range: ClosedRange<Int>) -> Int? { node(key).map { integer($0, key, range) } }

  /// The number where the value is one; nil where it is something else.
  func scalarInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let node = node(key), node.scalar != nil else { return nil }
    return integer(node, key, range)
  }

  package func integers(_ key: String, in range: ClosedRange<Int>, count: ClosedRange<Int>) -> [Int]? {
    guard let node = node(key) else { return nil }
    guard let list = node.sequence, count.contains(list.count) else {
      faults.report(
        "'\(key)' needs a list of \(count.lowerBound) to \(count.upperBound) whole numbers", line: node.mark?.line)
      return [Int](repeating: range.lowerBound, count: count.lowerBound)
    }
    return list.map { integer($0, key, range) }
  }

  /// Lists of `width` whole numbers each.
  package func table(_ key: String, in range: ClosedRange<Int>, width: Int, count: ClosedRange<Int>) -> [[Int]]? {
    guard let node = node(key) else { return nil }
    guard let list = node.sequence, count.contains(list.count), list.allSatisfy({ $0.sequence?.count == width }) else {
      faults.report("'\(key)' needs lists of \(width) whole numbers each", line: node.mark?.line)
      return [[Int](repeating: max(1, range.lowerBound), count: width)]
    }
    return list.map { row in (row.sequence.map(Array.init) ?? []).map { integer($0, key, range) } }
  }

  package func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
    guard let node = node(key) else { return nil }
    guard let value = node.float, range.contains(value) else {
      faults.report(
        "'\(key)' needs a number from \(range.lowerBound) to \(range.upperBound)", line: node.mark?.line)
      return range.lowerBound
    }
    return value
  }

  package func flag(_ key: String) -> Bool? {
    guard let node = node(key) else { return nil }
    guard let value = node.bool else {
      faults.report("'\(key)' needs true or false", line: node.mark?.line)
      return false
    }
    return value
  }

  package func map(_ key: String) -> YAMLMap? {
    guard let node = node(key) else { return nil }
    guard node.mapping != nil else {
      faults.report("'\(key)' needs keys and values", line: node.mark?.line)
      return nil
    }
    return YAMLMap(node, path: path, what: "'\(key)'", faults: faults)
  }

  package func maps(_ key: String) -> [YAMLMap]? {
    guard let node = node(key) else { return nil }
    guard let list = node.sequence, !list.isEmpty, list.allSatisfy({ $0.mapping != nil }) else {
      faults.report("'\(key)' needs a list of keys and values", line: node.mark?.line)
      return []
    }
    return list.map { YAMLMap($0, path: path, what: "an entry of '\(key)'", faults: faults) }
  }

  /// A text or number, or a list of them, as texts.
  package func texts(_ key: String) -> [String]? {
    guard let node = node(key) else { return nil }
    let nodes = node.sequence.map(Array.init) ?? [node]
    let texts = nodes.compactMap(Self.text)
    if texts.count != nodes.count { faults.report("'\(key)' needs a text or a list of texts", line: node.mark?.line) }
    return texts
  }

  private func integer(_ node: Node, _ key: String, _ range: ClosedRange<Int>) -> Int {
    guard let value = node.int, range.contains(value) else {
      faults.report(
        "'\(key)' needs a whole number from \(range.lowerBound) to \(range.upperBound)", line: node.mark?.line)
      return range.lowerBound
    }
    return value
  }
}

/// What is wrong in one YAML file.
package final class YAMLFaults {
  private let path: String
  private var list: [(line: Int, fault: Diagnostic)] = []

  init(path: String) { self.path = path }

  package func report(_ message: String, line: Int?, notes: [String] = [], hint: String? = nil) {
    list.append((line ?? 0, fault(message, line: line, notes: notes, hint: hint)))
  }

  func fault(_ message: String, line: Int?, notes: [String] = [], hint: String? = nil) -> Diagnostic {
    Diagnostic(
      .invalidDescription, message, at: Place(file: path, detail: line.map { "line \($0)" }), notes: notes, hint: hint)
  }

  /// Throws a `DiagnosticList` of all faults, in order of their lines.
  package func check() throws {
    guard !list.isEmpty else { return }
    let order = list.indices.sorted { (list[$0].line, $0) < (list[$1].line, $1) }
    throw DiagnosticList(order.map { list[$0].fault })
  }
}
