/// Changes that put graphs into graphs: branches, loops, functions, whole models.
extension Mutator {
  private func attribute(_ name: String, graph: Message) -> Message.Field {
    .init(
      ONNX.Node.attribute,
      Message([
        .init(ONNX.Attribute.name, name), .init(ONNX.Attribute.graph, graph),
        .init(ONNX.Attribute.type, ONNX.Attribute.typeGraph),
      ]))
  }

  private func node(
    _ type: String, _ inputs: [[UInt8]], _ outputs: [String], _ more: [Message.Field] = []
  ) -> Message.Field {
    .init(
      ONNX.Graph.node,
      Message(
        inputs.map { .init(ONNX.Node.input, .bytes($0)) } + outputs.map { .init(ONNX.Node.output, $0) }
          + [.init(ONNX.Node.type, type)] + more))
  }

  private func port(_ number: Int, _ name: String) -> Message.Field {
    .init(number, Message([.init(ONNX.Info.name, name)]))
  }

  private func scalar(_ name: String, type: Int, _ raw: [UInt8]) -> Message.Field {
    .init(
      ONNX.Graph.initializer,
      Message([.init(ONNX.Tensor.type, type), .init(ONNX.Tensor.name, name), .init(ONNX.Tensor.raw, .bytes(raw))]))
  }

  /// A value through an If, some levels deep, its condition known, or a value of the graph.
  mutating func addBranches(to graph: inout Message) {
    let values = values(of: graph)
    let flag = chance(0.7) ? Array("flag".utf8) : pick(values) ?? []
    var body = Message([node("Identity", [pick(values) ?? []], ["o0"]), port(ONNX.Graph.output, "o0")])
    let other = Message([node("Relu", [pick(values) ?? []], ["p0"]), port(ONNX.Graph.output, "p0")])
    for depth in 1..<1 + one(of: [1, 1, 1, 2, 3, 20, 60]) {
      let inner = node(
        "If", [flag], ["o\(depth)"], [attribute("then_branch", graph: body), attribute("else_branch", graph: other)])
      body = Message([inner, port(ONNX.Graph.output, "o\(depth)")])
    }
    graph.fields += [
      scalar("flag", type: 9, [UInt8(random.below(2))]),
      node("If", [flag], ["deep"], [attribute("then_branch", graph: body), attribute("else_branch", graph: other)]),
      port(ONNX.Graph.output, "deep"),
    ]
  }

  /// A value changed in rounds, with what each round gives.
  mutating func addLoop(to graph: inout Message) {
    let values = values(of: graph)
    let start = pick(values) ?? []
    let rounds = chance(0.8) ? UInt64(random.below(6)) : integer()
    let known = pick(corpus.nodes) ?? Message()
    var step = known
    step.fields.removeAll { [ONNX.Node.input, ONNX.Node.output, ONNX.Node.name].contains($0.number) }
    step.fields += known.all(ONNX.Node.input).map { _ in
      .init(ONNX.Node.input, .bytes(chance(0.6) ? Array("state".utf8) : pick(values) ?? []))
    }
    step.fields.append(.init(ONNX.Node.output, "next"))
    let body = Message([
      port(ONNX.Graph.input, "round"), port(ONNX.Graph.input, "go"), port(ONNX.Graph.input, "state"),
      .init(ONNX.Graph.node, step), node("Identity", [Array("go".utf8)], ["goes"]),
      node("Identity", [Array(chance(0.5) ? "round".utf8 : "next".utf8)], ["scanned"]),
      port(ONNX.Graph.output, "goes"), port(ONNX.Graph.output, "next"), port(ONNX.Graph.output, "scanned"),
    ])
    let raw = (0..<8).map { UInt8(truncatingIfNeeded: rounds >> UInt64(8 * $0)) }
    graph.fields += [
      scalar("rounds", type: 7, raw), scalar("go0", type: 9, [1]),
      node(
        "Loop", [Array("rounds".utf8), Array("go0".utf8), start], ["last", "all"], [attribute("body", graph: body)]),
      port(ONNX.Graph.output, "last"), port(ONNX.Graph.output, "all"),
    ]
  }

  /// All nodes and constants of another model behind values of this one.
  mutating func splice(into model: inout Message) {
    guard let place = pick(model.places(ONNX.Model.graph)), var graph = model.fields[place].message,
      let bytes = pick(corpus.models), bytes.count < 1 << 16,
      let other = Message(bytes)?.first(ONNX.Model.graph)?.message
    else { return }
    let values = values(of: graph)
    let inputs = other.all(ONNX.Graph.input).compactMap { Message($0)?.all(ONNX.Info.name).first }
    let known = Dictionary(inputs.map { ($0, pick(values) ?? []) }) { first, _ in first }
    func renamed(_ name: [UInt8]) -> [UInt8] { name.isEmpty ? [] : known[name] ?? Array("s.".utf8) + name }
    for field in other.fields {
      guard var message = field.message else { continue }
      let names: [Int] =
        switch field.number {
        case ONNX.Graph.node: [ONNX.Node.input, ONNX.Node.output]
        case ONNX.Graph.initializer: [ONNX.Tensor.name]
        case ONNX.Graph.output: [ONNX.Info.name]
        default: []
        }
      guard !names.isEmpty else { continue }
      for index in message.fields.indices where names.contains(message.fields[index].number) {
        message.fields[index].value = .bytes(renamed(message.fields[index].bytes ?? []))
      }
      graph.fields.append(.init(field.number, message))
    }
    model.fields[place].value = .bytes(graph.bytes)
  }

  /// A node as a function of the model, which may call itself.
  mutating func wrap(in model: inout Message) {
    guard let place = pick(model.places(ONNX.Model.graph)), var graph = model.fields[place].message,
      let at = pick(graph.places(ONNX.Graph.node)), let node = graph.fields[at].message
    else { return }
    var call = node
    call.fields.removeAll { $0.number == ONNX.Node.type || $0.number == ONNX.Node.domain }
    call.fields += [.init(ONNX.Node.type, "Wrapped"), .init(ONNX.Node.domain, "own")]
    var body = chance(0.1) ? call : node
    // Attributes of the call, where the function names them.
    if chance(0.3) { for place in body.places(ONNX.Node.attribute) { body.edit(place) { refer(&$0) } } }
    let names = node.all(ONNX.Node.attribute).compactMap { Message($0)?.all(ONNX.Attribute.name).first }
    let opsets = model.places(ONNX.Model.opset).map { Message.Field(ONNX.Function.opset, model.fields[$0].value) }
    model.fields.append(
      .init(
        ONNX.Model.function,
        Message(
          [.init(ONNX.Function.name, "Wrapped"), .init(ONNX.Function.domain, "own"), .init(ONNX.Function.node, body)]
            + node.all(ONNX.Node.input).filter { !$0.isEmpty }.map { .init(ONNX.Function.input, .bytes($0)) }
            + node.all(ONNX.Node.output).map { .init(ONNX.Function.output, .bytes($0)) }
            + names.map { .init(ONNX.Function.attribute, .bytes($0)) } + opsets)))
    model.fields.append(
      .init(ONNX.Model.opset, Message([.init(ONNX.Opset.domain, "own"), .init(ONNX.Opset.version, 1)])))
    graph.fields[at] = .init(ONNX.Graph.node, call)
    model.fields[place].value = .bytes(graph.bytes)
  }

  private func refer(_ attribute: inout Message) {
    let name = attribute.all(ONNX.Attribute.name).first ?? []
    let type = attribute.first(ONNX.Attribute.type)
    attribute.fields =
      [
        .init(ONNX.Attribute.name, .bytes(name)), .init(ONNX.Attribute.reference, .bytes(name)),
      ] + (type.map { [$0] } ?? [])
  }
}
