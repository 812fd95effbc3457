import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Turns a `GraphProto` into a `Graph`: names made unique, nodes sorted, ONNX's structural rules checked.
struct GraphDecoder {
  /// Version of each imported operator set by normalised domain.
  let opsets: [String: Int]
  let tensors: TensorDecoder
  let shapes: InputShapes

  var file: String { shapes.file }

  static func normalized(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

  /// The model's main graph. Throws `DiagnosticList`.
  func decode(_ proto: Onnx_GraphProto) throws -> Graph {
    var faults: [Diagnostic] = []
    let initializers = initializers(of: proto, &faults)
    // Before IR version 4 every initializer was also listed as an input.
    let named = Set(proto.initializer.map(\.name)).union(proto.sparseInitializer.map(\.values.name))
    let inputs = shapes.resolve(proto.input.filter { !named.contains($0.name) }, widensHalf: tensors.widensHalf)
    faults += inputs.faults
    if proto.output.isEmpty {
      faults.append(Diagnostic(.invalidGraph, "the graph has no outputs", at: Place(file: file)))
    }
    var graph = Graph(
      name: proto.name, opset: opsets[""] ?? ONNXImporter.supportedOpsets.upperBound, file: file,
      inputs: inputs.inputs, outputs: proto.output.map(\.name), nodes: nodes(of: proto, &faults),
      initializers: initializers)
    // Faulty inputs and initializers are still values: their readers must not be reported as well.
    let values = named.union(proto.input.map(\.name))
    graph.sortIfNeeded()
    faults += graph.verify(outerValues: values).filter { !faults.contains($0) }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    return graph
  }

  /// A graph attribute: it may read values of the graphs around it, which the main graph's check covers.
  private func decodeSubgraph(_ proto: Onnx_GraphProto, _ faults: inout [Diagnostic]) -> Graph {
    // Inputs of Loop and Scan bodies get their types from the node; what is left open here stays a scalar.
    let inputs = proto.input.map { input in
      let type = Onnx_TensorProto.DataType(rawValue: Int(input.type.tensorType.elemType))?.dataType ?? .float32
      let dims = input.type.tensorType.shape.dim.map { Int($0.dimValue) }
      let shape = Shape(dims.allSatisfy { $0 > 0 } ? dims : [])
      return ValueInfo(name: input.name, type: TensorType(type, shape.checkedCount() == nil ? [] : shape))
    }
    var graph = Graph(
      name: proto.name, opset: opsets[""] ?? ONNXImporter.supportedOpsets.upperBound, file: file, inputs: inputs,
      outputs: proto.output.map(\.name), nodes: nodes(of: proto, &faults),
      initializers: initializers(of: proto, &faults))
    graph.sortIfNeeded()
    // What it reads from outside is checked where that is known; two nodes must not make one value here either.
    faults += graph.verify(outerValues: Set(graph.outerReads)).filter { !faults.contains($0) }
    return graph
  }

  private func initializers(of proto: Onnx_GraphProto, _ faults: inout [Diagnostic]) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    var seen: Set<String> = []
    for tensor in proto.initializer {
      let label = "initializer '\(tensor.name)'"
      guard seen.insert(tensor.name).inserted, !tensor.name.isEmpty else {
        let problem = tensor.name.isEmpty ? "an initializer has no name" : "two initializers are named '\(tensor.name)'"
        faults.append(Diagnostic(.invalidGraph, problem, at: Place(file: file, detail: label)))
        continue
      }
      do throws(Diagnostic) { result[tensor.name] = try tensors.decode(tensor, as: label) } catch {
        faults.append(error)
      }
    }
    for tensor in proto.sparseInitializer {
      let label = "initializer '\(tensor.values.name)'"
      faults.append(
        Diagnostic(
          .unsupportedDataType, "\(label) is a sparse tensor; only dense tensors are supported",
          at: Place(file: file, detail: label)))
    }
    return result
  }

  private func nodes(of proto: Onnx_GraphProto, _ faults: inout [Diagnostic]) -> [Node] {
    var names: Set<String> = Set(proto.node.map(\.name))
    var used: Set<String> = []
    return proto.node.enumerated().map { index, node in
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
    // Files of IR version 1 have no type; the field that is set tells it.
    switch proto.type {
    case .int: return widened(proto, in: node)
    case .float: return .float(proto.f)
    case .string: return .string(String(decoding: proto.s, as: UTF8.self))
    case .ints: return .ints(proto.ints)
    case .floats: return .floats(proto.floats)
    case .strings: return .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
    case .tensor: return .tensor(try tensors.decode(proto.t, as: label))
    case .graph: return .graph(decodeSubgraph(proto.g, &faults))
    case .undefined where proto.hasI: return widened(proto, in: node)
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

  /// Integers that name a data type follow the widening of half precision.
  private func widened(_ proto: Onnx_AttributeProto, in node: Node) -> Attribute {
    let namesType = (proto.name == "to" && node.opType == "Cast") || proto.name == "dtype"
    let half = [Onnx_TensorProto.DataType.float16, .bfloat16].map { Int64($0.rawValue) }
    if tensors.widensHalf, namesType, half.contains(proto.i) {
      return .int(Int64(Onnx_TensorProto.DataType.float.rawValue))
    }
    return .int(proto.i)
  }
}
