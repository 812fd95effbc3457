import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCProgram
import KDCTensor

/// The program of a graph: integer where the graph has quantisation parameters, else float.
///
/// Types are inferred anew. Throws a `DiagnosticList` with every node that has no form in steps (`.cannotLower`); nodes
/// that only suffer from another's fault are not named.
package func lower(_ graph: Graph) throws -> Program {
  var graph = graph
  let constants = try graph.inferTypesOfQuantized()
  var lowering = Lowering(graph, constants: constants)
  var faults: [Diagnostic] = []
  var missing: Set<String> = []
  for node in graph.nodes where !node.outputs.allSatisfy({ $0.isEmpty || constants[$0] != nil }) {
    guard !node.inputs.contains(where: missing.contains) else {
      missing.formUnion(node.outputs)
      continue
    }
    do {
      try lowering.lower(node)
    } catch let fault as Diagnostic {
      faults.append(fault.located(at: Place(file: graph.file, detail: node.place.detail)))
      missing.formUnion(node.outputs)
    }
  }
  guard faults.isEmpty else { throw DiagnosticList(faults) }
  try lowering.finish()
  do throws(Diagnostic) {
    try lowering.program.validate()
  } catch {
    throw InternalError("lowering made an invalid program: \(error)")
  }
  return lowering.program
}

extension Graph {
  /// Infers types as if quantised weights were float: to operators they are.
  fileprivate mutating func inferTypesOfQuantized() throws -> [String: Tensor] {
    var copy = self
    for (name, tensor) in initializers {
      guard case .int8(let values) = tensor.elements, let parameters = quantization[name] else { continue }
      copy.initializers[name] = Tensor(tensor.shape, parameters.dequantized(values, tensor.shape))
    }
    let constants = try copy.inferTypes()
    types = copy.types
    return constants
  }
}
