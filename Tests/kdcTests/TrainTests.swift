import Foundation
import KDCONNX
import KDCTensor
import KDCTraining
import Testing

/// `kdc train` and `kdc distill` from the outside, on the quickstart pair.
@Suite(
  "kdc train and distill", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct TrainTests {
  private func file(_ name: String) -> String { CompileTests.pair.appendingPathComponent(name).path }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private var distill: [String] {
    [
      "distill", file("teacher.onnx"), file("student.onnx"), "--data", file("train.npz"), "--train-samples", "160",
      "--reinitialize", "--batch", "32", "--augment", "shift=1,flip",
    ]
  }

  @Test("A distilled student keeps nodes, operator set and dynamic batch of its file, with a history and a curve")
  func distilled() throws {
    try withFolder { folder in
      let outcome = try CommandLineTool.run(
        distill + ["--epochs", "2", "-o", "new.onnx", "--json", "history.json", "--head-weight", "logits=0.5"],
        in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("held out: loss") && outcome.output.contains("teacher"))
      #expect(outcome.errors.contains("epoch 2/2"))
      let path = folder.appendingPathComponent("new.onnx").path
      let (old, new) = (try ONNXImporter.load(path: file("student.onnx")), try ONNXImporter.load(path: path))
      #expect(new.opset == old.opset && new.nodes.map(\.name) == old.nodes.map(\.name))
      #expect(new.nodes.contains { $0.opType == "BatchNormalization" })
      #expect(new.initializers.mapValues(\.type) == old.initializers.mapValues(\.type))
      // Only weights differ: the bytes before and after are of one length where nothing else changed.
      let sizes = try [file("student.onnx"), path].map { try Data(contentsOf: URL(fileURLWithPath: $0)).count }
      #expect(sizes[0] == sizes[1])
      let svg = try String(contentsOf: folder.appendingPathComponent("new.svg"), encoding: .utf8)
      #expect(svg.contains("loss") && svg.contains("stroke-dasharray"))
      let history = try Data(contentsOf: folder.appendingPathComponent("history.json"))
      let json = try #require(try JSONSerialization.jsonObject(with: history) as? [String: Any])
      #expect((json["epochs"] as? [Any])?.count == 2)
      #expect(!FileManager.default.fileExists(atPath: path + ".checkpoint"))
    }
  }

  @Test("A run killed half-way goes on from its checkpoint and gives the bytes of one that was not, on other threads")
  func resume() throws {
    try withFolder { folder in
      let arguments = distill + ["--epochs", "3", "--quiet"]
      let whole = try CommandLineTool.run(arguments + ["-o", "whole.onnx", "--threads", "1"], in: folder)
      try #require(whole.status == 0, "\(whole.errors)")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(CommandLineTool.path))
      process.arguments = arguments + ["-o", "resumed.onnx", "--threads", "2"]
      process.currentDirectoryURL = folder
      process.standardError = FileHandle.nullDevice
      try process.run()
      let checkpoint = folder.appendingPathComponent("resumed.onnx.checkpoint").path
      while process.isRunning, !FileManager.default.fileExists(atPath: checkpoint) {
        Thread.sleep(forTimeInterval: 0.005)
      }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      let resumed = try CommandLineTool.run(arguments + ["-o", "resumed.onnx", "--threads", "2"], in: folder)
      try #require(resumed.status == 0, "\(resumed.errors)")
      let files = try ["whole.onnx", "resumed.onnx"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(files[0] == files[1])
    }
  }

  @Test("Training by labels leaves nothing where the loss is not finite, and asks for labels where there are none")
  func faults() throws {
    try withFolder { folder in
      let data = file("train.npz")
      let wild = try CommandLineTool.run(
        [
          "train", file("student.onnx"), "--data", data, "--train-samples", "100", "--optimizer", "sgd",
          "--learning-rate", "1e30", "--clip", "0", "--epochs", "2", "-o", "new.onnx",
        ], in: folder)
      #expect(wild.status == 1 && wild.errors.contains("KDC3404") && wild.errors.contains("--learning-rate"))
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("new.onnx").path))
      let unlabelled = try CommandLineTool.run(
        ["train", file("student.onnx"), "--data", file("calib.npz"), "-o", "new.onnx"], in: folder)
      #expect(unlabelled.status == 1 && unlabelled.errors.contains("KDC1025"))
      let head = try CommandLineTool.run(
        ["train", file("student.onnx"), "--data", data, "-o", "new.onnx", "--head-weight", "logit=2"], in: folder)
      #expect(head.status == 1 && head.errors.contains("did you mean 'logits'"))
      let usage = try CommandLineTool.run(
        ["train", file("student.onnx"), "--data", data, "-o", "new.onnx", "--augment", "shift=2,flop"], in: folder)
      #expect(usage.status == 2 && usage.errors.contains("flop"))
    }
  }
}
