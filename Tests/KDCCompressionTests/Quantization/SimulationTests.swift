import Foundation
import KDCCodegen
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCPasses
import KDCProgram
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

/// What the quantiser measures is what the device computes.
@Suite("Simulation and program")
struct SimulationTests {
  @Test("The quantiser's values are the program's, bit for bit", arguments: SimulationCase.all)
  func agree(_ test: SimulationCase) throws {
    var network = SimulationNetwork(seed: 11)
    test.build(&network)
    let check = try SimulationCheck(
      network.typed(), samples: network.samples(6), compared: 3, options: test.options, lower: lower)
    #expect(check.count > 2)
    let differences = check.differences.map { "\($0.value): \($0.largest)" }
    #expect(differences.isEmpty, "seed 11")
    let kinds = Set(check.program.steps.map { type(of: $0).kind })
    #expect(test.kinds.subtracting(kinds).isEmpty)
  }

  @Test("So they are in the quickstart pair's student", arguments: [8, 7, 4])
  func quickstart(_ bits: Int) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("bundles/quickstart")
    try agree(
      model: folder.appendingPathComponent("student.onnx").path, data: folder.appendingPathComponent("calib.npz").path,
      bits: bits)
  }

  @Test(
    "So they are in larger models",
    .enabled(if: SharedFolder.url != nil, "../shared is missing"),
    arguments: [
      ("pairs/concierge/student.onnx", "pairs/concierge/calib.npz"),
      ("pairs/fashion-resnet-tiny/mbv2-035.onnx", "pairs/fashion/calib.npz"),
      ("pairs/watch-gru/student.onnx", "pairs/watch-gru/calib.npz"),
      ("real/fer_mini_xception.onnx", "real/fer_mini_xception.calib.npz"),
      ("real/silero_vad_16k.onnx", "real/silero_vad_16k.calib.npz"),
    ])
  func larger(_ model: String, _ data: String) throws {
    guard let model = SharedFolder.path("models/" + model), let data = SharedFolder.path("models/" + data)
    else { return }
    for bits in [8, 7] { try agree(model: model, data: data, bits: bits) }
  }

  /// Compares on a few samples of a model as it is compiled, all activations at 7 bits with weights of 7.
  private func agree(model: String, data: String, bits: Int) throws {
    var graph = try ONNXImporter.load(path: model)
    try Passes.run(on: &graph)
    let arrays = Dictionary(uniqueKeysWithValues: try NumpyFile.read(data).map { ($0.key, $0.tensor) })
    let samples = try (0..<8).map { row in
      try graph.inputs.reduce(into: [String: Tensor]()) { sample, input in
        guard graph.initializers[input.name] == nil else { return }
        let all = try #require(arrays[input.name])
        let count = input.type.shape.count
        sample[input.name] = all.slice(row * count..<(row + 1) * count, as: input.type.shape)
      }
    }
    var options = Quantizer.Options()
    options.defaultWeightBits = bits
    if bits == 7 { options.narrowValues = Set(graph.inputs.map(\.name) + graph.nodes.flatMap(\.outputs)) }
    let check = try SimulationCheck(graph, samples: samples, compared: 2, options: options, lower: lower)
    #expect(check.count > 3)
    let differences = check.differences.map { "\($0.value): \($0.largest)" }
    #expect(differences.isEmpty, "\(model), \(bits) bits")
  }

  @Test("The program stays close to the float model", arguments: SimulationCase.all)
  func close(_ test: SimulationCase) throws {
    var network = SimulationNetwork(seed: 12)
    test.build(&network)
    let result = try Quantizer.quantize(network.typed(), samples: network.samples(16), options: test.options)
    for (name, exact) in result.floatOutputs {
      let pairs = zip(exact, try #require(result.quantizedOutputs[name])).flatMap { zip($0.asFloats, $1.asFloats) }
      let signal = pairs.reduce(0.0) { $0 + Double($1.0 * $1.0) }
      let noise = pairs.reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      #expect(10 * log10(signal / noise) > test.leastDecibels, "\(name), seed 12")
    }
  }

  @Test("A constant that is an output needs no samples, with weights of 4 bits tried or not")
  func constantOutput() throws {
    var network = SimulationNetwork(seed: 13)
    network.constant("priors", Tensor([5, 4], (0..<20).map { Float($0) }))
    network.conv("y", "x", 4)
    var graph = try network.typed()
    graph.outputs.append("priors")
    try graph.inferTypes()
    let samples = network.samples(32)
    let result = try Quantizer.quantize(graph, samples: samples, options: .init())
    #expect(result.quantizedOutputs["priors"]?.count == 32)
    #expect(result.quantizedOutputs["priors"]?.first?.floats == result.floatOutputs["priors"]?.first?.floats)
    let allocation = try BitAllocation.run(graph, samples: samples, bits: .auto(sizeLimit: nil), options: .init())
    #expect(allocation.decisions.count == 1)
  }

  @Test("Every node that has no steps is named")
  func withoutSteps() throws {
    var network = SimulationNetwork(seed: 14)
    // Their weights are computed.
    network.node("FusedConv", ["x", "x"], "a")
    network.node("FusedConv", ["x", "x"], "b")
    let graph = try network.typed()
    let samples = network.samples(2)
    let faults = #expect(throws: DiagnosticList.self) {
      try Quantizer.quantize(graph, samples: samples, options: .init())
    }
    #expect(faults?.all.map(\.id) == [.cannotLower, .cannotLower])
  }
}
