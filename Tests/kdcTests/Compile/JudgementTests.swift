import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

/// What outputs are taken for, from the outside: the figures of `evaluate` and the warnings of `compile`.
@Suite(
  "kdc judges outputs", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct JudgementTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  /// y = the last of `operators` of x · w, x [1,16] and y [1,6].
  private static func classifier(_ operators: [String], seed: UInt64 = 5, size: Float = 0.8) -> Graph {
    var random = SeededGenerator(seed: seed)
    var nodes = [Node(name: "product", opType: "MatMul", opset: 17, inputs: ["x", "w"], outputs: ["t0"])]
    for (index, name) in operators.enumerated() {
      nodes.append(
        Node(name: "last\(index)", opType: name, opset: 17, inputs: ["t\(index)"], outputs: ["t\(index + 1)"]))
    }
    nodes[nodes.count - 1].outputs = ["y"]
    return Graph(
      name: "classifier", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 16]))],
      outputs: ["y"], nodes: nodes,
      initializers: ["w": Tensor([16, 6], (0..<96).map { _ in Float.random(in: -size...size, using: &random) })])
  }

  private func write(_ graph: Graph, _ name: String, _ folder: URL) throws {
    try ONNXExporter.export(graph).write(to: folder.appendingPathComponent(name))
  }

  /// Samples whose labels are the classifier's own answers, but for every fifth.
  private func data(
    _ folder: URL, _ name: String, count: Int = 60, scale: Float = 1, labels: Bool = true, oneHot: Bool = false
  ) throws {
    var random = SeededGenerator(seed: 8)
    let x = (0..<count * 16).map { _ in Float.random(in: -1...1, using: &random) }
    let w = Self.classifier([]).initializers["w"]?.asFloats ?? []
    let classes = (0..<count).map { row in
      let scores = (0..<6).map { column in (0..<16).reduce(Float(0)) { $0 + x[row * 16 + $1] * w[$1 * 6 + column] } }
      return (argmax(scores) + (row % 5 == 0 ? 1 : 0)) % 6
    }
    var arrays = [(key: "x", tensor: Tensor([count, 16], x.map { $0 * scale }))]
    if labels {
      let label =
        oneHot
        ? Tensor([count, 6], classes.flatMap { label in (0..<6).map { $0 == label ? 1 : 0 as Float } })
        : Tensor([count], classes.map { Int64($0) })
      arrays.append((key: "label", tensor: label))
    }
    try NumpyFile.write(arrays, to: folder.appendingPathComponent(name).path)
  }

  private func json(_ arguments: [String], _ folder: URL) throws -> [String: Any] {
    let outcome = try CommandLineTool.run(arguments, in: folder)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  /// All numbers of a JSON value, in order of keys.
  private func numbers(_ value: Any) -> [Double] {
    if let object = value as? [String: Any] { return object.keys.sorted().flatMap { numbers(object[$0] ?? 0) } }
    if let list = value as? [Any] { return list.flatMap(numbers) }
    return (value as? Double).map { [$0] } ?? []
  }

  @Test("A classifier has the same figures with its Softmax and without, as a file and as a bundle")
  func twins() throws {
    try withFolder { folder in
      try data(folder, "eval.npz")
      var figures: [String: [Double]] = [:]
      for (name, operators) in [("logits", []), ("softmax", ["Softmax"]), ("log", ["LogSoftmax"])] {
        try write(Self.classifier(operators), name + ".onnx", folder)
        figures[name] = numbers(try json(["evaluate", name + ".onnx", "--data", "eval.npz", "--json", "-"], folder))
      }
      let logits = try #require(figures["logits"])
      #expect(logits.count > 40)
      for name in ["softmax", "log"] {
        let found = try #require(figures[name])
        #expect(found.count == logits.count && zip(found, logits).allSatisfy { abs($0 - $1) < 1e-4 }, "\(name)")
      }
      let report = try json(
        ["compile", "softmax.onnx", "--data", "eval.npz", "--target", "host", "-o", "m.kdb", "--json", "-"], folder)
      let stages = try #require(report["stages"] as? [[String: Any]])
      let int8 = try #require((stages.last?["metrics"] as? [[String: Any]])?.first)
      #expect(int8["kind"] as? String == "probabilities" && int8["agreement"] as? Double ?? 0 > 0.95)
      #expect((int8["kl"] as? [Double] ?? [1]).allSatisfy { $0 < 0.01 })
      // The bundle knows what its output is.
      let bundle = try json(["evaluate", "m.kdb", "--data", "eval.npz", "--json", "-"], folder)
      let certainty = try #require((bundle["certainty"] as? [[String: Any]])?.first)
      let wanted = try json(["evaluate", "logits.onnx", "--data", "eval.npz", "--json", "-"], folder)
      let sure = try #require((wanted["certainty"] as? [[String: Any]])?.first?["confidence"] as? Double)
      #expect(abs((certainty["confidence"] as? Double ?? 0) - sure) < 0.02)
    }
  }

  @Test("A teacher may end in Softmax where the student does not, and the reverse")
  func teachers() throws {
    try withFolder { folder in
      try data(folder, "data.npz")
      try write(Self.classifier([]), "logits.onnx", folder)
      try write(Self.classifier(["Softmax"]), "softmax.onnx", folder)
      try write(Self.classifier(["Softmax"], seed: 6), "student-softmax.onnx", folder)
      try write(Self.classifier([], seed: 6), "student-logits.onnx", folder)
      func divergences(_ student: String, _ teacher: String) throws -> [Double] {
        let report = try json(
          [
            "compile", student, "--teacher", teacher, "--data", "data.npz", "--target", "host", "--activations",
            "float",
            "-o", "m.kdb", "--json", "-",
          ], folder)
        let stages = try #require(report["stages"] as? [[String: Any]])
        return try #require((stages[1]["metrics"] as? [[String: Any]])?.first?["kl"] as? [Double])
      }
      let plain = try divergences("student-logits.onnx", "logits.onnx")
      for (student, teacher) in [
        ("student-logits.onnx", "softmax.onnx"), ("student-softmax.onnx", "logits.onnx"),
        ("student-softmax.onnx", "softmax.onnx"),
      ] {
        let found = try divergences(student, teacher)
        #expect(zip(found, plain).allSatisfy { abs($0 - $1) < 1e-4 }, "\(student) \(teacher): \(found) \(plain)")
      }
      // Distillation learns as much from either.
      for (student, teacher) in [("student-logits.onnx", "softmax.onnx"), ("student-softmax.onnx", "logits.onnx")] {
        let outcome = try CommandLineTool.run(
          [
            "distill", teacher, student, "--data", "data.npz", "--eval", "data.npz", "--epochs", "200", "--soft-only",
            "--temperature", "2", "--learning-rate", "0.05", "-o", "d.onnx", "--json", "-", "--quiet",
          ], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let history = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let agreement = (history["evaluation"] as? [[String: Any]])?.first?["agreement"] as? Double
        #expect(agreement ?? 0 > 0.9, "\(student) \(teacher)")
      }
    }
  }

  @Test("Stored answers of a teacher may be probabilities: they teach what their logits teach")
  func storedAnswers() throws {
    try withFolder { folder in
      try data(folder, "data.npz")
      try write(Self.classifier([], seed: 6), "student.onnx", folder)
      var found: [[Double]] = []
      for operators in [[], ["Softmax"]] {
        try write(Self.classifier(operators), "teacher.onnx", folder)
        let run = try CommandLineTool.run(
          ["run", "teacher.onnx", "--input", "data.npz", "-o", "answers.npz"], in: folder)
        try #require(run.status == 0, "\(run.errors)")
        let report = try json(
          [
            "compile", "student.onnx", "--teacher-logits", "answers.npz", "--data", "data.npz", "--recover", "40",
            "--teacher-share", "1",
            "--feature-weight", "0",
            "--activations", "float", "--target", "host", "-o", "m.kdb", "--json", "-",
          ], folder)
        let stages = try #require(report["stages"] as? [[String: Any]])
        let recovered = try #require(stages.first { $0["name"] as? String == "recovered" })
        found.append(try #require((recovered["metrics"] as? [[String: Any]])?.first?["kl"] as? [Double]))
      }
      #expect(found[0][0] > 1e-4, "the teacher taught something: \(found)")
      #expect(zip(found[0], found[1]).allSatisfy { abs($0 - $1) < 1e-3 * $0 }, "\(found)")
    }
  }

  @Test("Good samples give no warning; suspicious ones each their own, in the report too, and exit 0")
  func warnings() throws {
    try withFolder { folder in
      try write(Self.classifier([]), "m.onnx", folder)
      try data(folder, "good.npz")
      try data(folder, "few.npz", count: 6)
      try data(folder, "pixels.npz", scale: 255)
      try data(folder, "wide.npz", scale: 3)
      try data(folder, "rows.npz", oneHot: true)
      let cases: [(calibration: String, evaluation: String?, ids: [DiagnosticID])] = [
        ("good.npz", "good.npz", []), ("few.npz", nil, [.fewCalibrationSamples]),
        ("pixels.npz", "good.npz", [.differentScales]), ("good.npz", "wide.npz", [.valuesBeyondCalibration]),
        ("good.npz", "rows.npz", [.oneHotLabels]),
      ]
      for (calibration, evaluation, ids) in cases {
        let outcome = try CommandLineTool.run(
          ["compile", "m.onnx", "--data", calibration, "--target", "host", "-o", "m.kdb", "--json", "-", "--quiet"]
            + (evaluation.map { ["--eval", $0] } ?? []), in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let found = (report["warnings"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
        let place = "\(calibration) \(evaluation ?? "-"): \(outcome.errors)"
        for id in ids { #expect(found.contains("\(id)") && outcome.errors.contains("warning[\(id)]"), "\(place)") }
        if ids.isEmpty { #expect(found.isEmpty && outcome.errors.isEmpty, "\(place)") }
      }
      // Once.
      let outcome = try CommandLineTool.run(["evaluate", "m.onnx", "--data", "rows.npz"], in: folder)
      #expect(outcome.errors.components(separatedBy: "\(DiagnosticID.oneHotLabels)").count == 2, "\(outcome.errors)")
    }
  }

  @Test("Measuring on what a model learns from is warned of, whatever the file is called")
  func measuredOnTraining() throws {
    try withFolder { folder in
      try write(Self.classifier([]), "m.onnx", folder)
      for name in ["train.npz", "other.npz"] { try data(folder, name) }
      try FileManager.default.createSymbolicLink(atPath: folder.path + "/link.npz", withDestinationPath: "train.npz")
      for (evaluation, epochs, isWarned) in [
        ("link.npz", "1", true), ("other.npz", "1", false), ("link.npz", "0", false),
      ] {
        let report = try json(
          [
            "compile", "m.onnx", "--data", "other.npz", "--train", "train.npz", "--eval", evaluation, "--recover",
            epochs, "--target", "host", "-o", "m.kdb", "--json", "-", "--quiet",
          ], folder)
        let found = (report["warnings"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
        #expect(found.contains("\(DiagnosticID.measuredOnTraining)") == isWarned, "\(evaluation), \(epochs) epochs")
      }
    }
  }

  @Test("Outputs that are spoilt are warned of, and their answers where they are known to be classes")
  func spoilt() throws {
    try withFolder { folder in
      try write(Self.classifier([]), "m.onnx", folder)
      // Samples of a tenth of the size to calibrate on: what is measured then is clipped.
      for isKnown in [true, false] {
        try data(folder, "small.npz", count: 200, scale: 0.1, labels: isKnown)
        try data(folder, "full.npz", count: 200, labels: isKnown)
        let report = try json(
          [
            "compile", "m.onnx", "--data", "small.npz", "--eval", "full.npz", "--target", "host", "-o", "m.kdb",
            "--json", "-",
          ],
          folder)
        let warnings = report["warnings"] as? [[String: Any]] ?? []
        let found = warnings.compactMap { $0["id"] as? String }
        #expect(found.contains("\(DiagnosticID.lowSignal)"), "\(found)")
        let texts = warnings.compactMap { $0["message"] as? String }
        #expect(texts.contains { $0.hasSuffix("should be 20 or more") }, "\(texts)")
        #expect(found.contains("\(DiagnosticID.lowAgreement)") == isKnown, "\(found)")
      }
      try data(folder, "still.npz", scale: 0, labels: false)
      let still = try json(
        ["compile", "m.onnx", "--data", "still.npz", "--target", "host", "-o", "m.kdb", "--json", "-"], folder)
      let found = (still["warnings"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
      #expect(found == ["\(DiagnosticID.constantOutput)"])
    }
  }

  @Test("--output says what an output is, and is refused for what it does not fit")
  func given() throws {
    try withFolder { folder in
      try write(Self.classifier([]), "m.onnx", folder)
      try data(folder, "data.npz", labels: false)
      func figures(_ arguments: [String]) throws -> [String: Any] {
        let found = try json(["evaluate", "m.onnx", "--data", "data.npz", "--json", "-"] + arguments, folder)
        return try #require((found["metrics"] as? [[String: Any]])?.first)
      }
      #expect(try figures([])["uncertainty"] != nil)
      #expect(try figures(["--output", "y=embedding"])["uncertainty"] == nil)
      #expect(try figures(["--output", "y=embedding"])["kind"] as? String == "embedding")
      let compiled = try CommandLineTool.run(
        [
          "compile", "m.onnx", "--data", "data.npz", "--target", "host", "-o", "m.kdb", "--output", "y=embedding",
          "--quiet",
        ], in: folder)
      #expect(compiled.status == 0, "\(compiled.errors)")
      let bundle = try json(["evaluate", "m.kdb", "--data", "data.npz", "--json", "-"], folder)
      #expect((bundle["metrics"] as? [[String: Any]])?.first?["kind"] as? String == "embedding")
      for (arguments, status, text) in [
        (["--output", "z=embedding"], 1, "\(DiagnosticID.unknownOutput)"), (["--output", "y=vectors"], 2, "embedding"),
        (["--output", "y"], 2, "name=kind"),
      ] as [([String], Int32, String)] {
        let outcome = try CommandLineTool.run(["evaluate", "m.onnx", "--data", "data.npz"] + arguments, in: folder)
        #expect(outcome.status == status && outcome.errors.contains(text), "\(arguments): \(outcome.errors)")
      }
      let twice = try CommandLineTool.run(
        ["compile", "m.onnx", "--target", "host", "-o", "a", "--output", "y=vectors"], in: folder)
      #expect(twice.status == 2 && twice.errors.contains("2 files"), "\(twice.errors)")
    }
  }
}
