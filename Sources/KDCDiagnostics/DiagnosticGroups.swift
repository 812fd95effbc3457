extension DiagnosticList {
  /// One diagnostic for each cause: those that differ in their places alone are the first of them, with the number of the
  /// others.
  package var grouped: [Diagnostic] {
    var order: [Cause] = []
    var groups: [Cause: [Diagnostic]] = [:]
    for diagnostic in all {
      let cause = Cause(id: diagnostic.id, severity: diagnostic.severity, message: diagnostic.message)
      if groups[cause] == nil { order.append(cause) }
      groups[cause, default: []].append(diagnostic)
    }
    return order.compactMap { cause in
      guard let group = groups[cause], var first = group.first else { return nil }
      let others = group.dropFirst()
      guard !others.isEmpty else { return first }
      let inOneFile = group.allSatisfy { $0.place?.file == first.place?.file }
      let places = others.compactMap { inOneFile ? $0.place?.detail : $0.place?.description }
      let some = places.isEmpty ? "" : ": " + places.prefix(3).joined(separator: "; ") + (places.count > 3 ? "; …" : "")
      first.notes.append("and \(others.count) more like it" + some)
      return first
    }
  }

  private struct Cause: Hashable {
    var id: DiagnosticID
    var severity: Diagnostic.Severity
    var message: String
  }
}
