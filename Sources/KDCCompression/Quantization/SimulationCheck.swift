import KDCGraph
import KDCProgram
import KDCTensor

/// The values by which a quantiser chose a model's numbers beside those of the program that is built: a proof, for tests
/// and developers, that they are the same bits.
package struct SimulationCheck {
  /// Values that were compared.
  package private(set) var count = 0
  /// Values with a different bit in some sample, in the graph's order, and the largest difference.
  package private(set) var differences: [(value: String, largest: Float)] = []
  /// The program with every activation as an output.
  package let program: Program

  /// Quantises `graph` on all samples and compares on the first `compared` of them.
  ///
  /// - Parameter lower: gives the program of a quantised graph.
  package init(
    _ graph: Graph, samples: [[String: Tensor]], compared: Int, options: Quantizer.Options,
    lower: (Graph) throws -> Program
  ) throws {
    var options = options
    options.keptActivations = compared
    let result = try Quantizer.quantize(graph, samples: samples, options: options)
    var whole = result.graph
    let names = whole.nodes.flatMap(\.outputs).filter { result.activations[$0] != nil }
    whole.outputs += names.filter { !whole.outputs.contains($0) }
    program = try lower(whole)
    var interpreter = try Interpreter(program, threads: options.threads.count)
    var largest: [String: Float] = [:]
    count = names.count
    for (index, sample) in samples.prefix(compared).enumerated() {
      let outputs = try interpreter.run(sample)
      for name in names {
        guard let simulated = result.activations[name]?[index], let built = outputs[name],
          simulated.littleEndianBytes != built.littleEndianBytes
        else { continue }
        let difference = zip(simulated.asFloats, built.asFloats).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        largest[name] = max(largest[name] ?? 0, difference)
      }
    }
    differences = names.compactMap { name in largest[name].map { (name, $0) } }
  }
}
