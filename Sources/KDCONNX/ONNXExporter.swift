import Foundation
import KDCGraph
import KDCTensor
import SwiftProtobuf

/// Writes graphs as ONNX models, readable by any ONNX tool where the graph's operators are standard ones.
package enum ONNXExporter {
  /// The graph as the bytes of a `ModelProto`, IR version 8. The same graph always gives the same bytes.
  ///
  /// Types are written for inputs, and for outputs and inner values where the graph knows them.
  ///
  /// - Parameter batch: a name for the first dimension of inputs and outputs, which is then open; the types of inner
  ///   values are left out.
  package static func export(_ graph: Graph, batch: String? = nil) throws -> Data {
    var model = Onnx_ModelProto()
    model.irVersion = 8
    model.producerName = "kdc"
    let domains = Set(graph.nodes.map(\.domain)).subtracting([""]).sorted()
    model.opsetImport =
      [("", graph.opset)].map(opset)
      + domains.map { domain in
        opset((domain, graph.nodes.first { $0.domain == domain }?.opset ?? 1))
      }
    model.graph = encode(graph)
    if let batch { model.graph.openBatch(batch) }
    return try model.serializedBytes()
  }

  /// A tensor as the bytes of a `TensorProto`.
  package static func export(_ tensor: Tensor, name: String) throws -> Data {
    try encode(tensor, name: name).serializedBytes()
  }

  private static func opset(_ entry: (domain: String, version: Int)) -> Onnx_OperatorSetIdProto {
    var proto = Onnx_OperatorSetIdProto()
    proto.domain = entry.domain
    proto.version = Int64(entry.version)
    return proto
  }

  private static func encode(_ graph: Graph) -> Onnx_GraphProto {
    var proto = Onnx_GraphProto()
    proto.name = graph.name.isEmpty ? "graph" : graph.name
    proto.input = graph.inputs.map { valueInfo($0.name, $0.type) }
    proto.output = graph.outputs.map { valueInfo($0, graph.types[$0]) }
    proto.initializer = graph.initializers.keys.sorted().compactMap { name in
      graph.initializers[name].map { encode($0, name: name) }
    }
    proto.node = graph.nodes.map(encode)
    let named = Set(graph.outputs)
    let inner = graph.nodes.flatMap(\.outputs).filter { !$0.isEmpty && !named.contains($0) }
    proto.valueInfo = inner.compactMap { name in graph.types[name].map { valueInfo(name, $0) } }
    return proto
  }

  private static func encode(_ node: Node) -> Onnx_NodeProto {
    var proto = Onnx_NodeProto()
    proto.name = node.name
    proto.opType = node.opType
    proto.domain = node.domain
    proto.input = node.inputs
    proto.output = node.outputs
    proto.attribute = node.attributes.keys.sorted().compactMap { key in
      node.attributes[key].map { encode($0, name: key) }
    }
    return proto
  }

  private static func encode(_ attribute: Attribute, name: String) -> Onnx_AttributeProto {
    var proto = Onnx_AttributeProto()
    proto.name = name
    switch attribute {
    case .int(let value): (proto.type, proto.i) = (.int, value)
    case .float(let value): (proto.type, proto.f) = (.float, value)
    case .string(let value): (proto.type, proto.s) = (.string, Data(value.utf8))
    case .tensor(let value): (proto.type, proto.t) = (.tensor, encode(value, name: ""))
    case .ints(let values): (proto.type, proto.ints) = (.ints, values)
    case .floats(let values): (proto.type, proto.floats) = (.floats, values)
    case .strings(let values): (proto.type, proto.strings) = (.strings, values.map { Data($0.utf8) })
    case .graph(let graph): (proto.type, proto.g) = (.graph, encode(graph))
    }
    return proto
  }

  private static func valueInfo(_ name: String, _ type: TensorType?) -> Onnx_ValueInfoProto {
    var proto = Onnx_ValueInfoProto()
    proto.name = name
    guard let type else { return proto }
    var tensor = Onnx_TypeProto.Tensor()
    tensor.elemType = Int32(type.dataType.onnxCode)
    tensor.shape = Onnx_TensorShapeProto()
    tensor.shape.dim = type.shape.dims.map { size in
      var dim = Onnx_TensorShapeProto.Dimension()
      dim.dimValue = Int64(size)
      return dim
    }
    proto.type.tensorType = tensor
    return proto
  }

  private static func encode(_ tensor: Tensor, name: String) -> Onnx_TensorProto {
    var proto = Onnx_TensorProto()
    proto.name = name
    proto.dims = tensor.shape.dims.map { Int64($0) }
    proto.dataType = Int32(tensor.dataType.onnxCode)
    proto.rawData = tensor.littleEndianBytes
    return proto
  }
}

extension Onnx_GraphProto {
  fileprivate mutating func openBatch(_ name: String) {
    for index in input.indices { input[index].openBatch(name) }
    for index in output.indices { output[index].openBatch(name) }
    valueInfo = []
  }
}

extension Onnx_ValueInfoProto {
  fileprivate mutating func openBatch(_ name: String) {
    guard !type.tensorType.shape.dim.isEmpty else { return }
    type.tensorType.shape.dim[0].dimParam = name
  }
}

extension Tensor {
  /// The elements' bytes in row-major order. All machines kdc runs on are little endian.
  fileprivate var littleEndianBytes: Data {
    switch elements {
    case .float32(let v): v.withUnsafeBytes { Data($0) }
    case .float64(let v): v.withUnsafeBytes { Data($0) }
    case .float16(let v): v.withUnsafeBytes { Data($0) }
    case .int8(let v): v.withUnsafeBytes { Data($0) }
    case .uint8(let v): Data(v)
    case .int16(let v): v.withUnsafeBytes { Data($0) }
    case .uint16(let v): v.withUnsafeBytes { Data($0) }
    case .int32(let v): v.withUnsafeBytes { Data($0) }
    case .uint32(let v): v.withUnsafeBytes { Data($0) }
    case .int64(let v): v.withUnsafeBytes { Data($0) }
    case .uint64(let v): v.withUnsafeBytes { Data($0) }
    case .bool(let v): Data(v.map { $0 ? 1 : 0 })
    }
  }
}
