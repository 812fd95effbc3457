/// A nest of up to 8 loops over dense or strided tensors: the extents of the loops and, for each operand, the
/// distance in elements that one turn of each loop moves it (0 repeats: broadcasting). Extents are collapsed by
/// lowering as far as the strides allow, so that the innermost loop is as long as it can be.
package struct Walk: Hashable, Sendable, Codable {
  package var extents: [Int]
  /// strides[operand][loop], in elements.
  package var strides: [[Int]]
  package init(extents: [Int], strides: [[Int]]) {
    self.extents = extents
    self.strides = strides
  }
  package var count: Int { extents.reduce(1, *) }
}

extension Walk {
  /// The nest without loops that make one turn, and with neighbouring loops joined wherever every operand allows it.
  package var collapsed: Walk {
    var result = Walk(extents: [], strides: strides.map { _ in [] })
    for loop in extents.indices where extents[loop] != 1 {
      if let extent = result.extents.last,
        strides.indices.allSatisfy({ result.strides[$0].last == strides[$0][loop] * extents[loop] })
      {
        result.extents[result.extents.count - 1] = extent * extents[loop]
        for operand in strides.indices {
          result.strides[operand][result.strides[operand].count - 1] = strides[operand][loop]
        }
      } else {
        result.extents.append(extents[loop])
        for operand in strides.indices { result.strides[operand].append(strides[operand][loop]) }
      }
    }
    if result.extents.isEmpty { return Walk(extents: [1], strides: strides.map { _ in [1] }) }
    return result
  }

  /// Those of `operands` (the walk's first) that are walked exactly as the last one and not in another way too.
  func operandsLikeLast(_ operands: [BufferID]) -> [BufferID] {
    operands.filter { id in
      operands.indices.allSatisfy { operands[$0] != id || strides[$0] == strides.last }
    }
  }

  /// Turns of the innermost loop.
  var innerCount: Int { extents.last ?? 1 }
  /// Elements that one turn of the innermost loop moves operand `index`.
  func innerStride(_ index: Int) -> Int { strides[index].last ?? 0 }

  /// Calls `body` with the operands' offsets at the start of each run of the innermost loop, in order.
  func forEachRun(_ body: (UnsafePointer<Int>) -> Void) {
    if extents.contains(0) { return }
    let outer = max(extents.count - 1, 0)
    var turns = [Int](repeating: 0, count: outer)
    var offsets = [Int](repeating: 0, count: strides.count)
    offsets.withUnsafeMutableBufferPointer { offsets in
      guard let base = offsets.baseAddress else { return }
      while true {
        body(base)
        var loop = outer - 1
        while loop >= 0 {
          turns[loop] += 1
          for operand in 0..<strides.count { base[operand] &+= strides[operand][loop] }
          if turns[loop] < extents[loop] { break }
          for operand in 0..<strides.count { base[operand] &-= strides[operand][loop] &* extents[loop] }
          turns[loop] = 0
          loop -= 1
        }
        if loop < 0 { return }
      }
    }
  }
}
