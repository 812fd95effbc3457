import Foundation
import KDCDiagnostics
import Testing

/// The recipes of bundles/ from the outside, in their small size.
@Suite(
  "kdc recipe, new, rise and evaluate", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct RecipeCommandTests {
  static let names = ["concierge", "overview", "mnist-saliency", "cats-dogs", "mutual-information"]

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func bundle(_ name: String) -> String {
    CompileTests.pair.deletingLastPathComponent().appendingPathComponent(name).path
  }

  @Test("Every published recipe is valid in its full size and runs in its small one", arguments: names)
  func recipes(name: String) throws {
    try withFolder { folder in
      let check = try CommandLineTool.run(["recipe", bundle(name), "--check"], in: folder)
      try #require(check.status == 0, "\(check.errors)")
      let outcome = try CommandLineTool.run(
        ["recipe", bundle(name), "--smoke", "--quiet", "-o", "out", "--json", "table.json"], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("| model | runs |"))
      let table = try Data(contentsOf: folder.appendingPathComponent("table.json"))
      let rows = try #require(try JSONSerialization.jsonObject(with: table) as? [[String: Any]])
      #expect(rows.count >= 2)
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("out/results.md").path))
    }
  }

  @Test("A command that kdc does not take is a fault of its line, found before anything runs")
  func badCommand() throws {
    try withFolder { folder in
      let text = "name: bad\nsteps:\n  - run: new a.yaml -o a.onnx\n  - run: distill a b --data c --alhpa 3 -o d\n"
      try Data(text.utf8).write(to: folder.appendingPathComponent("recipe.yaml"))
      let outcome = try CommandLineTool.run(["recipe", "."], in: folder)
      #expect(outcome.status == 1 && outcome.errors.contains("KDC1043") && outcome.errors.contains("line 4"))
      #expect(outcome.errors.contains("--alpha"))
    }
  }

  @Test("explain --rise is an option like others: in a recipe, in the help, and wherever it stands")
  func rise() throws {
    try withFolder { folder in
      let text = "name: r\nsource: s\nclaim: c\nsteps:\n  - run: explain a.onnx b.onnx --data c --rise -o d.png\n"
      try Data(text.utf8).write(to: folder.appendingPathComponent("recipe.yaml"))
      let check = try CommandLineTool.run(["recipe", ".", "--check"], in: folder)
      #expect(check.status == 0, "\(check.errors)")
      #expect(try CommandLineTool.run(["explain", "--help"], in: folder).output.contains("  --rise "))
      for (arguments, text) in [
        (["a.onnx", "b.onnx"], "--rise"), (["a.onnx", "--data", "c"], "--rise"), (["a.onnx", "--rise"], "--data"),
        (["--rise", "--data", "c", "-o", "d.png"], "<files>"),
      ] {
        let outcome = try CommandLineTool.run(["explain"] + arguments, in: folder)
        #expect(outcome.status == 2 && outcome.errors.contains(text), "\(arguments): \(outcome.errors)")
      }
    }
  }

  @Test("Saliency maps of two models stand beside the image, and layers that a model lacks are named")
  func saliency() throws {
    try withFolder { folder in
      let pair = CompileTests.pair
      func file(_ name: String) -> String { pair.appendingPathComponent(name).path }
      let outcome = try CommandLineTool.run(
        [
          "explain", "--rise", file("teacher.onnx"), file("student.onnx"), "--data", file("eval.npz"), "--sample", "3",
          "--masks",
          "64",
          "-o", "map.png",
        ], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("insertion") && outcome.output.contains("student.onnx"))
      let png = try Data(contentsOf: folder.appendingPathComponent("map.png"))
      #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
      // Width of three panels of 224 pixels and two gaps of 4, big-endian at byte 16.
      let width: [UInt8] = [0, 0, 2, 168]
      #expect(Array(png[16..<20]) == width)
      let layer = try CommandLineTool.run(
        [
          "distill", file("teacher.onnx"), file("student.onnx"), "--data", file("train.npz"), "--hint", "relu=relu",
          "-o",
          "x.onnx",
        ], in: folder)
      #expect(layer.status == 1 && layer.errors.contains("\(DiagnosticID.unknownLayer)"), "\(layer.errors)")
    }
  }

  @Test("Labels that a model cannot give are faults of evaluation, not wrong answers")
  func evaluatedLabels() throws {
    try withFolder { folder in
      let text = "family: mlp\nwidths: [4]\ninput: {name: image, shape: [1, 28, 28]}\noutputs: {y: 3}\n"
      try Data(text.utf8).write(to: folder.appendingPathComponent("m.yaml"))
      _ = try CommandLineTool.run(["new", "m.yaml", "-o", "m.onnx"], in: folder)
      let eval = CompileTests.pair.appendingPathComponent("eval.npz").path
      let outcome = try CommandLineTool.run(["evaluate", "m.onnx", "--data", eval], in: folder)
      #expect(outcome.status == 1 && outcome.errors.contains("\(DiagnosticID.labelOutOfRange)"), "\(outcome.errors)")
    }
  }

  @Test("Evaluation tells how sure a model is, in text, JSON and SVG")
  func certainty() throws {
    try withFolder { folder in
      let pair = CompileTests.pair
      let outcome = try CommandLineTool.run(
        [
          "evaluate", pair.appendingPathComponent("student.onnx").path, "--data",
          pair.appendingPathComponent("eval.npz").path, "--json", "figures.json", "--svg", "figures.svg", "--quiet",
        ], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("expected calibration error") && outcome.output.contains("columns: answers"))
      let json = try String(contentsOf: folder.appendingPathComponent("figures.json"), encoding: .utf8)
      #expect(json.contains("confusion") && json.contains("calibrationError"))
      #expect(try String(contentsOf: folder.appendingPathComponent("figures.svg"), encoding: .utf8).contains("<rect"))
    }
  }
}
