import ArgumentParser
import KDCBundle
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCPasses

/// `kdc inspect FILE`: what a model is made of, and what kdc cannot compile of it.
struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the inputs, operators and size of a model and what is unsupported, or what a bundle holds.",
    discussion: """
      EXAMPLES
        kdc inspect student.onnx                   operators, what is unsupported
        kdc inspect student.onnx --graph --passes  the graph that is quantised
        kdc inspect student.onnx --groups          channels that are pruned together
        kdc inspect model.kdb                      what a bundle holds and needs
        kdc inspect model.kdb --graph              the steps of its program
      """)

  @Argument(help: "An ONNX model or a bundle.")
  var file: String?

  @OptionGroup var inputs: InputOptions

  @Option(help: "Write the findings as JSON to this file; - prints them alone.")
  var json: String?

  @Flag(help: "Print the graph, one line per node, or a bundle's program, one line per step.")
  var graph = false

  @Flag(help: "Show the graph, or count its operators, after the compiler's passes.")
  var passes = false

  @Flag(help: "List the groups of channels that pruning removes together, after the compiler's passes.")
  var groups = false

  @Flag(help: "Print only what is unsupported; exit code 1 if there is anything.")
  var unsupported = false

  @Flag(help: "List the operators that kdc supports and what each can do.")
  var ops = false

  func validate() throws {
    if file == nil && !ops { throw ValidationError("Missing expected argument '<file>'") }
    if graph && (json != nil || unsupported) {
      throw ValidationError("--graph cannot be combined with --json or --unsupported")
    }
    if groups && (graph || unsupported) {
      throw ValidationError("--groups cannot be combined with --graph or --unsupported")
    }
  }

  mutating func run() async throws {
    var files = FileUse()
    files.read(model: file)
    files.write("--json", json)
    try files.check()
    if ops { try listOperators() }
    guard let file else { return }
    if Bundle.looksLikeOne(at: file) { return try inspectBundle(file) }
    var (model, found) = try ModelFile.judged(file, settings: inputs.settings)
    let untyped = model.inferKnownTypes().faults
    let faults = DiagnosticList(found).grouped
    if unsupported {
      guard faults.isEmpty else { throw DiagnosticList(faults) }
      Console.result("everything is supported")
      return
    }
    if passes || groups {
      guard untyped.isEmpty else { throw DiagnosticList(faults) }
      try Passes.run(on: &model)
    }
    if groups {
      let summary = try GroupSummary(DependencyGroups(model))
      try Console.result(summary.text, or: summary, to: json)
    } else if graph {
      Console.result(model.description)
    } else {
      let summary = ModelSummary(model, faults: faults)
      try Console.result(summary.text, or: summary, to: json)
    }
    if !faults.isEmpty {
      Console.warn(faults)
      Console.note("\(faults.count == 1 ? "this keeps" : "these \(faults.count) keep") the model from being compiled")
      // What kdc lacks is a finding; what this machine cannot hold is the model's fault.
      let tooLarge: Set<DiagnosticID> = [.valueTooLarge, .shapeOverflow]
      if faults.contains(where: { tooLarge.contains($0.id) }) { throw ExitCode(ExitStatus.fault.rawValue) }
    }
  }

  /// What a bundle says of itself; with --graph its program, one line a step.
  private func inspectBundle(_ file: String) throws {
    let bundle = try Bundle(contentsOf: file)
    if graph { return Console.result(try bundle.program().listing) }
    try Console.result(bundle.summary, or: bundle.manifest, to: json)
  }

  private func listOperators() throws {
    let listed = Operators.all.map { OperatorSummary($0) }.sorted { ($0.name, $0.domain) < ($1.name, $1.domain) }
    if let json, file == nil {
      try Console.json(listed, to: json)
      if json == "-" { return }
    }
    let width = listed.map { $0.name.count }.max() ?? 0
    for op in listed {
      let padding = String(repeating: " ", count: width - op.name.count)
      Console.result(
        "\(op.name)\(padding)  \(op.domain.isEmpty ? "ai.onnx" : op.domain)  \(op.can.joined(separator: ", "))")
    }
  }
}

/// One line of `kdc inspect --ops`, made from what the operator's type conforms to.
private struct OperatorSummary: Encodable {
  var name: String
  var domain: String
  var can: [String]

  init(_ type: any Operator.Type) {
    name = type.onnxName
    domain = type.domain
    can = ["evaluate"]
    if type is any Quantizable.Type { can.append("quantize") }
    if type is any Lowerable.Type || type is any TypeDetermined.Type || type == ConstantOperator.self {
      can.append("compile")
    }
  }
}
