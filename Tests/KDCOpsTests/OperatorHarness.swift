import KDCDiagnostics
import KDCGraph
import KDCOps
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
