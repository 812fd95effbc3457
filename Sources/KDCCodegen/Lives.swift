/// Spans of steps, from −1 (before the first) on, and which of them meet a given one: in the time that its answer is long.
///
/// A segment tree over the steps holds every span at the O(log n) nodes that make it up; a list for each step holds the
/// spans that begin there. Those that meet a...b are alive at a, on the path from a's leaf to the root, or begin later.
package struct Lives {
  private let leaves: Int
  private var nodes: [[Int]]
  private var starts: [[Int]]

  /// Spans lie in −1...`steps`.
  package init(steps: Int) {
    leaves = max(steps, 0) + 2
    nodes = [[Int]](repeating: [], count: 2 * leaves)
    starts = [[Int]](repeating: [], count: leaves)
  }

  package mutating func insert(_ id: Int, _ span: ClosedRange<Int>) {
    starts[span.lowerBound + 1].append(id)
    var (low, high) = (span.lowerBound + 1 + leaves, span.upperBound + 2 + leaves)
    while low < high {
      if low & 1 == 1 {
        nodes[low].append(id)
        low += 1
      }
      if high & 1 == 1 {
        high -= 1
        nodes[high].append(id)
      }
      low /= 2
      high /= 2
    }
  }

  /// In no order, each once.
  package func meeting(_ span: ClosedRange<Int>) -> [Int] {
    var result: [Int] = []
    var node = span.lowerBound + 1 + leaves
    while node >= 1 {
      result += nodes[node]
      node /= 2
    }
    for start in span where start > span.lowerBound { result += starts[start + 1] }
    return result
  }
}
