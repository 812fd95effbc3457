import Foundation
import KDCOps

/// The models that are changed, and what they are made of, for putting into others.
struct Corpus {
  /// In the order of their paths.
  private(set) var models: [[UInt8]] = []
  /// Nodes and attributes as they are in some model.
  private(set) var nodes: [Message] = []
  private(set) var attributes: [Message] = []
  private(set) var attributeNames: [[UInt8]] = []
  let operators: [(name: String, domain: String)]

  /// Larger models take too long to change.
  private static let mostBytes = 1 << 20

  init(folders: [String]) {
    operators = Operators.all.map { ($0.onnxName, $0.domain) } + [("If", ""), ("Loop", ""), ("Scan", "")]
    let paths = folders.flatMap { folder in
      (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter {
        $0.hasSuffix(".onnx")
      }
      .sorted().map { folder + "/" + $0 }
    }
    var names: Set<[UInt8]> = []
    for path in paths {
      guard let data = FileManager.default.contents(atPath: path), data.count <= Self.mostBytes else { continue }
      let bytes = [UInt8](data)
      guard let model = Message(bytes) else { continue }
      models.append(bytes)
      for graph in model.all(ONNX.Model.graph).compactMap(Message.init) { gather(graph, &names) }
    }
    attributeNames = names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private mutating func gather(_ graph: Message, _ names: inout Set<[UInt8]>) {
    for node in graph.all(ONNX.Graph.node).compactMap(Message.init) {
      nodes.append(node)
      for attribute in node.all(ONNX.Node.attribute).compactMap(Message.init) {
        attributes.append(attribute)
        names.formUnion(attribute.all(ONNX.Attribute.name))
      }
    }
  }
}

/// Field numbers of onnx.proto.
enum ONNX {
  enum Model { static let (graph, opset, function) = (7, 8, 25) }
  enum Opset { static let (domain, version) = (1, 2) }
  enum Graph { static let (node, name, initializer, input, output) = (1, 2, 5, 11, 12) }
  enum Node { static let (input, output, name, type, attribute, domain) = (1, 2, 3, 4, 5, 7) }
  enum Attribute {
    static let (name, float, int, string, tensor, graph) = (1, 2, 3, 4, 5, 6)
    static let (floats, ints, reference, type) = (7, 8, 21, 20)
    static let (typeInt, typeGraph) = (2, 5)
  }
  enum Tensor { static let (dims, type, int32, int64, name, raw) = (1, 2, 5, 7, 8, 9) }
  enum Info { static let (name, type) = (1, 2) }
  enum Function { static let (name, input, output, attribute, node, opset, domain) = (1, 4, 5, 6, 7, 9, 10) }
}
