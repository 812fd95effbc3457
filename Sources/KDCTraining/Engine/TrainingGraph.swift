import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// A graph that is run forward and backward, for `batch` samples at once.
///
/// Values carry the samples along their first dimension. A run uses one thread: chunks of a batch are what is spread over
/// threads (see `ChunkedGraph`), so that results do not depend on their number. Reverse-mode differentiation over a tape;
/// Griewank and Walther, "Evaluating Derivatives", 2008, chapter 3.
package struct TrainingGraph: Sendable {
  /// How layers work that differ in training.
  package enum Form: Sendable {
    case inference
    /// BatchNormalization takes mean and variance of the samples it is run on.
    case training
  }

  /// The graph with its types at `batch`.
  package let graph: Graph
  package let batch: Int
  let steps: [Step]
  /// Every value has a position: its index in the tape.
  let positions: [String: Int]
  /// Initializers at their positions.
  private let constants: [Tensor?]
  private let inputs: [ValueInfo]

  struct Step: Sendable {
    var op: any Operator
    /// Positions of the values; nil where an optional one is absent.
    var inputs: [Int?]
    var outputs: [Int?]
    /// Positions of values that no later step and no output reads.
    var lastUses: [Int]
    /// Whether each output is of a float type, so that a gradient can pass.
    var isFloat: [Bool]
  }

  /// Throws a `DiagnosticList` of nodes that cannot be decoded or typed, `InternalError` where the graph cannot be
  /// batched: see `TrainingGraph.batched`, which asks first.
  package init(_ graph: Graph, batch: Int = 1, form: Form = .inference) throws {
    var one = graph
    try one.inferTypes()
    guard let graph = batch == 1 ? one : one.batched(batch) else {
      throw InternalError("the graph cannot be run for \(batch) samples at once")
    }
    var positions: [String: Int] = [:]
    func position(_ name: String) -> Int? {
      guard !name.isEmpty else { return nil }
      if let known = positions[name] { return known }
      positions[name] = positions.count
      return positions.count - 1
    }
    for input in graph.inputs { _ = position(input.name) }
    var steps: [Step] = []
    for (node, lastUses) in zip(graph.nodes, graph.lastUses()) {
      steps.append(
        Step(
          op: try Self.decode(node, form), inputs: node.inputs.map(position), outputs: node.outputs.map(position),
          lastUses: lastUses.compactMap { positions[$0] },
          isFloat: node.outputs.map { graph.types[$0]?.dataType.isFloat ?? false }))
    }
    for output in graph.outputs { _ = position(output) }
    var constants = [Tensor?](repeating: nil, count: positions.count)
    for (name, tensor) in graph.initializers { if let at = positions[name] { constants[at] = tensor } }
    self.graph = graph
    self.batch = batch
    self.steps = steps
    self.positions = positions
    self.constants = constants
    inputs = graph.inputs.filter { graph.initializers[$0.name] == nil }
  }

  private static func decode(_ node: Node, _ form: Form) throws -> any Operator {
    let op = try Operators.decode(node)
    guard form == .training, let normalization = op as? BatchNormalization else { return op }
    return BatchStatistics(normalization)
  }

  /// Runs the graph forward.
  ///
  /// - Parameters:
  ///   - inputs: a tensor `[batch, …]` for each graph input.
  ///   - parameters: replace initializers of these names; of the same shapes.
  ///   - keeping: whether a backward run follows. Otherwise values are freed after their last use, except outputs.
  /// - Throws: KDC2012, KDC2014 or KDC2015 for inputs that do not fit; what an operator throws.
  package func forward(
    _ inputs: [String: Tensor], parameters: [String: Tensor] = [:], keeping: Bool = true
  ) throws -> Tape {
    var values = constants
    for input in self.inputs {
      let tensor = try input.value(in: inputs, file: graph.file)
      if let at = positions[input.name] { values[at] = tensor }
    }
    for (name, tensor) in parameters {
      guard let at = positions[name] else { continue }
      guard let own = constants[at], own.type == tensor.type else {
        throw InternalError("'\(name)' is no parameter \(tensor.type)")
      }
      values[at] = tensor
    }
    var results: [[Tensor]] = []
    for (index, step) in steps.enumerated() {
      let operands = step.inputs.map { $0.flatMap { values[$0] } }
      do {
        let found = try step.op.evaluate(operands)
        for (at, result) in zip(step.outputs, found) { if let at { values[at] = result } }
        if keeping { results.append(found) }
      } catch let fault as Diagnostic {
        throw fault.located(at: Place(file: graph.file, detail: graph.nodes[index].label))
      }
      if !keeping { for at in step.lastUses { values[at] = nil } }
    }
    return Tape(values: values, results: results, positions: positions)
  }
}
