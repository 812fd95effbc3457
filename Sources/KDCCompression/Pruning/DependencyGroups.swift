import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// The channels of a graph that can only be removed together, and their removal.
///
/// A unit is one channel with everything that depends on it: the filter that makes it, its bias, its partners in
/// residual sums, the columns of every weight that reads it. A group is the units that pass through the same places.
package struct DependencyGroups: Sendable {
  /// An axis of an initializer, and which positions of it belong to each unit of the group.
  package struct Place: Sendable {
    package var initializer: String
    package var axis: Int
    /// Index of the node that reads the initializer here.
    package var node: Int
    /// For each unit its positions along `axis`, as ascending runs.
    package var runs: [[Range<Int>]]
  }

  /// A node that sums over the group's channels: where a unit's importance shows, and what reconstruction refits.
  package struct Consumer: Sendable {
    package var place: Place
    /// The value summed over, and the positions of each unit along its axis; nil for a recurrent state.
    package var activation: (name: String, axis: Int, runs: [[Range<Int>]])?
  }

  package struct Group: Sendable {
    /// Name of the first node that computes the channels; with a number where that is not unique.
    package var name: String
    /// Number of units.
    package var count: Int
    /// The weights that compute the channels: filters, rows of matrices, gates of recurrent layers.
    package var producers: [Place]
    /// Parameters that a channel passes through: biases, scales, depthwise filters.
    package var passing: [Place]
    package var consumers: [Consumer]
    /// Why no unit can be removed: "graph output 'logits'"; nil where units can.
    package var pinned: String?
    /// The class of atoms of each unit.
    var roots: [Int]
  }

  /// In order of their first producer in the graph.
  package let groups: [Group]
  package let graph: Graph
  let trace: ChannelTrace

  /// Indices of the groups that units can be removed from.
  package var prunable: [Int] { groups.indices.filter { groups[$0].pinned == nil && groups[$0].count > 1 } }

  /// `graph` must have its types inferred; the canonical graph gives the best groups. Throws what decoding throws.
  package init(_ graph: Graph) throws {
    self.graph = graph
    trace = try ChannelTrace(graph)
    groups = Self.collect(trace)
  }

  // MARK: Groups

  private struct Axis: Hashable {
    var initializer: String
    var axis: Int
  }

  private static func collect(_ trace: ChannelTrace) -> [Group] {
    // Positions of each class on each axis of an initializer, in order of the uses.
    var positions: [Int: [(axis: Axis, positions: [Int])]] = [:]
    var seen: Set<Axis> = []
    var produced: [Int] = []
    for use in trace.uses {
      let axis = Axis(initializer: use.initializer, axis: use.axis)
      guard seen.insert(axis).inserted, let labels = trace.labels[use.initializer]?[use.axis] else { continue }
      var own: [Int: [Int]] = [:]
      for (position, atom) in labels.enumerated() { own[trace.atoms.root(atom), default: []].append(position) }
      for (root, list) in own { positions[root, default: []].append((axis, list)) }
    }
    var producedAlready: Set<Int> = []
    for use in trace.uses where use.role == .producer {
      for atom in trace.labels[use.initializer]?[use.axis] ?? [] {
        if producedAlready.insert(trace.atoms.root(atom)).inserted { produced.append(trace.atoms.root(atom)) }
      }
    }
    // Units of one signature form a group; `produced` is in order of the graph, and so are the groups.
    var order: [String] = []
    var members: [String: [Int]] = [:]
    for root in produced {
      let signature =
        (positions[root] ?? []).map { "\($0.axis.initializer)/\($0.axis.axis)/\($0.positions.count)" }
        .joined(separator: " ") + " " + (trace.atoms.reason(root) ?? "")
      if members[signature] == nil { order.append(signature) }
      members[signature, default: []].append(root)
    }
    var names: [String: Int] = [:]
    return order.compactMap { members[$0] }.map { roots in
      var group = make(roots, trace)
      names[group.name, default: 0] += 1
      if let number = names[group.name], number > 1 { group.name += ".\(number)" }
      return group
    }
  }

  private static func make(_ roots: [Int], _ trace: ChannelTrace) -> Group {
    let units = Dictionary(uniqueKeysWithValues: roots.enumerated().map { ($1, $0) })
    func runs(_ labels: AxisLabels) -> [[Range<Int>]]? {
      var result = [[Range<Int>]](repeating: [], count: roots.count)
      var isEmpty = true
      for (position, atom) in (labels ?? []).enumerated() {
        guard let unit = units[trace.atoms.root(atom)] else { continue }
        isEmpty = false
        if let last = result[unit].last, last.upperBound == position {
          result[unit][result[unit].count - 1] = last.lowerBound..<position + 1
        } else {
          result[unit].append(position..<position + 1)
        }
      }
      return isEmpty ? nil : result
    }
    var group = Group(
      name: "", count: roots.count, producers: [], passing: [], consumers: [],
      pinned: roots.first.flatMap { trace.atoms.reason($0) }, roots: roots)
    for use in trace.uses {
      guard let own = runs(trace.labels[use.initializer]?[use.axis] ?? nil) else { continue }
      let place = Place(initializer: use.initializer, axis: use.axis, node: use.node, runs: own)
      switch use.role {
      case .producer: group.producers.append(place)
      case .perChannel: group.passing.append(place)
      case .consumer:
        var consumer = Consumer(place: place)
        if let (name, axis) = use.activation, let runs = runs(trace.labels[name]?[axis] ?? nil) {
          consumer.activation = (name, axis, runs)
        }
        group.consumers.append(consumer)
      }
    }
    let first = group.producers.first.map { trace.graph.nodes[$0.node] }
    group.name = first.map { $0.name.isEmpty ? $0.outputs[0] : $0.name } ?? ""
    return group
  }
}
