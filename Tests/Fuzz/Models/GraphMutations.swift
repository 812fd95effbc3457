/// Changes of graphs and nodes: operators, edges, counts, names, nodes of other models.
extension Mutator {
  mutating func change(graph: inout Message, depth: Int) {
    let nodes = graph.places(ONNX.Graph.node)
    let initializers = graph.places(ONNX.Graph.initializer)
    let infos = graph.places(ONNX.Graph.input, ONNX.Graph.output)
    let bodies = nodes.filter { place in
      graph.fields[place].message?.all(ONNX.Node.attribute).contains { Message($0)?.first(ONNX.Attribute.graph) != nil }
        ?? false
    }
    switch random.below(24) {
    case 0..<9 where !nodes.isEmpty:
      let values = values(of: graph)
      graph.edit(one(of: nodes)) { change(node: &$0, values: values, depth: depth) }
    case 9..<12 where !initializers.isEmpty: graph.edit(one(of: initializers)) { change(tensor: &$0) }
    case 12..<14 where !infos.isEmpty: graph.edit(one(of: infos)) { change(info: &$0) }
    case 14 where !nodes.isEmpty: graph.fields.remove(at: one(of: nodes))
    case 15 where !nodes.isEmpty: graph.fields.append(graph.fields[one(of: nodes)])
    case 16: addBranches(to: &graph)
    case 17: addLoop(to: &graph)
    case 18..<21 where !bodies.isEmpty && depth < 4:
      graph.edit(one(of: bodies)) { node in
        for place in node.places(ONNX.Node.attribute) {
          node.edit(place) { attribute in
            for place in attribute.places(ONNX.Attribute.graph) {
              attribute.edit(place) { change(graph: &$0, depth: depth + 1) }
            }
          }
        }
      }
    case 21: makeConstant(in: &graph)
    default: addNode(to: &graph)
    }
  }

  /// Names of all values: inputs, initializers, results.
  func values(of graph: Message) -> [[UInt8]] {
    var names: [[UInt8]] = []
    for field in graph.fields {
      switch field.number {
      case ONNX.Graph.input: names += field.message?.all(ONNX.Info.name) ?? []
      case ONNX.Graph.node: names += field.message?.all(ONNX.Node.output) ?? []
      case ONNX.Graph.initializer: names += field.message?.all(ONNX.Tensor.name) ?? []
      default: break
      }
    }
    return names.isEmpty ? [Array("x".utf8)] : names
  }

  private mutating func change(node: inout Message, values: [[UInt8]], depth: Int) {
    let attributes = node.places(ONNX.Node.attribute)
    switch random.below(13) {
    case 0..<4 where !attributes.isEmpty: node.edit(one(of: attributes)) { change(attribute: &$0, depth: depth) }
    case 4 where !attributes.isEmpty:
      let place = one(of: attributes)
      if chance(0.3) { node.fields.append(node.fields[place]) } else { node.fields.remove(at: place) }
    case 5:
      guard let op = pick(corpus.operators) else { return }
      node.fields.removeAll { $0.number == ONNX.Node.type || $0.number == ONNX.Node.domain }
      node.fields += [.init(ONNX.Node.type, op.name), .init(ONNX.Node.domain, op.domain)]
    case 6, 7, 8:
      let number = chance(0.7) ? ONNX.Node.input : ONNX.Node.output
      let new = ["", "new", "new2"].map { Array($0.utf8) }
      let names = changeList(node.all(number)) { mutator in
        mutator.pick(number == ONNX.Node.input ? values + [[]] : new + values.suffix(1)) ?? []
      }
      node.fields.removeAll { $0.number == number }
      node.fields += names.map { .init(number, .bytes($0)) }
    case 9:
      guard let attribute = pick(corpus.attributes) else { return }
      node.fields.append(.init(ONNX.Node.attribute, attribute))
    case 10:
      node.fields.removeAll { $0.number == ONNX.Node.name }
      node.fields.append(.init(ONNX.Node.name, .bytes(text())))
    case 11:
      node.fields.removeAll { $0.number == ONNX.Node.domain }
      node.fields.append(.init(ONNX.Node.domain, pick(["", "ai.onnx", "com.microsoft", "ai.onnx.ml"]) ?? ""))
    default:
      let inputs = node.places(ONNX.Node.input)
      for (place, other) in zip(inputs, random.shuffled(inputs)) { node.fields.swapAt(place, other) }
    }
  }

  /// Another node behind some values, of this or another model, its result an output of the graph.
  private mutating func addNode(to graph: inout Message) {
    let values = values(of: graph)
    var node = Message()
    var inputs = 1 + random.below(3)
    if chance(0.7), let known = pick(corpus.nodes) {
      node = known
      inputs = known.all(ONNX.Node.input).count
      node.fields.removeAll { [ONNX.Node.input, ONNX.Node.output, ONNX.Node.name].contains($0.number) }
    } else if let op = pick(corpus.operators) {
      node.fields = [.init(ONNX.Node.type, op.name), .init(ONNX.Node.domain, op.domain)]
    }
    let output = "more\(random.below(1000))"
    node.fields += (0..<inputs).map { _ in .init(ONNX.Node.input, .bytes(pick(values) ?? [])) }
    node.fields.append(.init(ONNX.Node.output, output))
    graph.fields += [.init(ONNX.Graph.node, node), .init(ONNX.Graph.output, Message([.init(ONNX.Info.name, output)]))]
  }

  /// An input with a value: what is then known when compiling is folded.
  private mutating func makeConstant(in graph: inout Message) {
    guard let place = pick(graph.places(ONNX.Graph.input)), let info = graph.fields[place].message,
      let name = info.all(ONNX.Info.name).first,
      let tensor = info.first(ONNX.Info.type)?.message?.first(1)?.message
    else { return }
    let type = tensor.first(1)?.varint ?? 1
    let dims = tensor.first(2)?.message?.all(1).map { Message($0)?.first(1)?.varint ?? 1 } ?? []
    guard dims.allSatisfy({ $0 < 64 }) else { return }
    let count = dims.reduce(1) { $0 * $1 }
    guard count < 4096 else { return }
    let size = Self.size(of: type)
    let raw = (0..<Int(count)).flatMap { _ -> [UInt8] in
      let value: UInt64 = type == 1 ? UInt64(float()) : UInt64(random.below(6))
      return (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    var constant = Message([
      .init(ONNX.Tensor.type, .varint(type)), .init(ONNX.Tensor.name, .bytes(name)),
      .init(ONNX.Tensor.raw, .bytes(raw)),
    ])
    constant.set(ONNX.Tensor.dims, dims)
    graph.fields.append(.init(ONNX.Graph.initializer, constant))
  }

  /// Bytes of an element of a data type, as ONNX numbers them.
  static func size(of type: UInt64) -> Int {
    [1: 4, 6: 4, 7: 8, 10: 2, 11: 8, 12: 4, 13: 8, 4: 2, 5: 2, 16: 2][type] ?? 1
  }
}
