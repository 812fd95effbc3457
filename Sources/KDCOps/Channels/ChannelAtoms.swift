/// Classes of channels that stay or go together: union–find over atoms, one atom for each position of an axis.
///
/// A class can be pinned, with the first reason it was: its channels are never removed.
package struct ChannelAtoms: Sendable {
  private var parents: [Int] = []
  private var reasons: [Int: String] = [:]

  /// `count` new atoms, each a class of its own.
  package mutating func make(_ count: Int) -> [Int] {
    let first = parents.count
    parents.append(contentsOf: first..<first + count)
    return Array(first..<first + count)
  }

  /// The representative of the atom's class: its smallest atom.
  package func root(_ atom: Int) -> Int {
    var atom = atom
    while parents[atom] != atom { atom = parents[atom] }
    return atom
  }

  package mutating func union(_ a: Int, _ b: Int) {
    let (first, second) = (root(a), root(b))
    guard first != second else { return }
    let (low, high) = (min(first, second), max(first, second))
    parents[high] = low
    // Short paths: both atoms point at the representative from now on.
    parents[a] = low
    parents[b] = low
    if let reason = reasons.removeValue(forKey: high), reasons[low] == nil { reasons[low] = reason }
  }

  package mutating func pin(_ atom: Int, _ reason: String) {
    let root = root(atom)
    if reasons[root] == nil { reasons[root] = reason }
  }

  /// Why the atom's class is pinned; nil where it is not.
  package func reason(_ atom: Int) -> String? { reasons[root(atom)] }

  /// Points every atom at its representative, after which `root` takes one step.
  package mutating func flatten() {
    for atom in parents.indices { parents[atom] = root(atom) }
  }
}
