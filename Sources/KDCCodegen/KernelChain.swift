import KDCKernels
import KDCProgram
import KDCTargets

/// Consecutive convolutions that run as one step of the runtime: a band of the last one's output rows at a time, for
/// which the others make the rows that it needs in the part's workspace. What lies between them is never whole in memory.
package struct KernelChain: Sendable {
  /// A step of the chain, with what `kdc_link` says of it.
  package struct Link: Sendable {
    package var step: ConvolutionStep
    package var choice: KernelChoice
    /// Output rows of a unit of its kernel.
    package var height: Int
    /// Of the kernel's own workspace in that of the part.
    package var own = 0
    /// Where its output lies; nil for the last.
    package var window: Window?
  }

  /// Rows that wait for the next link.
  package struct Window: Sendable {
    /// In the part's workspace.
    package var offset = 0
    package var slots: Int
    package var slotBytes: Int
    /// The next link's padding where it takes a ring, else nil.
    package var padding: (top: Int, leftBytes: Int)?
    package var bytes: Int { slots * slotBytes }
  }

  /// Indices in the program.
  package var steps: Range<Int>
  package var links: [Link]
  /// Bytes of a part's workspace, whole cache lines.
  package private(set) var partBytes = 0

  package static let mostLinks = 3
  /// Bytes behind a window that vector loads may touch.
  private static let slack = 64

  /// Bands of `height` output rows of the last step; nil where a kernel does not work so.
  init?(_ steps: Range<Int>, height: Int, _ kernels: RowKernels) {
    self.steps = steps
    links = []
    var heightOfNext = height
    var next: ConvolutionStep?
    // From the last to the first: how many rows a link makes at a time follows from who reads them.
    for index in steps.reversed() {
      guard let step = kernels.program.steps[index] as? ConvolutionStep else { return nil }
      let readsRing = index > steps.lowerBound && !step.geometry.isPointwise
      let window = next.map { Self.window(for: $0, height: heightOfNext) }
      // A ring has room for one row; rows from a ring are made one by one, as it moves on.
      if window?.padding != nil || readsRing { heightOfNext = 1 }
      let rows = RowUnits(height: heightOfNext, ring: readsRing ? Self.ring(for: step.geometry) : nil)
      guard let choice = kernels.choice(of: index, rows) else { return nil }
      links.insert(Link(step: step, choice: choice, height: heightOfNext, window: window), at: 0)
      next = step
    }
    place()
  }

  private static func ring(for g: ConvolutionGeometry) -> RowRing {
    let columns = max((g.outputWidth - 1) * g.strideX + (g.kernelWidth - 1) * g.dilationX + 1, g.padLeft + g.inputWidth)
    return RowRing(
      rows: (g.kernelHeight - 1) * g.dilationY + 1, slotBytes: (columns * g.inputChannels + 15 + 15) / 16 * 16)
  }

  private static func window(for next: ConvolutionStep, height: Int) -> Window {
    let g = next.geometry
    if g.isPointwise { return Window(slots: height, slotBytes: g.inputWidth * g.inputChannels) }
    let ring = ring(for: g)
    return Window(
      slots: ring.rows, slotBytes: ring.slotBytes, padding: (top: g.padTop, leftBytes: g.padLeft * g.inputChannels))
  }

  private mutating func place() {
    func take(_ bytes: Int) -> Int {
      defer { partBytes += (bytes + 63) / 64 * 64 }
      return partBytes
    }
    for index in links.indices {
      if links[index].choice.code.workspaceBytes > 0 {
        links[index].own = take(links[index].choice.code.workspaceBytes)
      }
      if let bytes = links[index].window?.bytes { links[index].window?.offset = take(bytes + Self.slack) }
    }
  }
}

extension KernelChain {
  /// Bands of rows of the last link.
  package var units: Int { links.last?.choice.code.units ?? 1 }

  /// The chain's buffers as its kernel takes them, but the workspace.
  package var reads: [BufferID] { links.prefix(1).map(\.step.input) + links.compactMap(\.step.residual?.buffer) }
  package var writes: [BufferID] { links.suffix(1).map(\.step.output) }

  /// Bytes of the tensors that are not in memory.
  package var bytesBetween: Int {
    links.dropLast().reduce(0) {
      $0 + $1.step.geometry.outputHeight * $1.step.geometry.outputWidth * $1.step.geometry.outputChannels
    }
  }

  package var cycles: Double { links.reduce(0) { $0 + $1.choice.cycles } }

  /// What a part makes that the part before it makes as well.
  var repeatedCycles: Double {
    zip(links, links.dropFirst()).reduce(0) { sum, pair in
      let (link, next) = pair
      let rows = max(
        0, (next.step.geometry.kernelHeight - 1) * next.step.geometry.dilationY + 1 - next.step.geometry.strideY)
      return sum + link.choice.cycles * Double(rows) / Double(max(1, link.step.geometry.outputHeight))
    }
  }

  /// On the busiest of `threads` threads.
  func cycles(threads: Int) -> Double {
    let share = KernelCode.largestShare(of: units, threads)
    return cycles * share + (share < 1 ? repeatedCycles : 0)
  }

  /// For people: "one step with 'Conv_12', 2 rows at a time: 41 KB a thread in place of tensors of 1505 KB".
  package func note(for step: Int) -> String {
    let others = links.indices.filter { steps.lowerBound + $0 != step }.map { "'\(links[$0].step.name)'" }
    let height = links.last?.height ?? 1
    return "one step with \(others.joined(separator: ", ")), \(height == 1 ? "a row" : "\(height) rows") at a time: "
      + "\((partBytes + 1023) / 1024) KB a thread in place of tensors of \((bytesBetween + 1023) / 1024) KB"
  }
}
