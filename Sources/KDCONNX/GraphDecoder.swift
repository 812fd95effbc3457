import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Turns a `GraphProto` into a `Graph`: names made unique, nodes sorted, functions in the places of their calls, ONNX's
/// structural rules checked.
struct GraphDecoder {
  /// Version of each imported operator set by normalised domain.
  var opsets: [String: Int]
  let tensors: TensorDecoder
  let shapes: InputShapes
  let functions: Functions
  /// Of the function that is being decoded: the attributes of its call.
  var parameters: [String: Attribute] = [:]
  /// How many calls of functions are around the graph.
  var depth = 0

  var file: String { shapes.file }

  static func normalized(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

  /// The model's main graph, what is wrong with it, and the names of values that could not be read for that. Throws
  /// `DiagnosticList` where no graph can be made of it.
  func decode(_ proto: Onnx_GraphProto) throws -> (graph: Graph, faults: [Diagnostic], unknown: Set<String>) {
    var faults: [Diagnostic] = []
    var initializers = initializers(of: proto, &faults)
    // Before IR version 4 every initializer was also listed as an input; a later one may be a default.
    let named = Set(proto.initializer.map(\.name)).union(proto.sparseInitializer.map(\.values.name))
    let inputs = shapes.resolve(
      proto.input.filter { !named.contains($0.name) || shapes.settings.values[$0.name] != nil })
    faults += inputs.faults
    initializers.merge(inputs.constants) { $1 }
    // With these the rest can still be judged.
    let bearable = faults.count
    if proto.output.isEmpty {
      faults.append(Diagnostic(.invalidGraph, "the graph has no outputs", at: Place(file: file)))
    }
    var graph = Graph(
      name: proto.name, opset: opset, file: file, inputs: inputs.inputs, outputs: proto.output.map(\.name),
      nodes: nodes(of: proto.node, SmallIntegers(of: proto), &faults), initializers: initializers)
    // Faulty inputs and initializers are still values: their readers must not be reported as well.
    let values = named.union(proto.input.map(\.name))
    graph.sortIfNeeded()
    inlineFunctions(of: &graph, &faults)
    let broken = graph.verify(outerValues: values).filter { !faults.contains($0) }
    guard broken.isEmpty, faults.count == bearable else { throw DiagnosticList(faults + broken) }
    let known = Set(graph.inputs.map(\.name)).union(graph.initializers.keys)
    return (graph, faults, values.subtracting(known))
  }

  private var opset: Int { opsets[""] ?? OperatorSets.supported.upperBound }

  /// A graph attribute: it may read values of the graphs around it, which the main graph's check covers.
  private func decodeSubgraph(_ proto: Onnx_GraphProto, _ faults: inout [Diagnostic]) -> Graph {
    // Inputs of Loop and Scan bodies get their types from the node; what is left open here stays a scalar.
    let inputs = proto.input.map { input in
      let type = Onnx_TensorProto.DataType(rawValue: Int(input.type.tensorType.elemType))?.computed ?? .float32
      let dims = input.type.tensorType.shape.dim.map { Int($0.dimValue) }
      let shape = Shape(dims.allSatisfy { $0 > 0 } ? dims : [])
      return ValueInfo(name: input.name, type: TensorType(type, shape.checkedCount() == nil ? [] : shape))
    }
    var graph = Graph(
      name: proto.name, opset: opset, file: file, inputs: inputs, outputs: proto.output.map(\.name),
      nodes: nodes(of: proto.node, SmallIntegers(of: proto), &faults), initializers: initializers(of: proto, &faults))
    graph.sortIfNeeded()
    inlineFunctions(of: &graph, &faults)
    // What it reads from outside is checked where that is known; two nodes must not make one value here either.
    faults += graph.verify(outerValues: Set(graph.outerReads)).filter { !faults.contains($0) }
    return graph
  }

  /// The body of a function, for one call: attributes that refer to the function's are those of the call.
  func decodeFunction(
    _ proto: Onnx_FunctionProto, call: Node, depth: Int, _ faults: inout [Diagnostic]
  ) -> Graph {
    var inner = self
    inner.depth = depth
    inner.parameters = [:]
    for entry in proto.opsetImport { inner.opsets[Self.normalized(entry.domain)] = Int(clamping: entry.version) }
    for attribute in proto.attributeProto {
      do throws(Diagnostic) {
        inner.parameters[attribute.name] = try inner.attribute(attribute, of: call, &faults)
      } catch { faults.append(error) }
    }
    inner.parameters.merge(call.attributes) { $1 }
    var graph = Graph(
      name: proto.name, opset: inner.opset, file: file, inputs: [], outputs: proto.output,
      nodes: inner.nodes(of: proto.node, SmallIntegers(), &faults))
    graph.sortIfNeeded()
    return graph
  }

  private func initializers(of proto: Onnx_GraphProto, _ faults: inout [Diagnostic]) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    var seen: Set<String> = []
    let read = proto.valuesRead
    for tensor in proto.initializer {
      let label = "initializer '\(tensor.name)'"
      guard seen.insert(tensor.name).inserted, !tensor.name.isEmpty else {
        let problem = tensor.name.isEmpty ? "an initializer has no name" : "two initializers are named '\(tensor.name)'"
        faults.append(Diagnostic(.invalidGraph, problem, at: Place(file: file, detail: label)))
        continue
      }
      do throws(Diagnostic) { result[tensor.name] = try tensors.decode(tensor, as: label) } catch {
        // Strings that nothing reads do no harm: exporters leave tables of names behind.
        if error.id != .unsupportedDataType || read.contains(tensor.name) { faults.append(error) }
      }
    }
    for tensor in proto.sparseInitializer where read.contains(tensor.values.name) {
      let label = "initializer '\(tensor.values.name)'"
      faults.append(
        Diagnostic(
          .unsupportedDataType, "\(label) is a sparse tensor; only dense tensors are supported",
          at: Place(file: file, detail: label)))
    }
    return result
  }

  private func nodes(
    of protos: [Onnx_NodeProto], _ small: SmallIntegers, _ faults: inout [Diagnostic]
  ) -> [Node] {
    var names: Set<String> = Set(protos.map(\.name))
    var used: Set<String> = []
    return protos.enumerated().map { index, node in
      var name = node.name
      if name.isEmpty || !used.insert(name).inserted {
        let base = name.isEmpty ? "\(node.opType)_\(index)" : "\(name)_\(index)"
        name = base
        var suffix = 1
        while !names.insert(name).inserted {
          name = "\(base)_\(suffix)"
          suffix += 1
        }
        used.insert(name)
      }
      let domain = Self.normalized(node.domain)
      var result = Node(
        name: name, opType: node.opType, domain: domain, opset: opsets[domain] ?? 1, inputs: node.input,
        outputs: node.output)
      for attribute in node.attribute {
        do throws(Diagnostic) {
          if let value = try self.attribute(attribute, of: result, &faults) {
            result.attributes[attribute.name] = value
          }
        } catch { faults.append(error) }
      }
      small.state(in: &result)
      if !node.overload.isEmpty { result.attributes[Functions.overload] = .string(node.overload) }
      return result
    }
  }

  private func attribute(
    _ proto: Onnx_AttributeProto, of node: Node, _ faults: inout [Diagnostic]
  ) throws(Diagnostic) -> Attribute? {
    func fault(_ problem: String) -> Diagnostic {
      Diagnostic(
        .invalidAttribute, "attribute '\(proto.name)' of node '\(node.name)' \(problem)",
        at: Place(file: file, detail: node.label))
    }
    let label = "attribute '\(proto.name)' of node '\(node.name)'"
    if !proto.refAttrName.isEmpty {
      guard case .int(let value)? = parameters[proto.refAttrName] else { return parameters[proto.refAttrName] }
      return .int(TypeConversions.computed(value, attribute: proto.name))
    }
    func integer() -> Attribute { .int(TypeConversions.computed(proto.i, attribute: proto.name)) }
    // Files of IR version 1 have no type; the field that is set tells it.
    switch proto.type {
    case .int: return integer()
    case .float: return .float(proto.f)
    case .string: return .string(String(decoding: proto.s, as: UTF8.self))
    case .ints: return .ints(proto.ints)
    case .floats: return .floats(proto.floats)
    case .strings: return .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
    case .tensor: return .tensor(try tensors.decode(proto.t, as: label))
    case .graph: return .graph(decodeSubgraph(proto.g, &faults))
    case .undefined where proto.hasI: return integer()
    case .undefined where proto.hasF: return .float(proto.f)
    case .undefined where proto.hasS: return .string(String(decoding: proto.s, as: UTF8.self))
    case .undefined where !proto.ints.isEmpty: return .ints(proto.ints)
    case .undefined where !proto.floats.isEmpty: return .floats(proto.floats)
    case .undefined where proto.hasT: return .tensor(try tensors.decode(proto.t, as: label))
    case .undefined where proto.hasG: return .graph(decodeSubgraph(proto.g, &faults))
    case .undefined: throw fault("has no value")
    // Attributes of other kinds belong to operators kdc does not have; those are reported by name.
    default: return nil
    }
  }
}

extension Onnx_GraphProto {
  /// Names of values that nodes, also those of graphs in attributes, or the graph's outputs read.
  fileprivate var valuesRead: Set<String> {
    var names = Set(output.map(\.name))
    for node in node {
      names.formUnion(node.input)
      for attribute in node.attribute where attribute.hasG { names.formUnion(attribute.g.valuesRead) }
    }
    return names
  }
}
