import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

/// Pruning, recovery, budgets and work folders from the outside, on the quickstart pair.
@Suite(
  "kdc compile, making models smaller", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct CompressionTests {
  private func student(_ name: String = "student") -> String {
    CompileTests.pair.appendingPathComponent(name + ".onnx").path
  }

  /// A folder with some labelled samples as train.npz, and their first ones as calib.npz.
  private func withFolder(samples: Int = 96, _ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let all = try NumpyFile.read(CompileTests.pair.appendingPathComponent("eval.npz").path)
    for (name, count) in [("train", samples), ("calib", 16)] {
      let arrays = all.map { key, tensor in
        let dims = [count] + tensor.shape.dims.dropFirst()
        return (key: key, tensor: tensor.slice(0..<dims.reduce(1, *), as: Shape(dims)))
      }
      try NumpyFile.write(arrays, to: folder.appendingPathComponent(name + ".npz").path)
    }
    try body(folder)
  }

  private func report(_ outcome: CommandLineTool.Outcome) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test("A compile killed in recovery goes on from its work folder and gives the bytes of one that was not")
  func resume() throws {
    try withFolder { folder in
      let arguments = [
        "compile", student(), "--teacher", student("teacher"), "--train", "train.npz", "--data", "calib.npz",
        "--prune", "30%", "--importance", "magnitude", "--recover", "3", "--target", "pi4b", "--quiet",
      ]
      let whole = try CommandLineTool.run(arguments + ["-o", "whole.kdb", "--threads", "1"], in: folder)
      try #require(whole.status == 0, "\(whole.errors)")

      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(CommandLineTool.path))
      process.arguments = arguments + ["-o", "resumed.kdb", "--work-dir", "work", "--threads", "2"]
      process.currentDirectoryURL = folder
      process.standardError = FileHandle.nullDevice
      try process.run()
      let work = folder.appendingPathComponent("work")
      // The checkpoint appears after the first epoch; a machine that is faster than this loop just finishes.
      while process.isRunning, try !contents(of: work).contains(where: { $0.hasSuffix(".checkpoint") }) {
        Thread.sleep(forTimeInterval: 0.005)
      }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()

      let resumed = try CommandLineTool.run(
        arguments + ["-o", "resumed.kdb", "--work-dir", "work", "--threads", "2"], in: folder)
      try #require(resumed.status == 0, "\(resumed.errors)")
      let bundles = try ["whole.kdb", "resumed.kdb"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(bundles[0] == bundles[1])
      #expect(try !contents(of: work).isEmpty)
    }
  }

  @Test("A work folder holds results of one request: what decides them makes another, what does not the same")
  func workKeys() throws {
    try withFolder { folder in
      let target = try SourceTree.text("targets/pi4b.yaml")
      try Files.write(Array(target.utf8), to: folder.path + "/board.yaml")
      try Files.write(
        Array(target.replacing("cores: 4", with: "cores: 2").utf8), to: folder.path + "/slower.yaml")
      let arguments = [
        "compile", student(), "--data", "calib.npz", "--prune", "30%", "--importance", "magnitude", "--no-recover",
        "--no-reconstruct", "--quiet", "--work-dir", "work", "-o", "a.kdb",
      ]
      func folders(_ options: [String], target: String = "board", train: String = "moved") throws -> Int {
        let outcome = try CommandLineTool.run(
          arguments + options + ["--target", target + ".yaml", "--train", train + ".npz"], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("work").path).count
      }
      #expect(try folders([], train: "train") == 1)
      #expect(try folders(["--threads", "1", "--eval", "calib.npz", "--emit", "c"], train: "train") == 1)
      try FileManager.default.moveItem(atPath: folder.path + "/train.npz", toPath: folder.path + "/moved.npz")
      #expect(try folders([]) == 1)
      #expect(try folders(["--seed", "1"]) == 2)
      #expect(try folders(["--arithmetic", "exact"]) == 3)
      #expect(try folders([], target: "slower") == 4)
    }
  }

  @Test("What has changed in a work folder is made anew: a bit flipped in it changes no bundle")
  func flippedBits() throws {
    try withFolder { folder in
      let arguments = [
        "compile", student(), "--teacher", student("teacher"), "--train", "train.npz", "--data", "calib.npz",
        "--prune", "30%", "--importance", "magnitude", "--no-recover", "--target", "pi4b", "--quiet", "--work-dir",
        "work", "-o", "model.kdb",
      ]
      func compile() throws -> Data {
        let outcome = try CommandLineTool.run(arguments, in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try Data(contentsOf: folder.appendingPathComponent("model.kdb"))
      }
      let whole = try compile()
      let work = folder.appendingPathComponent("work")
      let files = try contents(of: work).filter { $0.contains(".") }
      #expect(files.contains { $0.hasSuffix("asked.onnx") } && files.contains { $0.hasSuffix("answers.npz") })
      for file in files {
        let path = work.appendingPathComponent(file).path
        var bytes = try Files.read(path)
        bytes[bytes.count / 2] ^= 1
        try Files.write(bytes, to: path)
      }
      #expect(try compile() == whole)
    }
  }

  private func contents(of folder: URL) throws -> [String] {
    (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
  }

  @Test("Recovery is a stage of the report and a decision with its reason")
  func recovery() throws {
    try withFolder { folder in
      let outcome = try CommandLineTool.run(
        [
          "compile", student(), "--teacher", student("teacher"), "--train", "train.npz", "--data", "calib.npz",
          "--recover", "1", "--labels", "--target", "pi4b", "-o", "model.kdb", "--json", "-", "--quiet",
        ], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let report = try report(outcome)
      let stages = try #require(report["stages"] as? [[String: Any]])
      #expect(stages.compactMap { $0["name"] as? String } == ["teacher", "student", "recovered", "int8"])
      #expect((stages[2]["milliseconds"] as? [String: Double])?["pi4b"] ?? 0 > 0)
      let decision = try #require((report["decisions"] as? [[String: Any]])?.first)
      #expect(decision["stage"] as? String == "recover")
      #expect((decision["reason"] as? String)?.contains("held-out") == true)
      #expect(decision["accepted"] as? Bool == stages[2]["accepted"] as? Bool)
    }
  }

  @Test("Several teachers answer by their mean, and one by itself twice as by itself once")
  func teachers() throws {
    try withFolder { folder in
      var scores: [String] = []
      for teachers in [["teacher"], ["teacher", "teacher"]] {
        let outcome = try CommandLineTool.run(
          [
            "compile", student(), "--data", "calib.npz", "--target", "pi4b", "-o", "model.kdb", "--json", "-",
            "--quiet",
          ]
            + teachers.flatMap { ["--teacher", student($0)] }, in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let stages = try #require(try report(outcome)["stages"] as? [[String: Any]])
        scores.append("\((stages[1]["metrics"] as? [[String: Any]])?.first?["kl"] ?? "")")
      }
      #expect(scores[0] == scores[1])
    }
  }

  @Test("A teacher's stored outputs serve for recovery, and those of other samples are refused")
  func storedOutputs() throws {
    try withFolder { folder in
      let run = try CommandLineTool.run(
        ["run", student("teacher"), "--input", "train.npz", "-o", "teacher.npz", "--quiet"], in: folder)
      try #require(run.status == 0, "\(run.errors)")
      let arguments = [
        "compile", student(), "--train", "train.npz", "--data", "calib.npz", "--recover", "1", "--target", "pi4b",
        "--quiet", "-o",
      ]
      let stored = try CommandLineTool.run(arguments + ["stored.kdb", "--teacher-logits", "teacher.npz"], in: folder)
      try #require(stored.status == 0, "\(stored.errors)")
      let calib = try CommandLineTool.run(
        ["run", student("teacher"), "--input", "calib.npz", "-o", "calib-teacher.npz", "--quiet"], in: folder)
      try #require(calib.status == 0, "\(calib.errors)")
      let refused = try CommandLineTool.run(
        arguments + ["refused.kdb", "--teacher-logits", "calib-teacher.npz"], in: folder)
      #expect(refused.status == 1)
      #expect(refused.errors.contains("\(DiagnosticID.teacherOutputsMismatch)"), "\(refused.errors)")
      #expect(refused.errors.contains("16 samples"), "\(refused.errors)")
    }
  }

  @Test("Labels that are no class are refused before any work")
  func labels() throws {
    try withFolder { folder in
      let values = Tensor([2, 1, 28, 28], [Float](repeating: 0, count: 2 * 784))
      try NumpyFile.write(
        [("image", values), ("label", Tensor([2], [3, 10] as [Int64]))],
        to: folder.appendingPathComponent("labels.npz").path)
      let outcome = try CommandLineTool.run(
        ["compile", student(), "--data", "labels.npz", "--target", "host", "-o", "model.kdb"], in: folder)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("\(DiagnosticID.labelOutOfRange)"), "\(outcome.errors)")
      #expect(outcome.errors.contains("labels.npz"), "\(outcome.errors)")
    }
  }

  @Test("Pruning removes the share asked for, reports every stage, and is the same for any number of threads")
  func prune() throws {
    try withFolder { folder in
      for threads in ["1", "2"] {
        let outcome = try CommandLineTool.run(
          [
            "compile", student(), "--teacher", student("teacher"), "--train", "train.npz", "--data", "calib.npz",
            "--prune", "50%", "--recover", "1", "--target", "pi4b", "-o", threads + ".kdb", "--json", "-", "--quiet",
            "--threads", threads,
          ], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let report = try report(outcome)
        let stages = try #require(report["stages"] as? [[String: Any]])
        #expect(
          stages.compactMap { $0["name"] as? String }
            == ["teacher", "student", "pruned", "reconstructed", "recovered", "int8"])
        let macs = stages.compactMap { $0["macs"] as? Int }
        #expect(macs[2] <= macs[1] / 2 && macs[2] > macs[1] * 4 / 10, "\(macs)")
        let channels = try #require(report["channels"] as? [[String: Any]])
        #expect(channels.contains { ($0["after"] as? Int ?? 0) < ($0["before"] as? Int ?? 0) })
        let layers = try #require(report["layers"] as? [[String: Any]])
        #expect(layers.contains { ($0["widthAfter"] as? Int ?? 0) < ($0["widthBefore"] as? Int ?? 0) })
      }
      let bundles = try ["1.kdb", "2.kdb"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(bundles[0] == bundles[1])
    }
  }

  @Test("A share that leaves layers without channels is refused")
  func outOfReach() throws {
    try withFolder { folder in
      let outcome = try CommandLineTool.run(
        [
          "compile", student(), "--data", "calib.npz", "--prune", "0.9999", "--no-reconstruct", "--importance",
          "magnitude", "--no-recover", "--target", "pi4b", "-o", "model.kdb",
        ], in: folder)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("\(DiagnosticID.cutOutOfReach)"), "\(outcome.errors)")
    }
  }

  @Test("Limits on size and latency are met within 5 %, without training where none is wanted")
  func budget() throws {
    try withFolder { folder in
      let outcome = try CommandLineTool.run(
        [
          "compile", student(), "--data", "calib.npz", "--train", "train.npz", "--max-size", "40KB", "--max-latency",
          "2ms", "--no-recover", "--arithmetic", "exact", "--target", "pi4b", "-o", "model.kdb", "--json", "-",
          "--quiet",
        ], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let limits = try #require(try report(outcome)["budget"] as? [[String: Any]])
      #expect(limits.compactMap { $0["option"] as? String } == ["--max-size", "--max-latency"])
      let size = try #require(limits[0]["value"] as? Double)
      #expect(size <= 40 * 1024 && size > 0.95 * 40 * 1024, "\(size)")
    }
  }

  @Test("A budget that cannot be met ends with exit 3, the points measured, and a command line that can be met")
  func infeasible() throws {
    try withFolder { folder in
      let arguments = [
        "compile", student(), "--data", "calib.npz", "--train", "train.npz", "--max-size", "1KB", "--importance",
        "magnitude", "--no-reconstruct", "--no-recover", "--target", "pi4b", "-o", "model.kdb", "--json", "-",
        "--quiet",
      ]
      let outcome = try CommandLineTool.run(arguments, in: folder)
      #expect(outcome.status == 3, "\(outcome.errors)")
      let figures = try report(outcome)
      let points = try #require(figures["points"] as? [[String: Any]])
      #expect(!points.isEmpty)
      #expect(outcome.errors.contains("This can be met:"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.kdb").path))
      let nearest = try #require(figures["nearest"] as? [String])
      #expect(nearest.first == "--max-size")
      let again = try CommandLineTool.run(
        arguments.filter { !["--max-size", "1KB"].contains($0) } + nearest, in: folder)
      #expect(again.status == 0, "\(nearest) \(again.errors)")
    }
  }

  @Test("A quality out of reach ends with exit 3, and what is named as possible was measured")
  func qualityOutOfReach() throws {
    try withFolder { folder in
      let outcome = try CommandLineTool.run(
        [
          "compile", student(), "--data", "calib.npz", "--train", "train.npz", "--max-size", "24KB", "--max-kl",
          "0.000001", "--importance", "magnitude", "--no-reconstruct", "--no-recover", "--target", "pi4b", "-o",
          "model.kdb", "--json", "-", "--quiet",
        ], in: folder)
      #expect(outcome.status == 3, "\(outcome.errors)")
      let figures = try report(outcome)
      let points = try #require(figures["points"] as? [[String: Any]])
      #expect(points.contains { ($0["divergence"] as? Double ?? 0) > 0.000001 }, "\(points)")
      let nearest = try #require(figures["nearest"] as? [String])
      #expect(nearest != ["--max-size", "24KB", "--max-kl", "0.0000"], "\(nearest)")
      #expect(nearest.count == 4)
    }
  }

  @Test("Layers of fast arithmetic are reported with 7 bits")
  func sevenBits() throws {
    try withFolder(samples: 16) { folder in
      let outcome = try CommandLineTool.run(
        [
          "compile", student(), "--data", "calib.npz", "--target", "pi4b", "--arithmetic", "fast", "-o", "model.kdb",
          "--json", "-", "--quiet",
        ], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let layers = try #require(try report(outcome)["layers"] as? [[String: Any]])
      let fast = layers.filter { (($0["kernel"] as? [String: String])?["pi4b"] ?? "").hasPrefix("conv_paired") }
      #expect(!fast.isEmpty)
      for layer in fast {
        #expect(layer["weightBits"] as? Int == 7, "\(layer)")
        #expect(layer["inputBits"] as? Int == 7, "\(layer)")
      }
      #expect(layers.contains { $0["bits"] as? Int == 7 })
      let explained = try CommandLineTool.run(["explain", "model.kdb"], in: folder)
      #expect(explained.output.contains("7 × 7"), "\(explained.output)")
    }
  }

  static let teacherFaults: [(arguments: [String], text: String)] = [
    (["--match", "logit=logits"], "did you mean --match logits=logits?"),
    (["--match", "logits=logit"], "did you mean 'logits'?"),
    (["--teacher-preprocess", "resize=30x30"], "the teacher takes 28x28, preprocessing gives 30x30"),
    (["--teacher-preprocess", "imgae:scale=2"], "did you mean 'image'?"),
    (["--teacher-preprocess", "resize=2"], "WIDTHxHEIGHT"),
    (["--teacher-preprocess", "blur=2"], "knows resize, scale, mean and std"),
  ]

  @Test("What a teacher does not have is refused, with the name that was meant", arguments: teacherFaults.indices)
  func teacherFault(index: Int) throws {
    let (arguments, text) = Self.teacherFaults[index]
    try withFolder(samples: 16) { folder in
      let outcome = try CommandLineTool.run(
        [
          "compile", student(), "--teacher", student("teacher"), "--data", "calib.npz", "--target", "pi4b", "-o",
          "m.kdb",
        ]
          + arguments, in: folder)
      #expect(outcome.status == 1 || outcome.status == 2)
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }
  }
}
