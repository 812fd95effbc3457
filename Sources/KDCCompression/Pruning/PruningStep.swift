import KDCDiagnostics
import KDCGraph

/// Chooses what one step removes: the units with the least importance for what they cost.
struct PruningStep {
  let groups: DependencyGroups
  /// The groups before anything was removed: minimum widths refer to them.
  let original: DependencyGroups
  let scores: [Int: [Double]]
  let cost: Pruner.Measure
  let goal: Pruner.Goal
  let options: Pruner.Options

  /// Units of one group that go together.
  private struct Bundle {
    var group: Int
    var units: [Int]
    /// Importance for each unit of cost.
    var ratio: Double
  }

  /// The units of each group to remove so that the goal's measure is at most `target`, or as near as minimum widths
  /// allow; in the last step not much below it.
  func choose(target: Double, isLast: Bool) throws -> [Int: Set<Int>] {
    let bundles = try makeBundles()
    guard !bundles.isEmpty else { return [:] }
    // The fewest bundles that are enough; the measure falls with every bundle.
    var (low, high) = (1, bundles.count)
    if try measure(bundles[...]) > target { return selection(bundles[...]) }
    while low < high {
      let middle = (low + high) / 2
      if try measure(bundles[..<middle]) <= target { high = middle } else { low = middle + 1 }
    }
    let enough = bundles[..<low]
    guard isLast, try measure(enough) < (1 - goal.slack) * target else { return selection(enough) }
    // The last bundle was a large one: perhaps a smaller one behind it is enough. Dead channels have no better.
    guard let last = enough.last, last.ratio > 0 else { return selection(enough) }
    let fewer = Array(enough.dropLast())
    for bundle in bundles[low...].prefix(64) where !blocks(bundle, fewer, bundles) {
      let found = try measure((fewer + [bundle])[...])
      if found <= target, found >= (1 - goal.slack) * target { return selection((fewer + [bundle])[...]) }
    }
    return selection(enough)
  }

  /// Whether a bundle of the same group must go before this one.
  private func blocks(_ bundle: Bundle, _ chosen: [Bundle], _ all: [Bundle]) -> Bool {
    let first = all.filter { $0.group == bundle.group }.first { candidate in
      !chosen.contains { $0.group == candidate.group && $0.units == candidate.units }
    }
    return first?.units != bundle.units
  }

  private func measure(_ bundles: ArraySlice<Bundle>) throws -> Double {
    try goal.measure(groups.removing(selection(bundles)))
  }

  private func selection(_ bundles: ArraySlice<Bundle>) -> [Int: Set<Int>] {
    var result: [Int: Set<Int>] = [:]
    for bundle in bundles { result[bundle.group, default: []].formUnion(bundle.units) }
    return result
  }

  /// In order of removal.
  private func makeBundles() throws -> [Bundle] {
    let whole = try cost(groups.graph)
    var bundles: [Bundle] = []
    for (index, scores) in scores.sorted(by: { $0.key < $1.key }) {
      let count = groups.groups[index].count
      let before = original.groups[index].count
      let share = Int((options.minimumShare * Double(before)).rounded(.up))
      let least = max(1, min(before, max(options.minimumChannels, share)))
      guard count > least else { continue }
      let dead = groups.deadUnits(of: index, refitted: options.reconstruction != nil)
      let order = scores.indices.sorted {
        (dead.contains($0) ? 0 : 1, scores[$0], $0) < (dead.contains($1) ? 0 : 1, scores[$1], $1)
      }
      let alignment = max(1, options.alignment)
      var taken = 0
      // Where tiles make several channels go at once, dead ones do not wait for living ones to fill the tile.
      if alignment > 1, !dead.isEmpty {
        taken = min(dead.count, count - least)
        bundles.append(Bundle(group: index, units: Array(order[..<taken]), ratio: 0))
      }
      guard count - taken > least else { continue }
      // To the next smaller aligned width, and from there in steps.
      let start = taken
      let aligned = (count - start - 1) / alignment * alignment
      let firstSize = count - start - max(aligned, least)
      let first = Set(order[start..<start + firstSize])
      let saved = (whole - (try cost(groups.removing([index: first])))) / Double(firstSize)
      var last = 0.0
      while count - taken > least {
        let size = taken == start ? firstSize : min(alignment, count - taken - least)
        guard taken == start || size == alignment else { break }
        let units = Array(order[taken..<taken + size])
        let ratio = units.reduce(0) { $0 + scores[$1] } / Double(size) / max(saved, 1e-9 * max(whole, 1e-30))
        // Never before the more dispensable units of its own group.
        last = max(last, ratio)
        bundles.append(Bundle(group: index, units: units, ratio: last))
        taken += size
      }
    }
    return bundles.enumerated().sorted {
      ($0.element.ratio, $0.offset) < ($1.element.ratio, $1.offset)
    }.map(\.element)
  }
}
