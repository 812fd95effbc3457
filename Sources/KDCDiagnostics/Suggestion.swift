/// The name in `candidates` that `name` was probably meant to be: at most a third of its letters differ.
package func didYouMean(_ name: String, _ candidates: [String]) -> String? {
  let wanted = Array(name.lowercased().utf8)
  // Of names equally far away, one that only goes on: who writes "pi4" means "pi4b" rather than "pi3".
  let best = candidates.map { ($0, editDistance(wanted, Array($0.lowercased().utf8))) }.min {
    ($0.1, $0.0.hasPrefix(name) ? 0 : 1) < ($1.1, $1.0.hasPrefix(name) ? 0 : 1)
  }
  guard let best, best.1 <= max(1, (wanted.count + 2) / 3) else { return nil }
  return best.0
}

/// Levenshtein's distance in bytes.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  // Names from files can be of any length; a suggestion for a very long one is no use.
  guard a.count <= 200, b.count <= 200 else { return .max }
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let substituted = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
