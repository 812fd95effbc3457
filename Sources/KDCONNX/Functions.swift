import KDCDiagnostics
import KDCGraph

/// The functions that a model brings along, by domain, name and overload, and how far their calls were followed.
final class Functions {
  private struct Key: Hashable {
    var domain: String
    var name: String
    var overload: String
  }
  private var all: [Key: Onnx_FunctionProto] = [:]
  /// How many nodes calls have become so far, in all graphs of the model.
  var inlined = 0

  /// A node's attribute that says which of several functions of one name it calls; ONNX keeps it apart from attributes.
  static let overload = "\0overload"

  init(_ protos: [Onnx_FunctionProto]) {
    for proto in protos {
      all[Key(domain: GraphDecoder.normalized(proto.domain), name: proto.name, overload: proto.overload)] = proto
    }
  }

  /// The function that a node calls.
  func called(by node: Node) -> Onnx_FunctionProto? {
    guard !all.isEmpty else { return nil }
    var overload = ""
    if case .string(let name)? = node.attributes[Self.overload] { overload = name }
    return all[Key(domain: node.domain, name: node.opType, overload: overload)]
  }
}

extension GraphDecoder {
  /// How many nodes calls of functions may become, and how deep they may be nested.
  private static let limit = (nodes: 100_000, depth: 64)

  /// Puts the bodies of functions in the places of the nodes that call them. A function that calls itself, and calls that
  /// become too many nodes, are faults.
  func inlineFunctions(of graph: inout Graph, _ faults: inout [Diagnostic]) {
    var depth = self.depth
    while graph.nodes.contains(where: { functions.called(by: $0) != nil }) {
      depth += 1
      var inlining = Inlining(into: graph)
      var nodes: [Node] = []
      for node in graph.nodes {
        guard let function = functions.called(by: node) else {
          nodes.append(node)
          continue
        }
        guard depth <= Self.limit.depth, functions.inlined < Self.limit.nodes else {
          faults.append(Self.tooMany(node, deep: depth > Self.limit.depth, file: file))
          return
        }
        if node.inputs.count > function.input.count || node.outputs.count > function.output.count {
          faults.append(
            Diagnostic(
              .operandCount, "'\(node.opType)' is called with more operands than the function has",
              at: Place(file: file, detail: node.label)))
          return
        }
        let body = decodeFunction(function, call: node, depth: depth, &faults)
        functions.inlined += body.nodes.count + 1
        let arguments = function.input.enumerated().map { ($1, node.input($0) ?? "") }
        nodes += inlining.inline(
          body, for: node, of: &graph, arguments: Dictionary(arguments) { first, _ in first })
        guard faults.isEmpty else { return }
      }
      graph.nodes = nodes
    }
    for index in graph.nodes.indices { graph.nodes[index].attributes[Functions.overload] = nil }
  }

  private static func tooMany(_ node: Node, deep: Bool, file: String) -> Diagnostic {
    Diagnostic(
      .tooManyNodes,
      deep
        ? "functions call each other more than \(limit.depth) deep, or in a circle"
        : "the model's functions become more than \(limit.nodes) nodes",
      at: Place(file: file, detail: node.label), hint: "export the model with its functions inlined")
  }
}
