extension DiagnosticList {
  /// One diagnostic for each cause: those that differ in their places alone, and in the names and numbers of their nodes, are
  /// the first of them, with the number of the others.
  package var grouped: [Diagnostic] {
    var order: [Cause] = []
    var groups: [Cause: [Diagnostic]] = [:]
    for diagnostic in all {
      let cause = Cause(diagnostic)
      if groups[cause] == nil { order.append(cause) }
      groups[cause, default: []].append(diagnostic)
    }
    return order.compactMap { cause in
      guard let group = groups[cause], var first = group.first else { return nil }
      guard group.count > 1 else { return first }
      first.notes.append(cause.operatorName.map { Self.nodes($0, group) } ?? Self.others(group))
      return first
    }
  }

  /// "GatherND: 12 nodes, the first at 'a'; also 'b', 'c', …".
  private static func nodes(_ operatorName: String, _ group: [Diagnostic]) -> String {
    var seen: Set<String> = []
    let names = group.compactMap { $0.node?.name }.filter { seen.insert($0).inserted }
    guard let first = names.first, names.count > 1 else {
      return "\(operatorName): \(group.count) faults of one node"
    }
    let others = names.dropFirst().prefix(shownPlaces).map { "'\($0)'" }.joined(separator: ", ")
    return "\(operatorName): \(names.count) nodes, the first at '\(first)'; also \(others)"
      + (names.count > shownPlaces + 1 ? ", …" : "")
  }

  private static func others(_ group: [Diagnostic]) -> String {
    let others = group.dropFirst()
    let inOneFile = group.allSatisfy { $0.place?.file == group[0].place?.file }
    let places = others.compactMap { inOneFile ? $0.place?.detail : $0.place?.description }
    let some =
      places.isEmpty
      ? "" : ": " + places.prefix(shownPlaces).joined(separator: "; ") + (places.count > shownPlaces ? "; …" : "")
    return "and \(others.count) more like it" + some
  }

  /// How many places besides the first are named.
  private static let shownPlaces = 3
}

/// What diagnostics of one group have in common.
private struct Cause: Hashable {
  var id: DiagnosticID
  var severity: Diagnostic.Severity
  var message: String
  /// nil where the place is no node.
  var operatorName: String?

  init(_ diagnostic: Diagnostic) {
    id = diagnostic.id
    severity = diagnostic.severity
    message = diagnostic.message
    guard let node = diagnostic.node else { return }
    operatorName = node.operatorName
    // What the node is called, and its shapes, are no causes of their own.
    for name in node.values { message = message.replacing("'\(name)'", with: "'…'") }
    message = message.replacing(#/\[[-0-9, ]*\]/#, with: "[…]")
  }
}

extension Diagnostic {
  /// The node that the place names: "node 'up2' (Resize, opset 13), output 'up2_out'".
  fileprivate var node: (name: String, operatorName: String, values: [String])? {
    guard let match = place?.detail?.wholeMatch(of: #/node '(.*)' \(([^ ]+), opset \d+\)(?:, output '(.*)')?/#) else {
      return nil
    }
    let values = [String(match.1)] + (match.3.map { [String($0)] } ?? [])
    return (String(match.1), String(match.2), values.filter { !$0.isEmpty && $0 != match.2 })
  }
}
