/// The cheapest division of a network's vertices between a source and a sink (Dinic's algorithm).
struct MinimumCut {
  /// A capacity that is never cut.
  static let uncuttable = 1e15
  /// Capacities below are taken for 0.
  private static let least = 1e-9

  let source: Int
  let sink: Int
  private var heads: [Int] = []
  private var capacities: [Double] = []
  private var edges: [[Int]]

  /// With `count` vertices besides source and sink.
  init(count: Int) {
    source = count
    sink = count + 1
    edges = [[Int]](repeating: [], count: count + 2)
  }

  /// A new vertex.
  mutating func vertex() -> Int {
    edges.append([])
    return edges.count - 1
  }

  /// Costs `capacity` where `from` is on the source's side and `to` on the sink's.
  mutating func connect(_ from: Int, _ to: Int, _ capacity: Double) {
    guard capacity > Self.least, from != to else { return }
    edges[from].append(heads.count)
    heads.append(to)
    capacities.append(capacity)
    edges[to].append(heads.count)
    heads.append(from)
    capacities.append(0)
  }

  /// For each vertex whether it is on the source's side: of cuts of equal cost the one with fewest there.
  mutating func sourceSide() -> [Bool] {
    while true {
      let levels = levels()
      guard levels[sink] >= 0 else { return levels.map { $0 >= 0 } }
      var next = [Int](repeating: 0, count: edges.count)
      while augment(levels, &next) {}
    }
  }

  /// Distance from the source by edges with capacity left; −1 where there is no way.
  private func levels() -> [Int] {
    var levels = [Int](repeating: -1, count: edges.count)
    levels[source] = 0
    var queue = [source]
    var first = 0
    while first < queue.count {
      let vertex = queue[first]
      first += 1
      for edge in edges[vertex] where capacities[edge] > Self.least && levels[heads[edge]] < 0 {
        levels[heads[edge]] = levels[vertex] + 1
        queue.append(heads[edge])
      }
    }
    return levels
  }

  /// Sends what one way through the levels takes; false where there is none left.
  private mutating func augment(_ levels: [Int], _ next: inout [Int]) -> Bool {
    var way: [Int] = []
    var vertex = source
    while vertex != sink {
      if next[vertex] < edges[vertex].count {
        let edge = edges[vertex][next[vertex]]
        if capacities[edge] > Self.least, levels[heads[edge]] == levels[vertex] + 1 {
          way.append(edge)
          vertex = heads[edge]
        } else {
          next[vertex] += 1
        }
      } else if let edge = way.popLast() {
        vertex = heads[edge ^ 1]
        next[vertex] += 1
      } else {
        return false
      }
    }
    let flow = way.map { capacities[$0] }.min() ?? 0
    for edge in way {
      capacities[edge] -= flow
      capacities[edge ^ 1] += flow
    }
    return true
  }
}
