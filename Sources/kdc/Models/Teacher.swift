import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

/// One or several teachers, taking the student's inputs and answering under its output names.
///
/// Several answer as one by the mean of their outputs, and scores are written down as the student does:
/// `ScoreTranslation`.
struct Teacher: ModelRunner {
  var models: [TeacherModel]
  let inputs: [ValueInfo]
  let outputs: [ValueInfo]
  private let translations: [String: ScoreTranslation]

  init(models: [TeacherModel], for student: Graph) {
    self.models = models
    inputs = student.dataInputs
    outputs = student.outputInfos
    translations = Dictionary(
      uniqueKeysWithValues: student.heads().map { head in
        (head.name, ScoreTranslation(to: head, from: models.map { $0.kind(of: head.name) }))
      })
  }

  var macs: Int { models.reduce(0) { $0 + $1.graph.macs } }
  var bytes: Int { models.reduce(0) { $0 + $1.bytes } }

  func run(
    _ count: Int, threads: Threads, sample: @escaping @Sendable (Int) throws -> [String: Tensor]
  ) throws -> [[String: Tensor]] {
    let answers = try models.map { try $0.run(count, threads: threads, sample: sample) }
    return (0..<count).map { index in
      Dictionary(
        uniqueKeysWithValues: outputs.map { output in
          let values = answers.compactMap { $0[index][output.name]?.asFloats }
          return (output.name, Tensor(output.type.shape, translations[output.name]?(values) ?? values.first ?? []))
        })
    }
  }
}

/// A teacher's graph with what goes where.
struct TeacherModel: Sendable {
  var graph: Graph
  /// The model's file; empty where nobody asks.
  var path = ""
  /// The teacher's input for each of the student's, with how it is made.
  private(set) var inputs: [String: (name: String, type: TensorType, steps: TeacherPreprocessing?)] = [:]
  /// The teacher's output for each of the student's.
  private(set) var outputs: [String: String] = [:]
  let bytes: Int

  /// Matches inputs and outputs by name, else by position. Throws a `DiagnosticList` of `teacherMismatch` with all that
  /// does not fit.
  init(_ graph: Graph, for student: Graph, request: TeacherRequest, bytes: Int) throws {
    self.graph = graph
    self.bytes = bytes
    var faults: [Diagnostic] = []
    let own = graph.dataInputs.map(\.name)
    let wanted = student.dataInputs
    for (index, input) in wanted.enumerated() {
      let name = own.contains(input.name) ? input.name : wanted.count == own.count ? own[index] : nil
      let steps = request.preprocessing.first { $0.input == nil ? wanted.count == 1 : $0.input == name }
      guard let name, let type = graph.types[name] else {
        faults.append(Self.missing("input", input.name, student, own, graph, nil))
        continue
      }
      if let reason = steps.map({ $0.refusal(from: input.type, to: type) }) ?? (type == input.type ? nil : "") {
        faults.append(Self.missing("input", input.name, student, own, graph, reason))
        continue
      }
      inputs[input.name] = (name, type, steps)
    }
    for name in own where !inputs.values.contains(where: { $0.name == name }) && faults.isEmpty {
      faults.append(
        Diagnostic(
          .teacherMismatch, "the teacher takes '\(name)', which the student does not", at: Place(file: graph.file)))
    }
    for (index, name) in student.outputs.enumerated() {
      let asked = request.matches[name]
      let other =
        asked
        ?? (graph.outputs.contains(name)
          ? name
          : student.outputs.count == graph.outputs.count
            ? graph.outputs[index] : nil)
      guard let other, graph.outputs.contains(other), let type = graph.types[other],
        type.shape == student.types[name]?.shape
      else {
        faults.append(
          Self.missing(
            "output", name, student, graph.outputs, graph, nil,
            hint: asked.flatMap {
              didYouMean($0, graph.outputs)
            }.map { "did you mean --match \($0)=\(name)?" }))
        continue
      }
      outputs[name] = other
    }
    for name in request.matches.keys.sorted() where !student.outputs.contains(name) {
      faults.append(
        Diagnostic(
          .teacherMismatch, "--match names '\(name)', which is not an output of the student",
          notes: ["the student's outputs: " + student.outputs.map { "'\($0)'" }.joined(separator: ", ")],
          hint: didYouMean(name, student.outputs).map { "did you mean '\($0)'?" }))
    }
    for steps in request.preprocessing {
      guard let name = steps.input, !own.contains(name) else { continue }
      faults.append(
        Diagnostic(
          .teacherMismatch, "--teacher-preprocess names '\(name)', which is not an input of the teacher",
          at: Place(file: graph.file), hint: didYouMean(name, own).map { "did you mean '\($0)'?" }))
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
  }

  private static func missing(
    _ what: String, _ name: String, _ student: Graph, _ others: [String], _ graph: Graph, _ reason: String?,
    hint: String? = nil
  ) -> Diagnostic {
    func classes(_ type: TensorType?) -> Int? { type.flatMap { $0.shape.rank == 2 ? $0.shape[1] : nil } }
    let type = student.types[name]
    let found = others.map { "'\($0)' \(graph.types[$0].map(\.description) ?? "")" }.joined(separator: ", ")
    var notes = ["the teacher's \(what)s: \(found)"]
    if let reason, !reason.isEmpty { notes.append(reason) }
    if what == "output", let own = classes(type), let other = classes(graph.types[name]), own != other {
      notes.append("the student has \(own) classes and the teacher \(other)")
    }
    let usual =
      what == "output"
      ? "say which outputs correspond with --match TEACHER_OUTPUT=STUDENT_OUTPUT; their shapes must be equal"
      : "if sizes or scales differ, say how with --teacher-preprocess resize=WxH,scale=…,mean=…,std=…"
    return Diagnostic(
      .teacherMismatch,
      "the teacher has no \(what) that matches the student's '\(name)' \(type.map(\.description) ?? "")",
      at: Place(file: graph.file), notes: notes, hint: hint ?? usual)
  }

  /// What `adapt` does.
  var adaptation: String {
    inputs.sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value.name) \($0.value.steps.map { "\($0)" } ?? "-")" }.joined(separator: " ")
  }

  /// The student's inputs as the teacher takes them.
  @Sendable func adapt(_ given: [String: Tensor]) -> [String: Tensor] {
    var renamed: [String: Tensor] = [:]
    for (name, input) in inputs {
      guard let tensor = given[name] else { continue }
      renamed[input.name] = input.steps.map { $0.apply(tensor, to: input.type) } ?? tensor
    }
    return renamed
  }

  /// What the output means that goes with the student's.
  func kind(of output: String) -> OutputKind? { outputs[output].flatMap { graph.outputKinds[$0] } }

  /// The outputs under the student's names.
  func run(
    _ count: Int, threads: Threads, sample: @escaping @Sendable (Int) throws -> [String: Tensor]
  ) throws -> [[String: Tensor]] {
    try GraphRunner(graph).run(count, threads: threads) { adapt(try sample($0)) }
      .map { found in outputs.compactMapValues { found[$0] } }
  }
}
