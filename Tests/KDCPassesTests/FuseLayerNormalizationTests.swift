import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FuseLayerNormalizationTests {
  /// What the exporters differ in.
  struct Form: Sendable, CustomStringConvertible {
    var square = "Pow"
    var divide = "Div"
    var axes: [Int64] = [-1]
    var keepsDimensions = true
    var negativeDifference = false
    var ofMoments = false
    var scales = true
    var asAffine = false
    var description: String {
      "\(square) \(divide) \(axes) \(keepsDimensions) \(negativeDifference) \(ofMoments) \(scales) \(asAffine)"
    }
  }

  static let forms: [Form] = [
    Form(), Form(square: "Mul"), Form(divide: "Reciprocal"), Form(divide: "Pow"), Form(divide: "1 /"),
    Form(divide: "root by Pow"), Form(axes: [-2, -1]), Form(axes: [2, 1]), Form(keepsDimensions: false),
    Form(square: "Mul", negativeDifference: true), Form(negativeDifference: true), Form(ofMoments: true),
    Form(square: "Mul", ofMoments: true), Form(scales: false), Form(divide: "Reciprocal", asAffine: true),
    Form(divide: "Pow", asAffine: true),
  ]

  private func mean(_ b: inout GraphBuilder, _ x: String, _ name: String, _ form: Form) {
    guard !form.keepsDimensions else {
      return b.node("ReduceMean", [x], name, ["axes": .ints(form.axes)])
    }
    b.node("ReduceMean", [x], name + ".flat", ["axes": .ints(form.axes), "keepdims": .int(0)])
    b.node("Unsqueeze", [name + ".flat", "last"], name)
  }

  private func squared(_ b: inout GraphBuilder, _ x: String, _ name: String, _ form: Form) {
    b.node(form.square, form.square == "Pow" ? [x, "two"] : [x, x], name)
  }

  private func graph(_ form: Form) -> Graph {
    var b = GraphBuilder()
    b.input("x", [2, 4, 6])
    let scaled: Shape = form.axes.count == 2 ? [4, 6] : [6]
    b.weight("gamma", scaled)
    b.weight("beta", scaled)
    for (name, value) in [("one", 1), ("two", 2), ("half", 0.5), ("minusHalf", -0.5), ("epsilon", 1e-3)]
      as [(String, Float)]
    {
      b.constant(name, [], [value])
    }
    b.integers("last", [-1])
    mean(&b, "x", "mean", form)
    b.node("Sub", ["x", "mean"], "centred")
    if form.ofMoments {
      squared(&b, "x", "squares", form)
      mean(&b, "squares", "power", form)
      squared(&b, "mean", "square", form)
      b.node("Sub", ["power", "square"], "variance")
    } else {
      if form.negativeDifference { b.node("Sub", ["mean", "x"], "negative") }
      squared(&b, form.negativeDifference ? "negative" : "centred", "squares", form)
      mean(&b, "squares", "variance", form)
    }
    b.node("Add", ["variance", "epsilon"], "shifted")
    divide(&b, form)
    if form.asAffine {
      b.node("Mul", ["inverse", "gamma"], "factor")
      b.node("Mul", ["x", "factor"], "product")
      b.node("Mul", ["mean", "factor"], "shift")
      b.node("Sub", ["beta", "shift"], "offset")
      b.node("Add", ["product", "offset"], "y")
    } else if form.scales {
      b.node("Mul", ["gamma", "normal"], "g")
      b.node("Add", ["g", "beta"], "y")
    }
    b.graph.outputs = [form.scales ? "y" : "normal"]
    return b.graph
  }

  private func divide(_ b: inout GraphBuilder, _ form: Form) {
    if form.divide == "Pow" {
      b.node("Pow", ["shifted", "minusHalf"], "inverse")
    } else if form.divide == "root by Pow" {
      b.node("Pow", ["shifted", "half"], "deviation")
    } else {
      b.node("Sqrt", ["shifted"], "deviation")
    }
    switch form.divide {
    case "Reciprocal": b.node("Reciprocal", ["deviation"], "inverse")
    case "1 /": b.node("Div", ["one", "deviation"], "inverse")
    case "Pow": break
    default: return b.node("Div", ["centred", "deviation"], "normal")
    }
    b.node("Mul", ["inverse", "centred"], "normal")
  }

  @Test("LayerNormalization in each of the ways it is written", arguments: forms)
  func everyForm(_ form: Form) throws {
    let graph = try apply(FuseLayerNormalization.self, to: graph(form)).graph
    #expect(graph.opTypes == ["LayerNormalization"], "\(form)")
  }

  @Test("Statistics over other axes, of another value, or of fewer elements are none")
  func others() throws {
    var channels = graph(Form(axes: [1], scales: false))
    #expect(try !apply(FuseLayerNormalization.self, to: channels).graph.opTypes.contains("LayerNormalization"))
    channels = graph(Form(scales: false))
    let square = try #require(channels.nodes.firstIndex { $0.outputs == ["squares"] })
    channels.nodes[square].inputs[0] = "x"
    #expect(try !apply(FuseLayerNormalization.self, to: channels).graph.opTypes.contains("LayerNormalization"))
  }

  @Test("A normalised value that is read beside its scale keeps its own")
  func readTwice() throws {
    var graph = graph(Form())
    graph.outputs.append("normal")
    #expect(try apply(FuseLayerNormalization.self, to: graph).graph.opTypes == ["LayerNormalization", "Mul", "Add"])
  }
}
