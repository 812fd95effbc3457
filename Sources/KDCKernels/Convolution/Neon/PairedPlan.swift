import KDCProgram
import KDCTargets

/// How a convolution is added up by paired products in 16-bit lanes, proved from its weights and from the values
/// that its input can hold.
///
/// A lane collects products mod 2^16. Once the sum of a·a′ is taken off, which the kernel starts from, it holds
/// Σ a·w + Σ w·w′ over its columns: wherever that fits int16 for all inputs, wrapping on the way is harmless. A group is
/// what a lane holds before it is widened to 32 bits.
struct PairedPlan {
  let blocks: PairedBlocks
  let runs: Int
  /// Blocks of 32 in a group; 0 where one group holds everything.
  let groupBlocks: Int

  /// Groups of `groupBlocks` in a run, and what remains of it for one more.
  var wholeGroups: Int { groupBlocks > 0 ? blocks.full / groupBlocks : 0 }
  var restBlocks: Int { groupBlocks > 0 ? blocks.full % groupBlocks : blocks.full }
  var hasRest: Bool { restBlocks > 0 || blocks.hasHalf || blocks.plain > 0 }
  /// Of an output pixel.
  var groups: Int { groupBlocks > 0 ? runs * (wholeGroups + (hasRest ? 1 : 0)) : 1 }

  /// More blocks than this are not unrolled.
  static let mostBlocks = 6

  init(_ step: ConvolutionStep, in program: Program) throws(Refusal) {
    let g = step.geometry
    let runs = ConvolutionRuns(g)
    guard g.groups == 1, runs.columns == 1 else {
      throw Refusal("rows of the window are not contiguous")
    }
    let blocks = PairedBlocks(length: runs.length)
    guard blocks.pairedLength > 0 else {
      throw Refusal("fewer than 16 contiguous values to pair")
    }
    let (a, weights) = try Self.narrow(step, in: program)
    self.blocks = blocks
    self.runs = runs.rows
    var candidates = blocks.full <= Self.mostBlocks ? [0] : []
    for count in 1...max(blocks.full, 1) {
      let size = (blocks.full + count - 1) / count
      if (1...Self.mostBlocks).contains(size), candidates.last != size { candidates.append(size) }
    }
    if candidates.last != 1, blocks.full > 0 { candidates.append(1) }
    let bounds = LaneBounds(weights, rows: g.outputChannels, runs: runs.rows, blocks: blocks, values: a)
    guard let found = candidates.first(where: bounds.fit) else {
      throw Refusal("sums of its smallest groups can leave int16")
    }
    groupBlocks = found
  }

  /// The values that the step's input can hold, padding included, and its weights, if their sums fit int8.
  static func narrow(
    _ step: ConvolutionStep, in program: Program
  ) throws(Refusal) -> (input: ClosedRange<Int>, weights: [Int8]) {
    guard program.constants.indices.contains(step.weights.index),
      case .int8(let weights) = program.constants[step.weights.index].tensor.elements
    else { throw Refusal("the weights are not int8") }
    var input = program.ranges[step.input]
    let g = step.geometry
    if !g.isPointwise { input = input.union(step.inputZeroPoint...step.inputZeroPoint) }
    guard input.upperBound - input.lowerBound < 255 else { throw Refusal("the input has 8 bits") }
    let low = Int(min(weights.min() ?? 0, 0))
    let high = Int(max(weights.max() ?? 0, 0))
    guard input.lowerBound + low >= -128, input.upperBound + high <= 127 else {
      throw Refusal(
        "inputs in \(input.lowerBound)...\(input.upperBound) plus weights in \(low)...\(high) leave int8")
    }
    return (input, weights)
  }
}

/// For each output channel, run, block and lane: the least and the largest value of Σ a·w + Σ w·w′.
private struct LaneBounds {
  let runs: Int
  let blocks: PairedBlocks
  let rows: Int
  private var low: [Int32]
  private var high: [Int32]

  /// Blocks of a run, whatever their kind.
  private var perRun: Int { blocks.full + (blocks.hasHalf ? 1 : 0) + (blocks.plain > 0 ? 1 : 0) }

  init(_ weights: [Int8], rows: Int, runs: Int, blocks: PairedBlocks, values a: ClosedRange<Int>) {
    self.runs = runs
    self.blocks = blocks
    self.rows = rows
    low = []
    high = []
    let count = rows * runs * perRun * 8
    (low, high) = (.init(repeating: 0, count: count), .init(repeating: 0, count: count))
    let (length, perRun) = (blocks.length, perRun)
    let (least, most) = (Int32(a.lowerBound), Int32(a.upperBound))
    let partners = (0..<blocks.length).map { blocks.partner(of: $0) ?? -1 }
    let cells = (0..<blocks.length).map { k in
      (k < blocks.full * 32 ? k / 32 : k < blocks.pairedLength ? blocks.full : perRun - 1) * 8 + k % 8
    }
    weights.withUnsafeBufferPointer { weights in
      low.withUnsafeMutableBufferPointer { low in
        high.withUnsafeMutableBufferPointer { high in
          for run in 0..<(rows * runs) {
            let (from, to) = (run &* length, run &* perRun &* 8)
            for k in 0..<length {
              let w = Int32(weights[from &+ k])
              let cell = to &+ cells[k]
              var (first, last) = (w &* least, w &* most)
              if first > last { swap(&first, &last) }
              if partners[k] > k {
                let product = w &* Int32(weights[from &+ partners[k]])
                first &+= product
                last &+= product
              }
              low[cell] &+= first
              high[cell] &+= last
            }
          }
        }
      }
    }
  }

  /// Whether the lanes hold groups of `size` blocks; 0: everything.
  func fit(_ size: Int) -> Bool {
    let whole = size > 0 ? blocks.full / size * size : 0
    for row in 0..<rows {
      for lane in 0..<8 {
        var (l, h) = (0, 0)
        for run in 0..<runs {
          for block in 0..<perRun {
            let starts = size > 0 ? block < whole ? block % size == 0 : block == whole : run == 0 && block == 0
            if starts { (l, h) = (0, 0) }
            let cell = ((row * runs + run) * perRun + block) * 8 + lane
            l += Int(low[cell])
            h += Int(high[cell])
            // What a lane holds before the end of its group may wrap.
            if l < -32768 || h > 32767, isEnd(block, run: run, size: size, whole: whole) { return false }
          }
        }
      }
    }
    return true
  }

  private func isEnd(_ block: Int, run: Int, size: Int, whole: Int) -> Bool {
    if size == 0 { return run == runs - 1 && block == perRun - 1 }
    return block < whole ? block % size == size - 1 : block == perRun - 1
  }
}
