import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite struct PrunerTests {
  struct RandomSamples: SampleSource {
    let graph: Graph
    let count: Int
    func sample(_ index: Int) -> [String: Tensor] { PruningGraphs.inputs(graph, seed: UInt64(index) + 1) }
  }

  /// Two convolutions, a mean and a head of classes.
  private func network(_ seed: UInt64 = 5) -> Graph {
    var maker = PruningGraphs(seed: seed)
    let first = maker.conv("x", 12)
    let last = maker.conv(maker.conv(first, 16, stride: 2), 14)
    let mean = maker.node("GlobalAveragePool", [last])[0]
    maker.graph.outputs = [maker.gemm(maker.node("Flatten", [mean])[0], 5)]
    return maker.graph
  }

  private func targets(_ graph: Graph, _ samples: any SampleSource) throws -> DistillationTargets {
    let heads = graph.outputs.map { Head(name: $0, shape: graph.types[$0]?.shape ?? [], labels: nil, output: .logits) }
    var answers: [String: [[Float]]] = [:]
    let evaluator = try GraphEvaluator(graph)
    for index in 0..<samples.count {
      for (name, tensor) in try evaluator.run(inputs: samples.sample(index)) {
        answers[name, default: []].append(tensor.floats ?? [])
      }
    }
    // Another network teaches: where it agrees with the student everywhere, no channel matters.
    var generator = SeededGenerator(seed: 77)
    let teacher = answers.mapValues { $0.map { $0.map { $0 + Float.random(in: -1...1, using: &generator) } } }
    return try DistillationTargets(heads: heads, teacher: teacher, student: answers)
  }

  private func prune(
    _ graph: Graph, _ goal: Pruner.Goal, change: (inout Pruner.Options) -> Void = { _ in }
  ) throws -> Pruner.Result {
    let samples = RandomSamples(graph: graph, count: 64)
    var options = Pruner.Options()
    options.steps = 4
    change(&options)
    return try Pruner.run(
      graph, samples: samples, targets: targets(graph, samples), goal: goal, options: options)
  }

  @Test("A share of the MACs is removed to within 5 % below the limit", arguments: [0.3, 0.5, 0.7])
  func share(removed: Double) throws {
    let graph = network()
    let result = try prune(graph, .macs(of: graph, removing: removed))
    let limit = (1 - removed) * Double(graph.macs)
    #expect(result.reached)
    #expect(Double(result.graph.macs) <= limit)
    #expect(Double(result.graph.macs) >= 0.95 * limit)
    #expect(result.graph.verify().isEmpty)
    #expect(result.unreconstructed.macs == result.graph.macs)
    #expect(result.groups.map(\.before) == [12, 16, 14])
    #expect(result.groups.allSatisfy { $0.after >= 2 && $0.after <= $0.before })
  }

  @Test("A share of the channels is removed")
  func width() throws {
    let graph = network()
    let result = try prune(graph, .channels(of: graph, removing: 0.5))
    #expect(result.after <= 21 && result.after >= 20)
  }

  @Test("Widths are left that the target's tiles are made for")
  func alignment() throws {
    let graph = network()
    let result = try prune(graph, .macs(of: graph, removing: 0.5)) {
      $0.alignment = 4
      $0.minimumChannels = 4
    }
    #expect(result.groups.allSatisfy { $0.after % 4 == 0 || $0.after == $0.before })
  }

  @Test("A limit out of reach is said to be, and the smallest network is given")
  func outOfReach() throws {
    let graph = network()
    let result = try prune(graph, .macs(of: graph, removing: 0.999))
    #expect(!result.reached)
    #expect(result.groups.allSatisfy { $0.after == 2 })
  }

  @Test("The result is the same with one and with two threads")
  func threads() throws {
    let graph = network()
    let results = try [1, 2].map { threads in
      try prune(graph, .macs(of: graph, removing: 0.5)) { $0.threads = Threads(threads) }
    }
    #expect(results[0].graph.initializers.mapValues(\.floats) == results[1].graph.initializers.mapValues(\.floats))
  }

  /// The network with a second convolution whose weights are a product of rank 2.
  private func withRankTwo() throws -> Graph {
    var graph = network()
    let name = graph.nodes[1].inputs[1]
    let tensor = try #require(graph.initializers[name])
    let depth = tensor.count / tensor.shape[0]
    var generator = SeededGenerator(seed: 3)
    let left = (0..<tensor.shape[0] * 2).map { _ in Float.random(in: -1...1, using: &generator) }
    let right = (0..<2 * depth).map { _ in Float.random(in: -0.3...0.3, using: &generator) }
    let values = (0..<tensor.count).map { index in
      left[index / depth * 2] * right[index % depth] + left[index / depth * 2 + 1] * right[depth + index % depth]
    }
    graph.initializers[name] = Tensor(tensor.shape, values)
    return graph
  }

  @Test("A layer of low rank is factored where that beats pruning at the same cost, and the decision is recorded")
  func lowRank() throws {
    let graph = try withRankTwo()
    let plain = try prune(graph, .macs(of: graph, removing: 0.5))
    let tried = try prune(graph, .macs(of: graph, removing: 0.5)) { $0.lowRank = LowRank.Options() }
    #expect(tried.lossAfter < plain.lossAfter)
    let accepted = tried.lowRank.filter(\.accepted)
    #expect(accepted.contains { $0.layer == graph.nodes[1].name })
    #expect(tried.graph.nodes.count == graph.nodes.count + accepted.count)
    #expect(tried.unfactored?.nodes.count == graph.nodes.count)
    #expect(Double(tried.graph.macs) <= 0.5 * Double(graph.macs))
  }

  @Test("Factored layers that are no better than pruning are not kept, and say so", arguments: [5, 6, 7])
  func fullRank(seed: UInt64) throws {
    let graph = network(seed)
    let plain = try prune(graph, .macs(of: graph, removing: 0.3))
    let tried = try prune(graph, .macs(of: graph, removing: 0.3)) { $0.lowRank = LowRank.Options() }
    #expect(tried.lossAfter <= plain.lossAfter)
    #expect(!tried.lowRank.isEmpty)
    #expect((tried.unfactored == nil) == !tried.lowRank.contains(where: \.accepted))
    for decision in tried.lowRank {
      #expect(decision.accepted == (decision.loss < decision.lossBefore ?? .infinity), "\(decision)")
    }
  }

  @Test("Between steps the graph is trained with the channels that are left, and after the last step it is not")
  func training() throws {
    let graph = network()
    var seen: [(step: Int, widths: [Int], kept: [Int])] = []
    let result = try prune(graph, .macs(of: graph, removing: 0.5)) {
      $0.train = { graph, kept, step in
        let layers = graph.nodes.filter { $0.opType == "FusedConv" }
        let widths = layers.compactMap { graph.types[$0.outputs[0]]?.shape[1] }
        seen.append((step, widths, layers.indices.map { kept[layers[$0].outputs[0]]?.count ?? widths[$0] }))
        return graph
      }
    }
    #expect(seen.map(\.step) == [1, 2, 3])
    for step in seen { #expect(step.widths == step.kept) }
    let totals: [Int] = seen.map { $0.widths.reduce(0, +) }
    let falling: [Int] = totals.sorted(by: >)
    #expect(totals == falling)
    #expect(result.reached)
  }

  /// A wide and a narrow pair of layers; of the wide hidden channels the last `dead` make nothing or are read by nothing.
  private func withDeadChannels(_ dead: Int, cleared: String) throws -> Graph {
    var maker = PruningGraphs(seed: 9)
    let wide = maker.conv("x", 8)
    let back = maker.conv(wide, 12)
    let narrow = maker.conv(back, 16, kernel: 1)
    let mean = maker.node("GlobalAveragePool", [maker.conv(narrow, 6, kernel: 1)])[0]
    maker.graph.outputs = [maker.gemm(maker.node("Flatten", [mean])[0], 5)]
    let name = maker.graph.nodes[cleared == "filters" ? 0 : 1].inputs[1]
    let tensor = try #require(maker.graph.initializers[name])
    var values = try #require(tensor.floats)
    let inner = tensor.shape.dims[2...].reduce(1, *)
    for index in values.indices {
      let channel = cleared == "filters" ? index / (inner * tensor.shape[1]) : index / inner % tensor.shape[1]
      if channel >= 8 - dead { values[index] = 0 }
    }
    maker.graph.initializers[name] = Tensor(tensor.shape, values)
    return maker.graph
  }

  @Test(
    "No living channel goes while dead ones are enough", arguments: [("filters", 1), ("columns", 1), ("columns", 8)],
    [0.02, 0.05, 0.3])
  func deadFirst(kind: (cleared: String, alignment: Int), removed: Double) throws {
    let graph = try withDeadChannels(4, cleared: kind.cleared)
    let result = try prune(graph, .macs(of: graph, removing: removed)) { $0.alignment = kind.alignment }
    #expect(result.reached)
    #expect(result.groups.map { $0.before - $0.after }.dropFirst().allSatisfy { $0 == 0 })
    let kept = result.kept[graph.nodes[0].outputs[0]] ?? Array(0..<8)
    #expect(Set(0..<4).isSubset(of: kept))
  }

  // MARK: Importance

  /// The network with channel 3 of the first convolution read by nobody.
  private func withUselessChannel() throws -> Graph {
    var graph = network()
    let weights = graph.nodes[1].inputs[1]
    let tensor = try #require(graph.initializers[weights])
    var values = try #require(tensor.floats)
    let inner = tensor.shape[2] * tensor.shape[3]
    for index in values.indices where index / inner % tensor.shape[1] == 3 { values[index] = 0 }
    graph.initializers[weights] = Tensor(tensor.shape, values)
    return graph
  }

  private static let measures: [(String, any ChannelImportance)] = [
    ("magnitude", MagnitudeImportance()), ("Taylor", TaylorImportance()), ("Fisher", FisherImportance()),
  ]

  @Test("A channel that nobody reads has no importance, and others have", arguments: measures.indices)
  func useless(index: Int) throws {
    let graph = try withUselessChannel()
    let samples = RandomSamples(graph: graph, count: 40)
    let data = ImportanceData(
      samples: samples, indices: Array(0..<40), objective: DistillationLoss(try targets(graph, samples)), threads: 1)
    let groups = try DependencyGroups(graph)
    let (name, measure) = Self.measures[index]
    let scores = try #require(try measure.scores(of: groups, among: [0], on: data)[0])
    #expect(scores.count == 12)
    #expect(scores.allSatisfy { $0 >= 0 })
    // Magnitude sees the filter that still makes the channel.
    if name == "magnitude" {
      #expect(scores.filter { $0 < scores[3] }.count <= 3)
    } else {
      #expect(scores[3] == 0)
      #expect(scores.filter { $0 > 0 }.count >= 10)
    }
  }

  @Test("Gates are the derivatives of the loss with respect to a factor on the channel")
  func gates() throws {
    let graph = network()
    let samples = RandomSamples(graph: graph, count: 1)
    let loss = DistillationLoss(try targets(graph, samples))
    let groups = try DependencyGroups(graph)
    let data = ImportanceData(samples: samples, indices: [0], objective: loss, threads: 1)
    let scores = try #require(try TaylorImportance().scores(of: groups, among: [1], on: data)[1])
    let consumer = try #require(groups.groups[1].consumers.first?.place)
    func value(unit: Int, factor: Float) throws -> Double {
      var changed = graph
      let tensor = try #require(graph.initializers[consumer.initializer])
      var values = try #require(tensor.floats)
      let inner = tensor.shape.dims[(consumer.axis + 1)...].reduce(1, *)
      for at in values.indices where at / inner % tensor.shape[consumer.axis] == unit { values[at] *= factor }
      changed.initializers[consumer.initializer] = Tensor(tensor.shape, values)
      let training = try TrainingGraph(changed)
      return try loss.evaluate(training.forward(samples.batch([0])), samples: [0], factor: 1).loss
    }
    for unit in [0, 5, 11] {
      let slope = try (value(unit: unit, factor: 1.02) - value(unit: unit, factor: 0.98)) / 0.04
      #expect(abs(abs(slope) - scores[unit]) < 0.03 * scores[unit] + 1e-4, "unit \(unit)")
    }
  }
}
