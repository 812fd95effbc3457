import KDCProgram

/// Where each buffer of a program lies in one arena.
///
/// A buffer lives from the first step that writes it to the last that reads it; inputs from before the first step, and
/// outputs to after the last. Every run copies its inputs in anew, so that their memory is free after their last reader.
/// Buffers whose lives do not meet share memory. The output of an element-wise step takes the place of an operand that
/// dies there. Of a chain only what goes in and what comes out has a place, both from its first step to its last, and a
/// workspace.
package struct MemoryPlan: Sendable, Hashable {
  /// Byte offset of each buffer, a multiple of `alignment`.
  package let offsets: [Int]
  /// Byte offset of each step's workspace, of a chain's with its first step; nil where it needs none.
  package let workspaceOffsets: [Int?]
  /// Size of the arena with `slack` at its end.
  package let arenaBytes: Int
  /// No plan of these lives can need less: the most bytes alive at one step, with slack.
  package let lowerBound: Int
  /// Bytes alive before the first step, at each and after the last.
  package let alive: [Int]

  package static let alignment = 64
  /// Bytes behind the last buffer that vector loads may touch.
  package static let slack = 64

  package init(_ program: Program, for selection: KernelSelection) {
    let calls = selection.calls
    self.init(
      program, workspaces: calls.filter { $0.partBytes > 0 }.map { ($0.steps, $0.partBytes * $0.parts) },
      chains: selection.chains.map(\.steps))
  }

  /// `workspaces` has the bytes that kernels need besides their buffers, and the steps that they need them for, in order.
  package init(_ program: Program, workspaces: [(steps: Range<Int>, bytes: Int)] = [], chains: [Range<Int>] = []) {
    var blocks = Self.lives(of: program, chains)
    let owners = Self.shareInPlace(program, &blocks)
    let buffers = blocks.count
    for workspace in workspaces {
      blocks.append(
        Block(bytes: workspace.bytes, first: workspace.steps.lowerBound, last: workspace.steps.upperBound - 1))
    }
    let roots = blocks.indices.filter { $0 >= buffers || owners[$0] == $0 }
    // No order is best for every program: the largest first, the longest-lived first, in order of execution.
    let orders: [(Block, Block) -> Bool?] = [
      { $0.bytes != $1.bytes ? $0.bytes > $1.bytes : nil },
      { $0.bytes * $0.duration != $1.bytes * $1.duration ? $0.bytes * $0.duration > $1.bytes * $1.duration : nil },
      { $0.first != $1.first ? $0.first < $1.first : nil },
    ]
    alive = Self.alive(blocks, roots, steps: program.steps.count)
    lowerBound = (alive.max() ?? 0) + Self.slack
    let placed = Self.best(
      blocks, orders.map { order in roots.sorted { order(blocks[$0], blocks[$1]) ?? ($0 < $1) } },
      enough: lowerBound - Self.slack)
    offsets = (0..<buffers).map { placed.offsets[owners[$0]] }
    var places = [Int?](repeating: nil, count: program.steps.count)
    for (index, workspace) in workspaces.enumerated() {
      places[workspace.steps.lowerBound] = placed.offsets[buffers + index]
    }
    workspaceOffsets = places
    arenaBytes = placed.end + Self.slack
  }

  /// Memory that is needed from step `first` to step `last`, both included.
  private struct Block {
    var bytes: Int
    var first: Int
    var last: Int
    var duration: Int { last - first + 1 }
    init(bytes: Int, first: Int, last: Int) {
      self.bytes = (bytes + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
      self.first = first
      self.last = last
    }
  }

  /// The life of each buffer; one that no step touches takes no memory.
  private static func lives(of program: Program, _ chains: [Range<Int>]) -> [Block] {
    var blocks = program.buffers.map { Block(bytes: $0.byteCount, first: Int.max, last: -1) }
    var times = program.steps.indices.map { $0..<$0 + 1 }
    for chain in chains { for step in chain { times[step] = chain } }
    for (index, step) in program.steps.enumerated() {
      for id in step.reads + step.writes {
        blocks[id.index].first = min(blocks[id.index].first, times[index].lowerBound)
        blocks[id.index].last = max(blocks[id.index].last, times[index].upperBound - 1)
      }
    }
    // What a chain's steps hand each other.
    for id in chains.flatMap({ $0.dropLast().flatMap { program.steps[$0].writes } }) {
      blocks[id.index] = Block(bytes: 0, first: -1, last: -1)
    }
    for port in program.inputs {
      blocks[port.buffer.index].first = -1
    }
    for port in program.outputs { blocks[port.buffer.index].last = program.steps.count }
    for index in blocks.indices where blocks[index].first > blocks[index].last {
      blocks[index] = Block(bytes: 0, first: -1, last: -1)
    }
    return blocks
  }

  /// Joins outputs with operands that they may overwrite. Returns the block that each buffer lies in.
  private static func shareInPlace(_ program: Program, _ blocks: inout [Block]) -> [Int] {
    var owners = Array(blocks.indices)
    for (index, step) in program.steps.enumerated() {
      guard let output = step.writes.first?.index, step.writes.count == 1, blocks[output].first == index,
        owners[output] == output
      else { continue }
      for operand in step.inPlaceOperands {
        let owner = owners[operand.index]
        guard owner != output, blocks[owner].last == index, blocks[owner].first < index,
          program.buffers[operand.index].byteCount == program.buffers[output].byteCount
        else { continue }
        blocks[owner].last = blocks[output].last
        owners[output] = owner
        break
      }
    }
    return owners
  }

  private typealias Placement = (offsets: [Int], end: Int)

  /// The placement with the least end that is found: in one of the orders, or in one in which the block that ends last
  /// takes its place earlier, as often as that gains something or changes what ends last.
  private static func best(_ blocks: [Block], _ orders: [[Int]], enough: Int) -> Placement {
    var best: Placement = (blocks.map { _ in 0 }, .max)
    for order in orders {
      var order = order
      for _ in 0..<mostMoves {
        let placement = place(blocks, order)
        if placement.end < best.end { best = placement }
        guard best.end > enough,
          let last = order.firstIndex(where: {
            blocks[$0].bytes > 0 && placement.offsets[$0] + blocks[$0].bytes == placement.end
          }), last > 0
        else { break }
        order.insert(order.remove(at: last), at: last / 2)
      }
    }
    return best
  }

  private static let mostMoves = 60

  /// Each block in `order` into the smallest gap that it fits between those placed whose lives it meets.
  private static func place(_ blocks: [Block], _ order: [Int]) -> Placement {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed = Lives(steps: (blocks.map(\.last).max() ?? 0) + 1)
    var end = 0
    for index in order {
      let block = blocks[index]
      // What takes no memory is in nobody's way.
      guard block.bytes > 0 else { continue }
      let neighbours = placed.meeting(block.first...block.last)
        .sorted { (offsets[$0], $0) < (offsets[$1], $1) }
      var top = 0
      var best: (gap: Int, offset: Int)?
      for neighbour in neighbours {
        let gap = offsets[neighbour] - top
        if gap >= block.bytes, gap < best?.gap ?? .max { best = (gap, top) }
        top = max(top, offsets[neighbour] + blocks[neighbour].bytes)
      }
      offsets[index] = best?.offset ?? top
      end = max(end, offsets[index] + block.bytes)
      placed.insert(index, block.first...block.last)
    }
    return (offsets, end)
  }

  private static func alive(_ blocks: [Block], _ roots: [Int], steps: Int) -> [Int] {
    // Before the first step, at each, and after the last; then what the last ones end.
    var changes = [Int](repeating: 0, count: steps + 3)
    for root in roots {
      changes[blocks[root].first + 1] += blocks[root].bytes
      changes[blocks[root].last + 2] -= blocks[root].bytes
    }
    var alive = 0
    return changes.map { change in
      alive += change
      return alive
    }
  }
}
