import KDCKernels
import KDCProgram
import KDCTargets

extension KernelSelection {
  /// Joins steps to chains where the estimates gain by it: most in all, on one core and on all of them.
  mutating func join(_ program: Program, families: [any KernelFamily]) {
    let links = Self.links(of: program)
    let kernels = RowKernels(program, self, families: families)
    // The gain of the steps from each on, and the chain that begins there.
    var gains = [Double](repeating: 0, count: program.steps.count + 1)
    var found = [KernelChain?](repeating: nil, count: program.steps.count)
    for first in program.steps.indices.reversed() {
      gains[first] = gains[first + 1]
      var end = first + 1
      while end < program.steps.count, end - first < KernelChain.mostLinks, links[end] {
        end += 1
        guard let (chain, gain) = best(first..<end, kernels) else { continue }
        if gain + gains[end] > gains[first] { (gains[first], found[first]) = (gain + gains[end], chain) }
      }
    }
    var step = 0
    while step < found.count {
      guard let chain = found[step] else {
        step += 1
        continue
      }
      chains.append(chain)
      for (index, link) in zip(chain.steps, chain.links) { choices[index] = link.choice }
      step = chain.steps.upperBound
    }
  }

  /// Whether each step can be in a chain with the one before it: it is the only one to read that one's output, an image
  /// as the other wrote it.
  private static func links(of program: Program) -> [Bool] {
    var readers = [Int](repeating: 0, count: program.buffers.count)
    var writers = readers
    for step in program.steps {
      for id in step.reads { readers[id.index] += 1 }
      for id in step.writes { writers[id.index] += 1 }
    }
    for port in program.inputs + program.outputs { readers[port.buffer.index] += 2 }
    return program.steps.indices.map { index in
      guard index > 0, let from = program.steps[index - 1] as? ConvolutionStep,
        let to = program.steps[index] as? ConvolutionStep, from.output == to.input
      else { return false }
      let (a, b) = (from.geometry, to.geometry)
      return readers[to.input.index] == 1 && writers[to.input.index] == 1
        && (a.outputHeight, a.outputWidth, a.outputChannels) == (b.inputHeight, b.inputWidth, b.inputChannels)
    }
  }

  /// The chain of these steps with the band height that gains most, if one does.
  private func best(_ steps: Range<Int>, _ kernels: RowKernels) -> (chain: KernelChain, gain: Double)? {
    let program = kernels.program
    guard let rows = (program.steps[steps.upperBound - 1] as? ConvolutionStep)?.geometry.outputHeight, rows > 1 else {
      return nil
    }
    let cores = Double(max(target.cores, 1))
    let choices = Array(choices[steps])
    // On one core and on all.
    let apart = (cost(of: choices, 1), cost(of: choices, target.cores))
    var best: (chain: KernelChain, gain: Double)?
    for height in Self.heights where height <= rows {
      guard let chain = KernelChain(steps, height: height, kernels) else { continue }
      let traffic = chain.traffic(in: program, on: target)
      let one = apart.0 + traffic.apart - chain.cycles - traffic.joined
      let all = apart.1 - chain.cycles(threads: target.cores) + (traffic.apart - traffic.joined) / cores
      let gain = one + all * cores
      if one > Self.leastGain * apart.0, all > 0, gain > best?.gain ?? 0 { best = (chain, gain) }
      // A last link that reads a ring makes its rows one by one.
      if chain.links.last?.height != height { break }
    }
    return best
  }

  /// Rows of a band that are tried.
  private static let heights = [1, 2, 4, 8]
  /// Of the steps' cycles: a chain has code of its own.
  private static let leastGain = 0.01

  private func cost(of choices: [KernelChoice], _ threads: Int) -> Double {
    choices.reduce(0) { $0 + $1.cycles(threads: threads) }
  }
}

extension KernelChain {
  /// Cycles to write and read what lies between the links, as whole tensors and as rows, and to read weights again that
  /// bands of rows push out of the first cache. Bytes beyond it move at some 16 a cycle, those beyond the last at the
  /// memory's speed.
  func traffic(in program: Program, on target: Target) -> (apart: Double, joined: Double) {
    var apart = 0.0
    var joined = partBytes > target.l1Bytes ? 2 * Double(bytesBetween) / 16 : 0
    for link in links {
      let g = link.step.geometry
      if link.window != nil {
        let bytes = g.outputHeight * g.outputWidth * g.outputChannels
        let speed = bytes > target.l2Bytes ? target.dramBytesPerCycle : bytes > target.l1Bytes ? 16 : .infinity
        apart += 2 * Double(bytes) / speed
      }
      let weights = program.constants[link.step.weights.index].tensor.byteCount
      if weights > target.l1Bytes / 2 { joined += Double(weights * (link.choice.code.units - 1)) / 16 }
    }
    return (apart, joined)
  }
}
