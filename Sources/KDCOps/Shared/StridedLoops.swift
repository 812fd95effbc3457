/// Loops over `dims`, the last innermost, in which one or two operands move by strides of their own. Neighbouring
/// dimensions that all operands walk evenly are one loop, so that rows are long.
struct StridedLoops {
  typealias Loop = (n: Int, a: Int, b: Int)
  /// Elements of a row, and how far its operands move from one to the next.
  let row: Loop
  private let outer: [Loop]

  /// No dimension may be 0.
  init(_ dims: [Int], _ a: [Int], _ b: [Int]? = nil) {
    let b = b ?? a
    var loops: [Loop] = []
    for axis in dims.indices.reversed() where dims[axis] != 1 {
      if let last = loops.last, a[axis] == last.n * last.a, b[axis] == last.n * last.b {
        loops[loops.count - 1].n *= dims[axis]
      } else {
        loops.append((dims[axis], a[axis], b[axis]))
      }
    }
    row = loops.first ?? (1, 1, 1)
    outer = Array(loops.dropFirst())
  }

  /// Calls `body` with the number of elements before a row, and the places of the operands' first.
  @inline(__always)
  func forEachRow(_ body: (_ at: Int, _ a: Int, _ b: Int) -> Void) {
    var index = [Int](repeating: 0, count: outer.count)
    var (at, a, b) = (0, 0, 0)
    while true {
      body(at, a, b)
      at &+= row.n
      var level = 0
      while level < outer.count {
        index[level] &+= 1
        a &+= outer[level].a
        b &+= outer[level].b
        if index[level] < outer[level].n { break }
        a &-= outer[level].n &* outer[level].a
        b &-= outer[level].n &* outer[level].b
        index[level] = 0
        level += 1
      }
      if level == outer.count { return }
    }
  }
}
