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

  @Test(
    "What is wrong with the last link of a chain, the samples to judge by or a file to write is said before training")
  func foresight() throws {
    try withFolder { folder in
      let data = ["--data", file("train.npz"), "--train-samples", "100", "--epochs", "1", "-o", "new.onnx"]
      let precious = folder.appendingPathComponent("precious.npz")
      try FileManager.default.copyItem(atPath: file("calib.npz"), toPath: precious.path)
      let pair = ["distill", file("teacher.onnx"), file("student.onnx")] + data
      let cases: [(arguments: [String], status: Int32, message: String)] = [
        (["train", file("student.onnx")] + data + ["--checkpoint", "precious.npz", "--continue"], 1, "KDC3405"),
        (["train", file("student.onnx")] + data + ["--eval", "none.npz"], 1, "none.npz"),
        (["train", file("student.onnx")] + data + ["--checkpoint", "none/x"], 1, "KDC1002"),
        (pair + ["--assistant", "none.onnx"], 1, "none.onnx"),
        (pair + ["--generations", "2", "--hint", "a=b"], 2, "losses between layers"),
        (pair + ["--peer", file("student.onnx"), "--hint", "a=b"], 2, "losses between layers"),
        (pair + ["--attention", "logits=logits"], 1, "KDC1020"),
        (["distill", "gru.onnx", "gru.onnx"] + data + ["--hint", "gru1=gru1"], 1, "KDC1026"),
        (pair + ["--temperature", "1e-9"], 2, "temperatures"),
        (pair + ["--snapshots", "2"], 2, "epoch 2"),
        (pair + ["--views", "3"], 2, "--augment"),
        (pair + ["--augment", "flip,flip"], 2, "twice"),
        (pair + ["--augment", "shift=1.5"], 2, "whole number"),
        (pair + ["--schedule", "step", "--milestones", "2"], 2, "shares"),
        (pair + ["--head-weight", "logits=1", "--head-weight", "logits=2"], 2, "twice"),
      ]
      let gru = "family: gru\ninput: {name: image, shape: [28, 28]}\noutputs: {logits: 10}\nwidths: [4, 4]\n"
      try Data(gru.utf8).write(to: folder.appendingPathComponent("gru.yaml"))
      _ = try CommandLineTool.run(["new", "gru.yaml", "-o", "gru.onnx"], in: folder)
      try FileManager.default.removeItem(at: folder.appendingPathComponent("gru.yaml"))
      for (arguments, status, message) in cases {
        let outcome = try CommandLineTool.run(arguments + ["--quiet"], in: folder)
        #expect(outcome.status == status && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["gru.onnx", "precious.npz"],
          "\(arguments)")
      }
      #expect(try Data(contentsOf: precious).count > 1000)
    }
  }

  @Test("Each generation has its model and its history, and no checkpoint is left")
  func generations() throws {
    try withFolder { folder in
      let arguments = distill + ["--epochs", "1", "--quiet", "--generations", "2", "-o", "new.onnx"]
      let outcome = try CommandLineTool.run(arguments + ["--json", "h.json", "--checkpoint", "state"], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(files == ["h.g1.json", "h.json", "new.g1.onnx", "new.g1.svg", "new.onnx", "new.svg"])
      let second = try String(contentsOf: folder.appendingPathComponent("h.json"), encoding: .utf8)
      #expect(second.contains("new.g1.onnx"), "the first generation teaches the second")
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
