import KDCGraph
import KDCTensor

/// Types of ONNX that kdc computes in another one.
enum TypeConversions {
  /// Attributes that name a data type.
  private static let attributes: Set<String> = [
    "to", "dtype", "output_dtype", "output_datatype", "precision", "softmax_precision", "stash_type",
  ]

  /// The value of an integer attribute: where it names a data type, that in which kdc computes.
  static func computed(_ value: Int64, attribute name: String) -> Int64 {
    guard attributes.contains(name), let type = Onnx_TensorProto.DataType(rawValue: Int(clamping: value)),
      let computed = type.computed, !type.isSmallInteger
    else { return value }
    return Int64(computed.onnxCode)
  }

  /// What a user should know of the types of a model, a sentence for each that becomes another.
  static func notes(of model: Onnx_ModelProto) -> [String] {
    var counts: [Onnx_TensorProto.DataType: (inputs: Int, constants: Int)] = [:]
    func type(_ number: Int32) -> Onnx_TensorProto.DataType { .init(rawValue: Int(number)) ?? .undefined }
    func visit(_ nodes: [Onnx_NodeProto]) {
      for attribute in nodes.flatMap(\.attribute) {
        if attribute.hasT { counts[type(attribute.t.dataType), default: (0, 0)].constants += 1 }
        if attribute.hasG { visit(attribute.g) }
      }
    }
    func visit(_ graph: Onnx_GraphProto) {
      for tensor in graph.initializer { counts[type(tensor.dataType), default: (0, 0)].constants += 1 }
      visit(graph.node)
    }
    visit(model.graph)
    for function in model.functions { visit(function.node) }
    let named = Set(model.graph.initializer.map(\.name))
    for input in model.graph.input where !named.contains(input.name) {
      counts[type(input.type.tensorType.elemType), default: (0, 0)].inputs += 1
    }
    return counts.keys.sorted { $0.rawValue < $1.rawValue }.compactMap { type in
      guard let computed = type.computed, computed.onnxCode != type.rawValue, let count = counts[type] else {
        return nil
      }
      let places = [(count.inputs, "input"), (count.constants, "constant")].filter { $0.0 > 0 }
        .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
      return "\(type.onnxName) becomes \(computed.rawValue): \(places.joined(separator: ", "))"
    }
  }
}

extension Onnx_TensorProto.DataType {
  /// Integers of 4 and 2 bits, which are kept in 8.
  var isSmallInteger: Bool { [.int4, .uint4, .int2, .uint2].contains(self) }

  /// The type in which kdc computes with values of this one: floats of any width in float32, small integers in 8 bits. nil
  /// where it has none.
  var computed: DataType? {
    switch self {
    case .float16, .bfloat16, .double: .float32
    case .int4, .int2: .int8
    case .uint4, .uint2: .uint8
    default: dataType
    }
  }
}

/// Which values of a graph are integers of fewer than 8 bits in the file: their type is the operators' concern, though kdc
/// keeps them in 8 bits.
struct SmallIntegers {
  private var types: [String: Int] = [:]

  init() {}

  init(of graph: Onnx_GraphProto) {
    func note(_ name: String, _ number: Int) {
      if Onnx_TensorProto.DataType(rawValue: number)?.isSmallInteger == true { types[name] = number }
    }
    for tensor in graph.initializer { note(tensor.name, Int(tensor.dataType)) }
    for input in graph.input { note(input.name, Int(input.type.tensorType.elemType)) }
    for node in graph.node where node.opType == "Constant" {
      for attribute in node.attribute where attribute.hasT {
        if let name = node.output.first { note(name, Int(attribute.t.dataType)) }
      }
    }
  }

  /// Says in attributes what a node otherwise takes from the type of an operand: CastLike becomes Cast, QuantizeLinear gets
  /// the type of its zero point.
  func state(in node: inout Node) {
    guard !types.isEmpty, node.domain.isEmpty else { return }
    if node.opType == "CastLike", let type = node.input(1).flatMap({ types[$0] }) {
      node.opType = "Cast"
      node.attributes["to"] = .int(Int64(type))
      node.inputs = [node.inputs[0]]
    } else if node.opType == "QuantizeLinear", let type = node.input(2).flatMap({ types[$0] }) {
      node.attributes["output_dtype"] = .int(Int64(type))
    }
  }
}
