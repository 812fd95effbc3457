import KDCBundle
import KDCCodegen
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTargets
import KDCTensor

/// A quantised graph and how it was made.
struct QuantizedModel: Sendable {
  var graph: Graph
  /// nil where it stays float.
  var method: RangeMethod?
  /// Calibration samples that were used.
  var samples = 0
  /// Bits of each layer's weights, where they were chosen.
  var decisions: [LayerDecision] = []
  /// Activations with 7 bits, and those that were considered.
  var narrow: [NarrowSearch.Decision] = []
  /// Layers that stay float, and why.
  var float: [String: String] = [:]
  /// Layers whose output channels were scaled, in the graph's order, and why.
  var equalized: [(layer: String, reason: String)] = []
  /// What the limit of the loss has cost; nil where all-int8 was within it, or nothing was promised.
  var precision: PrecisionSearch.Outcome?
  /// The model's file gives the int8 form.
  var isFromFile = false
  /// Of such a model: layers whose weights had to be rounded anew, and why.
  var rounded: [String: String] = [:]
}

extension Compiler {
  /// `graph` with int8 ranges and weights from the calibration samples; nil where it stays float.
  func quantize(_ graph: Graph) throws -> QuantizedModel? {
    if let model = try quantizeAsInFile(graph) { return model }
    guard request.activations == .int8, let data = inputs.calibration else { return nil }
    let count = min(data.count, try Quantizer.sampleLimit(for: graph, bytes: 1 << 30), 1024)
    let samples = try (0..<count).map { try data.sample($0) }
    var options = Quantizer.Options()
    options.threads = request.threads
    var graph = graph
    var equalized: [(layer: String, reason: String)] = []
    if let scaled = try ChannelEqualization.outputs(of: graph, samples: samples, threads: request.threads) {
      graph = scaled.graph
      equalized += scaled.layers.map {
        ($0, "channels of an output differ in size: each is dequantised with its own scale")
      }
    }
    // Range methods are only tried one after the other where that takes seconds.
    let methods: [RangeMethod] =
      graph.macs * count < 8_000_000_000 ? [.meanSquaredError, .minMax, .percentile] : [.meanSquaredError]
    var best: (result: Quantizer.Result, method: RangeMethod, distance: Double)?
    let teacher = methods.count > 1 ? try teacherOutputs(on: samples) : nil
    for method in methods {
      options.rangeMethod = method
      let result = try Quantizer.quantize(graph, samples: samples, options: options)
      let distance = OutputDistance.mean(result, teacher: teacher, outputs: graph.outputs, types: graph.types)
      progress.detail("ranges by \(method.rawValue): distance \(distance)")
      if distance < best?.distance ?? .infinity || best == nil { best = (result, method, distance) }
    }
    guard var best else { throw InternalError("no range method was tried") }
    options.rangeMethod = best.method
    if let even = try ChannelEqualization.betweenLayers(
      of: graph, samples: samples, options: options, progress: { progress.detail($0) })
    {
      graph = even.graph
      equalized += even.layers.map { ($0, even.reason) }
      best.result = try Quantizer.quantize(graph, samples: samples, options: options)
    }
    options.floatNodes = try slowLayers(of: best.result.graph) { float in
      options.floatNodes = float
      return try Quantizer.quantize(graph, samples: Array(samples.prefix(1)), options: options).graph
    }
    let precision: PrecisionSearch.Outcome?
    (options, best.result, precision) = try preciseLayers(graph, samples, best.result, options)
    // Where int8 broke the limit, 7 bits must leave as much room as the layers in float do.
    let share = precision == nil ? 1 : PrecisionSearch.aim(samples: count)
    let search = try narrowSearch(
      graph, samples, options, exact: best.result.graph, lossLimit: request.lossToKeep.map { $0 * share })
    let narrow = search?.decisions ?? []
    options = search?.options ?? options
    guard request.weights != .int8 else {
      options.ranges = best.result.ranges
      try checkSimulation(graph, samples, options)
      let result =
        narrow.contains(where: \.accepted)
        ? try Quantizer.quantize(graph, samples: samples, options: options).graph : best.result.graph
      return QuantizedModel(
        graph: result, method: best.method, samples: count, narrow: narrow, float: options.floatNodes,
        equalized: equalized, precision: precision)
    }
    let limit = try request.budget.size.map { try Int($0) - Self.bytesBesideWeights(of: best.result.graph) }
    let allocation = try BitAllocation.run(
      graph, samples: samples, bits: request.weights == .int4 ? .int4 : .auto(sizeLimit: limit.map { max($0, 1) }),
      options: options
    ) { progress.detail($0) }
    for decision in allocation.decisions {
      progress.detail("'\(decision.node)' \(decision.bits) bits: \(decision.reason)")
      if decision.bits == 4 { options.weightBits[decision.node] = 4 }
    }
    try checkSimulation(graph, samples, options)
    return QuantizedModel(
      graph: allocation.result.graph, method: best.method, samples: count, decisions: allocation.decisions,
      narrow: narrow, float: options.floatNodes, equalized: equalized, precision: precision)
  }

  /// `options` with the layers that stay float for what the outputs lose by int8, and what that makes of `result`, which was made
  /// without any.
  private func preciseLayers(
    _ graph: Graph, _ samples: [[String: Tensor]], _ result: Quantizer.Result, _ options: Quantizer.Options
  ) throws -> (options: Quantizer.Options, result: Quantizer.Result, precision: PrecisionSearch.Outcome?) {
    func quantized(_ options: Quantizer.Options) throws -> Quantizer.Result {
      options.floatNodes.isEmpty ? result : try Quantizer.quantize(graph, samples: samples, options: options)
    }
    guard let limit = request.lossToKeep else {
      var options = options
      if request.maxLoss != .none {
        options.floatNodes = try FloatFallback.nodes(graph, samples: samples, result: result, options: options) {
          progress.detail($0)
        }
      }
      return (options, try quantized(options), nil)
    }
    let result = try quantized(options)
    // What is fastest on one target is hardly slow on the others: the slowest decides.
    let times = try request.targets.map { try layerSeconds(of: result.graph, on: [$0]).values.reduce(0, +) }
    let slowest = zip(request.targets, times).max { $0.1 < $1.1 }.map { [$0.0] }
    let found = try PrecisionSearch.run(
      graph, samples: samples, result: result, options: options, limit: limit,
      cost: { try layerSeconds(of: $0, on: slowest) },
      progress: { progress.detail($0) })
    return (found?.options ?? options, found?.result ?? result, found)
  }

  /// Where asked for: throws where the program has another value than the quantiser in one of a few samples.
  private func checkSimulation(
    _ graph: Graph, _ samples: [[String: Tensor]], _ options: Quantizer.Options
  ) throws {
    guard request.checksSimulation else { return }
    let check = try SimulationCheck(graph, samples: samples, compared: 4, options: options, lower: lower)
    guard let first = check.differences.first else {
      return progress.detail("the program has the quantiser's values, all \(check.count) of them")
    }
    throw InternalError(
      "the program's '\(first.value)' is up to \(first.largest) from what the quantiser saw, and "
        + "\(check.differences.count - 1) more of \(check.count) values differ")
  }

  /// Layers that int8 would make slower on the targets, conversions counted: they stay float. `quantized` gives the graph
  /// with these layers in float.
  func slowLayers(
    of graph: Graph, _ quantized: ([String: String]) throws -> Graph
  ) throws -> [String: String] {
    let program = try lower(graph)
    var (gains, before): ([String: Double], Double) = ([:], 0)
    for target in request.targets {
      for (step, choice) in zip(
        program.steps, try KernelSelection(for: program, on: target, memory: request.budget.arenaBytes).choices)
      {
        before += choice.cycles / (target.gigahertz * 1e9)
        guard let float = KernelSelection.floatCycles(of: step, in: program, on: target) else { continue }
        gains[step.name, default: 0] += (choice.cycles - float) / (target.gigahertz * 1e9)
      }
    }
    let keys = graph.nodes.map(\.key).filter { gains[$0] ?? 0 > 0 }
    let reason = "int8 would be slower on the targets, by the cost model"
    let slow = Dictionary(keys.map { ($0, reason) }, uniquingKeysWith: { first, _ in first })
    guard !slow.isEmpty else { return [:] }
    return try layerSeconds(of: quantized(slow)).values.reduce(0, +) < before ? slow : [:]
  }

  /// Estimated time of one inference by `Node.key`, summed over `targets` (all where nil).
  private func layerSeconds(of graph: Graph, on targets: [Target]? = nil) throws -> [String: Double] {
    let program = try lower(graph)
    return try (targets ?? request.targets).reduce(into: [:]) { seconds, target in
      let selection = try KernelSelection(for: program, on: target, memory: request.budget.arenaBytes)
      for (step, choice) in zip(program.steps, selection.choices) {
        seconds[step.name, default: 0] += choice.cost / (target.gigahertz * 1e9)
      }
    }
  }

  /// Which activations and weights get 7 bits; nil where no target gains by that.
  func narrowSearch(
    _ graph: Graph, _ samples: [[String: Tensor]], _ options: Quantizer.Options, exact: Graph, lossLimit: Double?
  ) throws -> NarrowSearch? {
    let targets = request.targets.filter { $0.has(.neon) }
    guard request.arithmetic != .exact, !targets.isEmpty else { return nil }
    return try NarrowSearch(
      graph, samples: samples, options: options, exact: exact, mode: request.arithmetic == .fast ? .fast : .auto,
      lossLimit: lossLimit,
      cost: { try layerSeconds(of: $0, on: targets) }, progress: { progress.detail($0) })
  }

  /// What a bundle of the graph holds besides weights and machine code.
  private static func bytesBesideWeights(of graph: Graph) throws -> Int {
    let program = try lower(graph)
    var streams = ContainerWriter()
    for stream in program.constantStreams { try streams.add(.constant, program.storedBytes(of: stream)) }
    return try ModelEstimate.size(of: program) - streams.storedConstantBytes
  }

  /// The teacher's outputs on samples, by output and sample; nil where there is no model of a teacher.
  func teacherOutputs(on samples: [[String: Tensor]]) throws -> [String: [Tensor]]? {
    guard let teacher = inputs.teacher else { return nil }
    let found = try teacher.run(samples.count, threads: request.threads) { samples[$0] }
    return Dictionary(
      uniqueKeysWithValues: teacher.outputs.map { output in (output.name, found.compactMap { $0[output.name] }) })
  }
}
