import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCProgram
import KDCTensor
import Testing

/// One operator application as tests write it; decodes, infers and evaluates, and checks that both agree.
struct OperatorCase {
  var node: Node

  init(_ opType: String, domain: String = "", opset: Int = 17, _ attributes: [String: Attribute] = [:]) {
    node = Node(name: "n", opType: opType, domain: domain, opset: opset, inputs: [], outputs: ["y"])
    node.attributes = attributes
  }

  /// Inferred types for inputs whose values are all known.
  func types(_ inputs: [Tensor?]) throws -> [TensorType] {
    try Operators.decode(node).outputTypes(inputs.map { $0.map { OperatorInput(type: $0.type, constant: $0) } })
  }

  /// Outputs; records an issue if their types are not the inferred ones, or depend on the number of threads.
  func run(_ inputs: [Tensor?]) throws -> [Tensor] {
    let op = try Operators.decode(node)
    let outputs = try op.evaluate(inputs)
    #expect(try types(inputs) == outputs.map(\.type))
    if let op = op as? any ParallelOperator {
      let threaded = try op.evaluate(inputs, threads: 3)
      #expect(zip(outputs, threaded).allSatisfy { $0.floats == $1.floats })
    }
    return outputs
  }

  /// Outputs of the program that computes the operator: of inputs that are computed from data, but those of `constants`.
  func lowered(_ inputs: [Tensor?], constants: Set<Int> = []) throws -> [Tensor] {
    var (node, given, values) = (node, [ValueInfo](), [String: Tensor]())
    var graph = Graph(name: "g", opset: node.opset, inputs: [], outputs: [], nodes: [])
    node.inputs = inputs.indices.map { inputs[$0] == nil ? "" : "x\($0)" }
    for (index, input) in inputs.enumerated() {
      guard let input else { continue }
      if constants.contains(index) {
        graph.initializers["x\(index)"] = input
      } else {
        given.append(ValueInfo(name: "x\(index)", type: input.type))
        values["x\(index)"] = input
      }
    }
    (graph.inputs, graph.outputs, graph.nodes) = (given, node.outputs, [node])
    let known = try graph.inferTypes()
    var lowering = Lowering(graph, constants: known)
    try lowering.lower(node)
    try lowering.finish()
    var interpreter = try Interpreter(lowering.program)
    let results = try interpreter.run(values)
    return node.outputs.compactMap { results[$0] }
  }

  /// The diagnostic of decoding or type inference; nil if there is none.
  func fault(_ inputs: [Tensor?]) -> Diagnostic? {
    do {
      _ = try types(inputs)
      return nil
    } catch {
      return error as? Diagnostic
    }
  }
}

/// True where the tensors have one type and their elements differ by at most `tolerance` · max(1, |b|).
func isClose(_ a: Tensor, _ b: Tensor, tolerance: Float = 1e-5) -> Bool {
  guard a.type == b.type, let x = a.floats, let y = b.floats else { return false }
  return zip(x, y).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

extension Tensor {
  /// The elements if the type is bool, else nil.
  var bools: [Bool]? { if case .bool(let values) = elements { values } else { nil } }
}
