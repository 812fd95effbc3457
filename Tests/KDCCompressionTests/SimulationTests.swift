import Foundation
import KDCCodegen
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor
import KDCTestSupport
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
    network.conv("a", "x", 4)
    network.node("GlobalAveragePool", ["a"], "p")
    network.node("Sum", ["a", "a", "p"], "s")
    network.conv("b", "s", 4)
    network.node("Sum", ["a", "p", "a"], "y")
    let graph = try network.typed()
    let samples = network.samples(2)
    let faults = #expect(throws: DiagnosticList.self) {
      try Quantizer.quantize(graph, samples: samples, options: .init())
    }
    #expect(faults?.all.map(\.id) == [.cannotLower, .cannotLower])
  }
}
