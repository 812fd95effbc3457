import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCPasses
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct DependencyGroupsTests {
  /// Removes random units of every prunable group and compares with the graph whose consumers have zeros for them:
  /// the largest difference of an output, relative to its largest value.
  private func difference(_ graph: Graph, seed: UInt64) throws -> (worst: Float, removed: Int) {
    let groups = try DependencyGroups(graph)
    var generator = SeededGenerator(seed: seed)
    var units: [Int: Set<Int>] = [:]
    for index in groups.prunable {
      let count = groups.groups[index].count
      let gone = Int.random(in: 1...count - 1, using: &generator)
      units[index] = Set((0..<count).shuffled(using: &generator).prefix(gone))
    }
    let pruned = try groups.removing(units)
    let masked = try groups.masking(units)
    #expect(pruned.verify().isEmpty)
    let inputs = PruningGraphs.inputs(graph, seed: seed)
    let (found, wanted) = (
      try GraphEvaluator(pruned).run(inputs: inputs), try GraphEvaluator(masked).run(inputs: inputs)
    )
    var worst: Float = 0
    for name in graph.outputs {
      let (a, b) = (try #require(found[name]?.floats), try #require(wanted[name]?.floats))
      #expect(a.count == b.count)
      let largest = b.reduce(1e-3) { max($0, abs($1)) }
      for (p, q) in zip(a, b) where p != q { worst = max(worst, p.isFinite ? abs(p - q) / largest : .infinity) }
    }
    return (worst, units.values.reduce(0) { $0 + $1.count })
  }

  @Test(
    "A pruned graph gives the masked one's outputs, for every way channels depend on each other",
    arguments: PruningGraphs.blocks.indices)
  func everyBlock(index: Int) throws {
    let block = PruningGraphs.blocks[index]
    for (position, head) in PruningGraphs.heads.enumerated() {
      let seed = UInt64(100 * index + position + 1)
      var maker = PruningGraphs(seed: seed)
      let first = maker.conv("x", 5)
      head.build(&maker, block.build(&maker, first))
      let (worst, removed) = try difference(maker.graph, seed: seed)
      #expect(removed > 0, "\(block.name), \(head.name)")
      #expect(worst < 2e-5, "\(block.name), \(head.name), seed \(seed)")
    }
  }

  @Test("A pruned random graph gives the masked one's outputs", arguments: 1...40 as ClosedRange<UInt64>)
  func randomGraphs(seed: UInt64) throws {
    let (worst, _) = try difference(PruningGraphs.random(seed: seed), seed: seed)
    #expect(worst < 5e-5, "seed \(seed)")
  }

  static let students = [
    "models/pairs/quickstart/student.onnx", "models/pairs/fashion-cnn-fc/student.onnx",
    "models/pairs/fashion-resnet-tiny/mbv2-035.onnx", "models/pairs/concierge/student.onnx",
    "models/pairs/watch-gru/student.onnx", "models/pairs/concierge/teacher.onnx",
  ]

  @Test(
    "A pruned student gives the masked one's outputs", .enabled(if: SharedFolder.url != nil, "../shared is missing"),
    arguments: students)
  func pairs(path: String) throws {
    var graph = try ONNXImporter.load(path: #require(SharedFolder.path(path)))
    try Passes.run(on: &graph)
    let (worst, removed) = try difference(graph, seed: 7)
    #expect(removed > 0)
    #expect(worst < 5e-5)
  }

  // MARK: What the groups say

  private func group(_ graph: Graph, makes node: Int) throws -> DependencyGroups.Group {
    try #require(try DependencyGroups(graph).groups.first { $0.producers.contains { $0.node == node } })
  }

  @Test("The channels of a residual sum are one group with both producers")
  func residual() throws {
    var maker = PruningGraphs(seed: 1)
    let first = maker.conv("x", 5)
    let inner = maker.conv(first, 4)
    let sum = maker.conv(inner, 5, residual: first)
    PruningGraphs.heads[1].build(&maker, sum)
    let group = try group(maker.graph, makes: 0)
    #expect(group.count == 5)
    #expect(group.producers.map(\.node) == [0, 2])
    #expect(group.consumers.map(\.place.node) == [1, 4])
    #expect(group.pinned == nil)
  }

  @Test("A flattened channel is a run of inputs of the matrix behind it")
  func flattened() throws {
    var maker = PruningGraphs(seed: 1, input: [1, 3, 4, 5])
    let image = maker.conv("x", 6)
    PruningGraphs.heads[0].build(&maker, image)
    let group = try group(maker.graph, makes: 0)
    #expect(group.consumers.count == 1)
    #expect(group.consumers[0].place.runs[2] == [40..<60])
    #expect(group.consumers[0].activation?.runs[2] == [40..<60])
  }

  @Test("Depthwise filters pass channels on, and the group counts them once")
  func depthwise() throws {
    var maker = PruningGraphs(seed: 1)
    let wide = maker.conv("x", 6)
    let deep = maker.conv(wide, 6, group: 6)
    PruningGraphs.heads[1].build(&maker, maker.conv(deep, 4, kernel: 1))
    let groups = try DependencyGroups(maker.graph)
    let group = try group(maker.graph, makes: 0)
    #expect(group.passing.map(\.node).contains(1))
    #expect(group.consumers.map(\.place.node) == [2])
    let pruned = try groups.removing([0: [1, 4]])
    guard case .int(let count)? = pruned.nodes[1].attributes["group"] else {
      Issue.record("no group attribute")
      return
    }
    #expect(count == 4)
  }

  @Test("Channels that are graph outputs, or that an operator mixes, are pinned with the reason")
  func pinned() throws {
    var maker = PruningGraphs(seed: 1)
    let y = maker.conv("x", 6)
    let mixed = maker.node("Softmax", [y], ["axis": .int(1)])[0]
    PruningGraphs.heads[1].build(&maker, mixed)
    let groups = try DependencyGroups(maker.graph).groups
    #expect(groups.map(\.pinned) == ["Softmax '\(mixed)'", "graph output '\(maker.graph.outputs[0])'"])
  }

  @Test("Removing all channels of a group is KDC3201")
  func everything() throws {
    let groups = try DependencyGroups(PruningGraphs.random(seed: 3))
    let index = try #require(groups.prunable.first)
    let fault = #expect(throws: Diagnostic.self) {
      try groups.removing([index: Set(0..<groups.groups[index].count)])
    }
    #expect(fault?.id == .allChannelsRemoved)
  }
}
