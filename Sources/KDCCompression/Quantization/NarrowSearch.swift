import KDCGraph
import KDCOps
import KDCTensor

/// Which layers get 7-bit inputs and weights, which some kernels multiply two at a time.
///
/// A unit is an activation with all layers that read it, directly or moved: they profit together. A unit is worth it
/// where the layers' estimated time falls; `auto` also asks held-out samples, by adaptive group testing: all units at
/// once, and halves of what goes too far, those first that save the most time for what they alone cost in quality.
package struct NarrowSearch {
  package enum Mode: Sendable { case fast, auto }

  /// What became of one unit, for reports.
  package struct Decision: Hashable, Sendable {
    /// The activation.
    package var value: String
    /// `Node.key` of the layers.
    package var layers: [String]
    package var accepted: Bool
    /// Share of the layers' time that 7 bits save.
    package var saving: Double
    package var reason: String
  }

  /// `narrowValues` and `weightBits` are set.
  package private(set) var options: Quantizer.Options
  package private(set) var decisions: [Decision] = []

  /// Units that save less than this share of their layers' time stay exact.
  static let leastSaving = 0.02
  /// Sets of units that are measured.
  static let mostTrials = 12
  /// What 7 bits may make of the held-out distance: 3 dB, and a little more where there is next to none.
  static func allowedDistance(for exact: Double) -> Double { exact * 2 + 0.0005 }
  /// Held-out samples on which each layer is measured alone; the choice itself is measured on all.
  static let samplesForOrder = 8

  private struct Unit {
    var value: String
    var layers: [String]
    var saved: Double
    var saving: Double
  }

  /// - Parameters:
  ///   - exact: what `options` give.
  ///   - lossLimit: the largest `OutputLoss.loss` that `auto` may lead to, unless there is more without 7 bits.
  ///   - cost: seconds of one inference by `Node.key`, over all targets, of a quantised graph.
  ///   - progress: told what was measured, in sentences.
  package init(
    _ graph: Graph, samples: [[String: Tensor]], options: Quantizer.Options, exact: Graph, mode: Mode,
    lossLimit: Double? = nil, cost: (Graph) throws -> [String: Double], progress: (String) -> Void = { _ in }
  ) throws {
    self.options = options
    let groups = try Self.groups(of: graph, floatNodes: Set(options.floatNodes.keys))
    guard !groups.isEmpty else { return }
    var all = options
    for group in groups {
      all.narrowValues.insert(group.value)
      for layer in group.layers { all.weightBits[layer] = 7 }
    }
    // Costs hardly depend on the values: one sample makes the ranges.
    let narrow = try Quantizer.quantize(graph, samples: Array(samples.prefix(1)), options: all).graph
    let (before, after) = (try cost(exact), try cost(narrow))
    var units: [Unit] = []
    for group in groups {
      let gainers = group.layers.filter { (after[$0] ?? 0) < (before[$0] ?? 0) * (1 - Self.leastSaving) }
      let total = group.layers.reduce(0) { $0 + (before[$1] ?? 0) }
      let saved = gainers.reduce(0) { $0 + (before[$1] ?? 0) - (after[$1] ?? 0) }
      guard !gainers.isEmpty, total > 0 else {
        decisions.append(
          Decision(
            value: group.value, layers: group.layers, accepted: false, saving: 0,
            reason: "7 bits bring no kernel that is faster"))
        continue
      }
      units.append(Unit(value: group.value, layers: gainers, saved: saved, saving: saved / total))
    }
    let chosen = try mode == .fast ? units : Self.select(units, graph, samples, options, lossLimit, progress)
    for unit in chosen {
      self.options.narrowValues.insert(unit.value)
      for layer in unit.layers { self.options.weightBits[layer] = 7 }
    }
    for unit in units {
      let accepted = chosen.contains { $0.value == unit.value }
      decisions.append(
        Decision(
          value: unit.value, layers: unit.layers, accepted: accepted, saving: unit.saving,
          reason: accepted
            ? "7 bits save \(Int((unit.saving * 100).rounded())) % of the layers' time"
            : "7 bits take the held-out distance too far"))
    }
  }

  /// Activations and the layers that read them, in the graph's order.
  private static func groups(
    of graph: Graph, floatNodes: Set<String>
  ) throws -> [(value: String, layers: [String])] {
    let plan = try QuantizationPlan(graph, floatNodes: floatNodes)
    var origin: [String: String] = [:]
    var groups: [(value: String, layers: [String])] = []
    for (node, rule) in zip(graph.nodes, plan.rules) {
      switch rule {
      case .sameAsInput(let movement) where movement != .join:
        guard let input = node.inputs.first else { continue }
        for output in node.outputs { origin[output] = origin[input] ?? input }
      case .integer:
        guard let layer = Operators.type(of: node) as? any WeightedLayer.Type, layer.takesFewBits,
          node.input(1) != nil, let input = node.input(0)
        else { continue }
        let value = origin[input] ?? input
        guard plan.quantized.contains(value) else { continue }
        if let index = groups.firstIndex(where: { $0.value == value }) {
          groups[index].layers.append(node.key)
        } else {
          groups.append((value, [node.key]))
        }
      default: continue
      }
    }
    return groups
  }

  /// Units that together keep the held-out distance within what is allowed.
  private static func select(
    _ units: [Unit], _ graph: Graph, _ samples: [[String: Tensor]], _ options: Quantizer.Options,
    _ lossLimit: Double?, _ progress: (String) -> Void
  ) throws -> [Unit] {
    guard !units.isEmpty else { return [] }
    var held = HeldOutSamples(graph, samples)
    // Sets that were measured, by their activations.
    var known: [Set<String>: (distance: Double, loss: Double)] = [:]
    func measure(_ units: [Unit]) throws -> (distance: Double, loss: Double) {
      let names = Set(units.map(\.value))
      if let known = known[names] { return known }
      var options = options
      for unit in units {
        options.narrowValues.insert(unit.value)
        for layer in unit.layers { options.weightBits[layer] = 7 }
      }
      let found = try held.measure(options)
      known[names] = found
      progress(
        "\(units.count) activations at 7 bits: held-out distance \(found.distance), loss \(found.loss.shortened)")
      return found
    }
    let exact = try measure([])
    let allowed = allowedDistance(for: exact.distance)
    let allowedLoss = max(lossLimit ?? .infinity, exact.loss)
    progress("held-out distance allowed: \(allowed)")
    func isNear(_ units: [Unit]) throws -> Bool {
      let found = try measure(units)
      return found.distance <= allowed && found.loss <= allowedLoss
    }
    if try isNear(units) { return units }
    let layers = try HeldOutSamples(graph, samples, limit: samplesForOrder).sensitivity(bits: [7], options).layers
    let harm = Dictionary(layers.map { ($0.node, $0.distances[7] ?? 0) }, uniquingKeysWith: +)
    let order = units.enumerated().map { index, unit in
      (unit: unit, worth: unit.saved / (unit.layers.reduce(1e-9) { $0 + (harm[$1] ?? 0) }), index: index)
    }.sorted { ($1.worth, $0.index) < ($0.worth, $1.index) }.map(\.unit)
    var chosen: [Unit] = []
    func add(_ some: ArraySlice<Unit>) throws {
      guard !some.isEmpty, known.count < mostTrials else { return }
      if try isNear(chosen + some) {
        chosen += some
      } else if some.count > 1 {
        let middle = some.startIndex + (some.count + 1) / 2
        try add(some[..<middle])
        try add(some[middle...])
      }
    }
    try add(order[...])
    return chosen
  }
}
