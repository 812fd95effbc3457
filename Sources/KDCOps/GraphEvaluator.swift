import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Runs a graph in float, as ONNX defines it: the reference for everything compression and lowering do.
///
/// Decodes the operators once; a run is independent of others, so that samples can be spread over threads.
package struct GraphEvaluator: Sendable {
  private struct Step: Sendable {
    var node: Node
    var op: any Operator
    /// Values no later step needs.
    var lastUses: [String]
  }

  private let steps: [Step]
  private let initializers: [String: Tensor]
  private let inputs: [ValueInfo]
  private let outputs: [String]
  private let file: String

  /// Throws a `DiagnosticList` with every node that cannot be decoded.
  package init(_ graph: Graph) throws {
    var faults: [Diagnostic] = []
    var steps: [Step] = []
    for (node, lastUses) in zip(graph.nodes, graph.lastUses()) {
      do throws(Diagnostic) {
        steps.append(Step(node: node, op: try Operators.decode(node), lastUses: lastUses))
      } catch {
        faults.append(error.located(at: Place(file: graph.file, detail: node.place.detail)))
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    self.steps = steps
    initializers = graph.initializers
    inputs = graph.inputs.filter { graph.initializers[$0.name] == nil }
    outputs = graph.outputs
    file = graph.file
  }

  /// The graph's outputs for one set of inputs. `observe` sees every value a node computes, in order.
  ///
  /// Throws KDC2012 for a missing input, KDC2014 or KDC2015 for one of another shape or type.
  package func run(
    inputs given: [String: Tensor], threads: Threads = .single, observe: ((String, Tensor) throws -> Void)? = nil
  ) throws -> [String: Tensor] {
    var values: [String: Tensor] = [:]
    for input in inputs { values[input.name] = try input.value(in: given, file: file) }
    for step in steps {
      let results = try evaluate(step, values, threads)
      for (name, result) in zip(step.node.outputs, results) where !name.isEmpty {
        values[name] = result
        try observe?(name, result)
      }
      for name in step.lastUses { values[name] = nil }
    }
    var results: [String: Tensor] = [:]
    for name in outputs {
      guard let value = values[name] ?? initializers[name] else { throw InternalError("no value for output '\(name)'") }
      results[name] = value
    }
    return results
  }

  private func evaluate(_ step: Step, _ values: [String: Tensor], _ threads: Threads) throws -> [Tensor] {
    var operands: [Tensor?] = []
    for name in step.node.inputs {
      let value = name.isEmpty ? nil : values[name] ?? initializers[name]
      guard name.isEmpty || value != nil else {
        throw InternalError("'\(name)' has no value before node '\(step.node.name)'")
      }
      operands.append(value)
    }
    do {
      if let op = step.op as? any ParallelOperator { return try op.evaluate(operands, threads: threads) }
      // What is given with the graph is constant, as it is where types are inferred.
      let isConstant = step.node.inputs.allSatisfy { $0.isEmpty || initializers[$0] != nil }
      return isConstant ? try step.op.folded(operands) : try step.op.evaluate(operands)
    } catch let fault as Diagnostic {
      throw fault.located(at: Place(file: file, detail: step.node.place.detail))
    }
  }
}

extension ValueInfo {
  /// The tensor that is given for a graph's input. Throws KDC2012 where there is none, KDC2014 or KDC2015 for one of another
  /// shape or type.
  package func value(in given: [String: Tensor], file: String) throws(Diagnostic) -> Tensor {
    guard let tensor = given[name] else {
      throw Diagnostic(.missingInput, "no value for graph input '\(name)'", at: Place(file: file))
    }
    guard tensor.type == type else {
      throw Diagnostic(
        tensor.dataType == type.dataType ? .shapeMismatch : .typeMismatch,
        "graph input '\(name)' is \(type), not \(tensor.type)", at: Place(file: file))
    }
    return tensor
  }
}
