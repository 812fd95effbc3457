import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTraining

/// A model in a few lines of YAML, as `kdc new` takes it.
package struct ModelSpec {
  static let families = [
    "resnet", "resnet-v2", "mobilenetv2", "conv", "conv-tiny", "conv-very-tiny", "mlp", "gru", "multi-modal",
  ]

  private let path: String
  var name: String
  var branches: [Branch]
  /// nil: one branch whose features the heads read.
  var join: Join?
  var heads: [ModelHead]
  var rule: Initialization
  package var seed: UInt64

  /// One input and the layers that follow it.
  struct Branch {
    var input: String
    var shape: [Int]
    var trunk: Trunk
  }

  /// How branches meet: channels or features joined, mixed to `width`, and where all are maps a further look at places.
  struct Join {
    var width: Int
    var squeeze: Int
    var hidden: Int
  }

  struct ModelHead {
    var name: String
    var size: Int
    var hidden: Int?
    var isSigmoid: Bool
  }

  /// Reads a description. Throws a `DiagnosticList` of `invalidDescription`, each with file and line.
  package init(_ text: String, path: String) throws {
    let map = try YAMLMap.file(text, path: path, as: "a model")
    self.path = path
    name = map.text("name") ?? "model"
    let family = map.choice("family", of: Self.families)
    map.missing("family")
    rule = map.choice("init", of: Initialization.allCases.map(\.rawValue)).flatMap(Initialization.init) ?? .he
    seed = UInt64(map.integer("seed", in: 0...(1 << 53)) ?? 0)
    heads = Self.heads(map)
    if family == "multi-modal" {
      let maps = map.maps("branches") ?? []
      map.missing("branches")
      branches = maps.compactMap { branch in
        let family = branch.choice("family", of: Self.families.filter { $0 != "multi-modal" })
        branch.missing("family")
        let result = Self.branch(branch, family ?? "conv")
        branch.finish()
        return result
      }
      let joined = map.map("join")
      join = Join(
        width: joined?.integer("width", in: 1...65536) ?? 64, squeeze: joined?.integer("squeeze", in: 1...65536) ?? 10,
        hidden: joined?.integer("hidden", in: 1...65536) ?? 48)
      joined?.finish()
      let names = branches.map(\.input)
      if Set(names).count != names.count {
        map.faults.report("two branches have the same input name", line: map.line(of: "branches"))
      }
    } else {
      branches = Self.branch(map, family ?? "conv").map { [$0] } ?? []
      join = nil
    }
    map.finish()
    try map.faults.check()
  }

  private static func branch(_ map: YAMLMap, _ family: String) -> Branch? {
    let input = map.map("input")
    map.missing("input")
    let name = input?.text("name") ?? "input"
    let shape = input?.integers("shape", in: 1...65536, count: 1...3)
    input?.missing("shape")
    input?.finish()
    guard let trunk = Trunk(map, family), let shape else { return nil }
    if trunk.inputRank != shape.count && trunk.inputRank != 0 {
      map.faults.report(
        "'\(family)' takes \(trunk.inputRank == 3 ? "images: [channels, height, width]" : "sequences: [steps, features]")",
        line: input?.line(of: "shape"))
      return nil
    }
    return Branch(input: name, shape: shape, trunk: trunk)
  }

  private static func heads(_ map: YAMLMap) -> [ModelHead] {
    guard let outputs = map.map("outputs") else {
      map.missing("outputs")
      return []
    }
    if outputs.keys.isEmpty { map.faults.report("'outputs' names no output", line: map.line(of: "outputs")) }
    return outputs.keys.map { name -> ModelHead in
      if let size = outputs.scalarInteger(name, in: 1...1_000_000) {
        return ModelHead(name: name, size: size, hidden: nil, isSigmoid: false)
      }
      let head = outputs.map(name)
      let size = head?.integer("size", in: 1...1_000_000)
      head?.missing("size")
      let result = ModelHead(
        name: name, size: size ?? 1, hidden: head?.integer("hidden", in: 1...65536),
        isSigmoid: head?.choice("activation", of: ["none", "sigmoid"]) == "sigmoid")
      head?.finish()
      return result
    }
  }

  /// The model with fresh weights. Throws `invalidDescription` where it is too large or a name is taken, and a
  /// `DiagnosticList` where the layers do not fit the input.
  package func graph() throws -> Graph {
    var builder = GraphBuilder(name: name)
    func fault(_ message: String, hint: String) -> Diagnostic {
      Diagnostic(.invalidDescription, message, at: Place(file: path), hint: hint)
    }
    let values = branches.map { branch in (branch, builder.input(branch.input, branch.shape)) }
    var features: [GraphBuilder.Value] = []
    for (branch, value) in values { features.append(branch.trunk.build(value, &builder)) }
    let joined = join.map { $0.build(features, &builder) } ?? builder.vector(features[0])
    for head in heads {
      var value = joined
      if let hidden = head.hidden { value = builder.relu(builder.dense(value, hidden)) }
      value = builder.dense(value, head.size)
      if head.isSigmoid { value = builder.sigmoid(value) }
      builder.output(value, as: head.name)
    }
    guard !builder.isTooLarge else {
      throw fault(
        "the model has more than \(GraphBuilder.mostWeights) weights, or so many values at one place",
        hint: "take smaller widths, or strides above 1 before a layer that is connected with every place")
    }
    var graph = builder.graph
    let names = graph.inputs.map(\.name) + graph.nodes.flatMap(\.outputs) + graph.initializers.keys.sorted()
    var seen: Set<String> = [""]
    for name in names where !name.isEmpty && !seen.insert(name).inserted {
      throw fault(
        "the name '\(name)' is taken twice", hint: "rename the input or output: layers have names like conv1_y")
    }
    try graph.inferTypes()
    return graph.initialized(by: rule, seed: seed)
  }
}

extension ModelSpec.Join {
  /// Maps of one size are joined by channels and mixed by a 1×1 convolution; means of the result and a look at all places
  /// are the features. Others are joined as vectors.
  func build(_ features: [GraphBuilder.Value], _ builder: inout GraphBuilder) -> GraphBuilder.Value {
    let isMap = features.allSatisfy { $0.isImage && $0.dims[2...] == features[0].dims[2...] }
    guard isMap else {
      let vectors = features.map { builder.vector($0) }
      return builder.relu(builder.dense(builder.concatenation(vectors), width))
    }
    let mixed = builder.block(builder.concatenation(features), width, kernel: 1)
    let squeezed = builder.flatten(builder.block(mixed, squeeze, kernel: 1))
    let places = builder.relu(builder.dense(squeezed, hidden))
    return builder.concatenation([builder.vector(mixed), places])
  }
}
