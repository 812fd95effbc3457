import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCPasses
import KDCTensor
import Testing

@Suite struct ExpandControlFlowTests {
  private func branch(_ opType: String, _ output: String, constant: String? = nil) -> Attribute {
    var graph = Graph(
      name: output, opset: 17, inputs: [], outputs: [output],
      nodes: [
        Node(name: "inner", opType: opType, opset: 17, inputs: ["t"] + (constant.map { [$0] } ?? []), outputs: [output])
      ])
    if let constant { graph.initializers[constant] = Tensor([2], [5, 6] as [Float]) }
    return .graph(graph)
  }

  private func choice(_ condition: Bool) -> GraphBuilder {
    var b = GraphBuilder()
    b.input("x", [2])
    b.graph.initializers["one"] = Tensor([], [1 as Int64])
    b.graph.initializers["rank"] = Tensor([], [condition ? 1 : 2 as Int64])
    b.node("Relu", ["x"], "t")
    b.node("Shape", ["t"], "s")
    b.node("Size", ["s"], "n")
    b.node("Equal", ["n", "rank"], "c")
    // The name "one" is taken outside by another value, and "t" by the value both branches read.
    b.node("If", ["c"], "r", ["then_branch": branch("Neg", "one"), "else_branch": branch("Add", "z", constant: "one")])
    b.node("Abs", ["r"], "y")
    b.graph.outputs = ["y"]
    return b
  }

  @Test("The taken branch replaces the node", arguments: [true, false])
  func taken(_ condition: Bool) throws {
    var graph = choice(condition).graph
    let changes = try Passes.run(ExpandControlFlow.self, on: &graph)
    #expect(changes == 1)
    #expect(!graph.opTypes.contains("If"))
    #expect(graph.opTypes.contains(condition ? "Neg" : "Add"))
    #expect(graph.verify().isEmpty)
    let result = try GraphEvaluator(graph).run(inputs: ["x": Tensor([2], [1, 2] as [Float])])
    #expect(result["y"]?.floats == (condition ? [1, 2] : [6, 8]))
  }

  /// An If on whether the first element of x is positive.
  private func chosenByData(_ then: Attribute, _ otherwise: Attribute) -> GraphBuilder {
    var b = GraphBuilder()
    b.input("x", [2])
    b.graph.initializers["zero"] = Tensor([], [0 as Float])
    b.graph.initializers["first"] = Tensor([1], [0 as Int64])
    b.node("Identity", ["x"], "t")
    b.node("Gather", ["x", "first"], "e")
    b.node("Greater", ["e", "zero"], "c")
    b.node("If", ["c"], "y", ["then_branch": then, "else_branch": otherwise])
    b.graph.outputs = ["y"]
    return b
  }

  @Test(
    "Of an If on data both branches are computed, and one is selected", arguments: [[3, -1], [-3, 1]] as [[Float]])
  func selected(_ values: [Float]) throws {
    var graph = chosenByData(branch("Neg", "a"), branch("Add", "b", constant: "one")).graph
    try Passes.run(ExpandControlFlow.self, on: &graph)
    #expect(graph.verify().isEmpty && graph.opTypes.contains("Where"))
    let result = try GraphEvaluator(graph).run(inputs: ["x": Tensor([2], values)])
    #expect(result["y"]?.floats == (values[0] > 0 ? values.map { -$0 } : [values[0] + 5, values[1] + 6]))
  }

  private func faults(_ graph: Graph) -> [Diagnostic] {
    var graph = graph
    do {
      try Passes.run(on: &graph)
      return []
    } catch { return (error as? DiagnosticList)?.all ?? [error].compactMap { $0 as? Diagnostic } }
  }

  @Test("An If on data whose branches differ in shape is KDC2010, which names it")
  func differentShapes() throws {
    let first = Graph(
      name: "first", opset: 17, inputs: [], outputs: ["o"],
      nodes: [Node(name: "g", opType: "Gather", opset: 17, inputs: ["t", "first"], outputs: ["o"])])
    let found = faults(chosenByData(branch("Neg", "a"), .graph(first)).graph)
    #expect(found.map(\.id) == [.unsupportedOperator])
    #expect(found.first?.message.contains("'If' with branches of different types or shapes") == true)
  }

  @Test("What kdc lacks within a branch is named rather than the If")
  func unsupportedWithin() throws {
    let found = faults(chosenByData(branch("Multinomial", "a"), branch("Neg", "b")).graph)
    #expect(found.map(\.id) == [.unsupportedOperator])
    #expect(found.first?.message.contains("'Multinomial'") == true)
  }

  /// A body that adds x to a sum, which is also a row of the result, and goes on as long as `condition` says.
  private func summing(
    until last: Int64?, goesOnWith condition: String = "go", extra: [Node] = []
  ) -> Graph {
    var nodes = [Node(name: "add", opType: "Add", opset: 17, inputs: ["sum", "x"], outputs: ["next"])]
    var body = Graph(name: "body", opset: 17, inputs: [], outputs: [condition, "next", "next"], nodes: [])
    body.inputs = [
      ValueInfo(name: "i", type: TensorType(.int64, [])), ValueInfo(name: "go", type: TensorType(.bool, [])),
      ValueInfo(name: "sum", type: TensorType(.float32, [2])),
    ]
    if let last {
      body.initializers["last"] = Tensor([], [last])
      nodes.append(Node(name: "less", opType: "Less", opset: 17, inputs: ["i", "last"], outputs: ["less"]))
    }
    body.nodes = nodes + extra
    return body
  }

  private func loop(_ body: Graph, count: Int64?) -> GraphBuilder {
    var b = GraphBuilder()
    b.input("x", [2])
    b.graph.initializers["zeros"] = Tensor([2], [0, 0] as [Float])
    b.graph.initializers["true"] = Tensor([], [true])
    if let count { b.graph.initializers["count"] = Tensor([], [count]) }
    b.graph.nodes = [
      Node(
        name: "loop", opType: "Loop", opset: 17, inputs: [count == nil ? "" : "count", "true", "zeros"],
        outputs: ["y", "rows"], attributes: ["body": .graph(body)])
    ]
    b.graph.outputs = ["y", "rows"]
    return b
  }

  private func check(_ graph: Graph, rounds: Int) throws {
    var graph = graph
    try Passes.run(ExpandControlFlow.self, on: &graph)
    #expect(graph.verify().isEmpty && !graph.opTypes.contains("Loop"))
    let result = try GraphEvaluator(graph).run(inputs: ["x": Tensor([2], [1, 10] as [Float])])
    #expect(result["y"]?.floats == [Float(rounds), Float(10 * rounds)])
    #expect(result["rows"]?.shape == [rounds, 2])
    #expect(result["rows"]?.floats == (1...rounds).flatMap { [Float($0), Float(10 * $0)] })
  }

  @Test("A Loop with a known number of rounds is written out, and its rows are stacked")
  func counted() throws { try check(loop(summing(until: nil), count: 3).graph, rounds: 3) }

  @Test("A Loop ends where its condition, known when compiling, says so")
  func conditioned() throws {
    try check(loop(summing(until: 3, goesOnWith: "less"), count: nil).graph, rounds: 4)
    try check(loop(summing(until: 9, goesOnWith: "less"), count: 2).graph, rounds: 2)
  }

  @Test("A Loop whose condition depends on data is KDC2010; one of too many rounds or nodes KDC2027")
  func refused() throws {
    let onData = [
      Node(
        name: "reduce", opType: "ReduceMax", opset: 17, inputs: ["next"], outputs: ["m"],
        attributes: ["keepdims": .int(0)]),
      Node(name: "less", opType: "Less", opset: 17, inputs: ["m", "limit"], outputs: ["small"]),
    ]
    var body = summing(until: nil, goesOnWith: "small", extra: onData)
    body.initializers["limit"] = Tensor([], [100 as Float])
    let found = faults(loop(body, count: 5).graph)
    #expect(found.map(\.id) == [.unsupportedOperator])
    #expect(found.first?.message.contains("'Loop' whose number of rounds depends on data") == true)
    #expect(faults(loop(summing(until: nil), count: nil).graph).map(\.id) == [.tooManyNodes])
    #expect(faults(loop(summing(until: nil), count: 1 << 40).graph).map(\.id) == [.tooManyNodes])
  }

  /// A running sum over the slices of x.
  private func scan(_ shape: Shape, opset: Int, _ attributes: [String: Attribute], state: Shape) -> Graph {
    var b = GraphBuilder()
    b.input("x", shape)
    b.graph.initializers["zeros"] = Tensor(state, [Float](repeating: 0, count: state.count))
    var body = Graph(
      name: "body", opset: opset, inputs: [], outputs: ["next", "row"],
      nodes: [
        Node(name: "add", opType: "Add", opset: opset, inputs: ["sum", "slice"], outputs: ["next"]),
        Node(name: "same", opType: "Identity", opset: opset, inputs: ["next"], outputs: ["row"]),
      ])
    body.inputs = ["sum", "slice"].map { ValueInfo(name: $0, type: TensorType(.float32, [])) }
    b.graph.nodes = [
      Node(
        name: "scan", opType: "Scan", opset: opset, inputs: (opset == 8 ? [""] : []) + ["zeros", "x"],
        outputs: ["y", "rows"],
        attributes: attributes.merging(["body": .graph(body), "num_scan_inputs": .int(1)]) { first, _ in first })
    ]
    b.graph.outputs = ["y", "rows"]
    return b.graph
  }

  private func run(_ graph: Graph, _ x: Tensor) throws -> [String: Tensor] {
    var graph = graph
    try Passes.run(ExpandControlFlow.self, on: &graph)
    #expect(graph.verify().isEmpty && !graph.opTypes.contains("Scan"))
    return try GraphEvaluator(graph).run(inputs: ["x": x])
  }

  @Test("A Scan goes along its axis in its direction, and stacks what it makes along another")
  func scanned() throws {
    let x = Tensor([2, 3], [1, 2, 3, 10, 20, 30] as [Float])
    let plain = try run(scan([2, 3], opset: 17, [:], state: [3]), x)
    #expect(plain["y"]?.floats == [11, 22, 33] && plain["rows"]?.floats == [1, 2, 3, 11, 22, 33])
    let turned = try run(
      scan(
        [2, 3], opset: 17,
        [
          "scan_input_axes": .ints([-1]), "scan_input_directions": .ints([1]), "scan_output_axes": .ints([1]),
          "scan_output_directions": .ints([1]),
        ], state: [2]), x)
    #expect(turned["y"]?.floats == [6, 60])
    #expect(turned["rows"]?.shape == [2, 3] && turned["rows"]?.floats == [6, 5, 3, 60, 50, 30])
  }

  @Test("A Scan of opset 8 has a batch before everything")
  func batched() throws {
    let x = Tensor([2, 3, 1], [1, 2, 3, 10, 20, 30] as [Float])
    let result = try run(scan([2, 3, 1], opset: 8, [:], state: [2, 1]), x)
    #expect(result["y"]?.floats == [6, 60] && result["y"]?.shape == [2, 1])
    #expect(result["rows"]?.floats == [1, 3, 6, 10, 30, 60] && result["rows"]?.shape == [2, 3, 1])
  }
}
