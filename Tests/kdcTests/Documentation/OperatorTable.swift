import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCTensor
import Testing

/// The table of Operators.md: of each operator what its type conforms to, which data types it takes, and its comment.
struct OperatorTable {
  let text: String

  private static let heads = [
    "Operator", "Opsets", "Types", "Evaluator", "Device", "Gradient", "int8", "Channels", "Semantics",
  ]

  init() throws {
    let examples = try OperatorExamples()
    var lines = [Self.heads, Self.heads.map { _ in "---" }]
    for type in Operators.all {
      let name = type.domain.isEmpty ? type.onnxName : "\(type.domain).\(type.onnxName)"
      let versions = type.domain.isEmpty ? OperatorSets.versions(of: type.onnxName) : []
      let abilities = Abilities(type)
      lines.append([
        name, versions.map(String.init).joined(separator: ", "), examples.types(of: type), abilities.evaluator,
        abilities.device, abilities.gradient, try Self.form(of: type), abilities.channels, try Self.notes(of: type),
      ])
    }
    text = lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
  }

  /// The comment before the operator's declaration, as one line, without what other columns say.
  private static func notes(of type: any Operator.Type) throws -> String {
    let files = SourceTree.files(under: "Sources/KDCOps/Operators")
    let text = try SourceTree.text(try #require(files.first { $0.hasSuffix("/\(type).swift") }, "\(type)"))
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let declaration = try #require(lines.firstIndex { $0.hasPrefix("package struct \(type):") }, "\(type)")
    let comment = lines[..<declaration].reversed().prefix { $0.hasPrefix("///") }.reversed()
    return comment.map { $0.dropFirst(3).trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
      .joined(separator: " ")
      .replacing(#/ ?ONNX `\w+`(?:,|:) opsets? [^.]*\./#, with: "")
      .replacing(#/ ?Named \w+ in Swift: [^.]*\./#, with: "").replacing("|", with: "\\|")
  }

  /// How the operator runs in a quantised model, by its own rule.
  private static func form(of type: any Operator.Type) throws -> String {
    if type is any Expanding.Type, !(type is any Lowerable.Type) { return Abilities.ofOthers }
    // Attributes that some operator cannot do without.
    var attributes: [String: Attribute] = [
      "axis": .int(0), "to": .int(1), "value": .tensor(Tensor([1], [Float(0)])), "kernel_shape": .ints([1, 1]),
      "blocksize": .int(2), "hidden_size": .int(1), "perm": .ints([0]),
      "K": .int(8), "N": .int(8), "block_size": .int(8),
    ]
    if type is BitShift.Type { attributes["direction"] = .string("LEFT") }
    let node = Node(
      name: "n", opType: type.onnxName, domain: type.domain, opset: 17, inputs: ["x", "y", "z"], outputs: ["r"],
      attributes: attributes)
    let op = try type.init(decoding: node)
    if op is any TypeDetermined || op is ConstantOperator { return Abilities.known }
    switch (op as? any Quantizable)?.quantizationRule {
    case .integer: return "integer"
    case .sameAsInput: return "moves data"
    case .float, nil: return "float"
    }
  }
}

/// What an operator can do, by the protocols it conforms to.
private struct Abilities {
  static let ofOthers = "of others"
  static let known = "when compiling"
  let evaluator: String
  let device: String
  let gradient: String
  let channels: String

  init(_ type: any Operator.Type) {
    let isExpanded = type is any Expanding.Type
    let isKnown = type is any TypeDetermined.Type || type == ConstantOperator.self
    func ability(_ has: Bool) -> String { has ? "yes" : isExpanded ? Self.ofOthers : "–" }
    // `Operator` asks for evaluation.
    evaluator = isExpanded && !(type is any Lowerable.Type) ? Self.ofOthers : "yes"
    device = isKnown ? Self.known : ability(type is any Lowerable.Type)
    gradient = isKnown ? "constant" : ability(type is any Differentiable.Type)
    channels = ability(type is any ChannelPassing.Type)
  }
}

/// Nodes of ONNX's tests, by which an operator is asked for the data types it takes.
private struct OperatorExamples {
  private var examples: [String: [(node: Node, inputs: [OperatorInput?])]] = [:]

  init() throws {
    let folder = SourceTree.root.appending(path: "Tests/Fixtures/onnx-node").path
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      let path = "\(folder)/\(name)"
      guard let graph = try? ONNXImporter.load(path: path + "/model.onnx"), let node = graph.nodes.first,
        graph.nodes.count == 1
      else { continue }
      let inputs = node.inputs.map { value -> OperatorInput? in
        guard let place = graph.inputs.firstIndex(where: { $0.name == value }) else { return nil }
        // Counts and shapes must be known.
        let tensor = try? ONNXImporter.tensor(path: "\(path)/test_data_set_0/input_\(place).pb")
        return OperatorInput(type: graph.inputs[place].type, constant: tensor)
      }
      examples[node.opType, default: []].append((node, inputs))
    }
  }

  /// Data types of the first input, and of all inputs that have the same, that the operator takes in some example.
  func types(of type: any Operator.Type) -> String {
    guard type.domain.isEmpty, let known = examples[type.onnxName] else { return "" }
    let taken = DataType.allCases.filter { new in known.contains { takes(new, $0.node, $0.inputs) } }
    let integers = taken.filter { !$0.isFloat && $0 != .bool }
    let floats = taken.filter(\.isFloat).map(\.rawValue)
    let all = DataType.allCases.filter { !$0.isFloat && $0 != .bool }
    return
      (floats + (integers == all ? ["integers"] : integers.map(\.rawValue))
      + (taken.contains(.bool) ? ["bool"] : [])).joined(separator: ", ")
  }

  private func takes(_ new: DataType, _ node: Node, _ inputs: [OperatorInput?]) -> Bool {
    guard let old = inputs.first??.type.dataType, let op = try? Operators.decode(node) else { return false }
    let changed = inputs.enumerated().map { index, input -> OperatorInput? in
      guard var input, input.type.dataType == old, old != new, index == 0 || old.isFloat || new.isFloat == old.isFloat
      else { return input }
      input.type.dataType = new
      input.constant = input.constant?.cast(to: new)
      return input
    }
    return (try? op.outputTypes(changed)) != nil
  }
}
