import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTestSupport
import KDCToolchain
import Testing

/// `kdc explain`, and bundles with code for several cores.
@Suite("kdc explain", .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct ExplainTests {
  private static let pair = SourceTree.root.appendingPathComponent("bundles/quickstart")
  private var student: String { Self.pair.appendingPathComponent("student.onnx").path }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-explain-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test("An ONNX model is explained layer by layer: kernel, reason, share")
  func model() throws {
    try withFolder { folder in
      let text = try CommandLineTool.run(["explain", student, "--target", "pi4b", "--refused"], in: folder)
      #expect(text.status == 0, "\(text.errors)")
      #expect(text.output.contains("pi4b (Raspberry Pi 4 Model B): about"))
      #expect(text.output.contains("refused conv_scalar") == false)
      #expect(text.output.contains("cycles; next"))
      #expect(text.output.contains(": the target has no AVX2"))
      let json = try CommandLineTool.run(
        ["explain", student, "--target", "pi5", "--target", "host", "--json", "-"], in: folder)
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [[String: Any]]])
      let targets = try #require(object["targets"])
      #expect(targets.compactMap { $0["name"] as? String } == ["pi5", "host"])
      for target in targets {
        let layers = try #require(target["layers"] as? [[String: Any]])
        let shares = layers.compactMap { $0["share"] as? Double }
        #expect(shares.count == layers.count && abs(shares.reduce(0, +) - 1) < 1e-6)
      }
      let layers = try #require(targets[0]["layers"] as? [[String: Any]])
      #expect(layers.contains { $0["kernel"] as? String == "conv_runs_dotprod" })
      #expect(layers.contains { ($0["floatCycles"] as? Double ?? 0) > ($0["cycles"] as? Double ?? 0) })
      let none = try CommandLineTool.run(["explain", student], in: folder)
      #expect(none.status == 2 && none.errors.contains("--target is missing"))
    }
  }

  @Test("A model that is too large to be run once is refused")
  func large() throws {
    try withFolder { folder in
      let type = TensorType(.float32, [1, 1 << 27])
      var graph = Graph(
        name: "g", opset: 17, inputs: [ValueInfo(name: "x", type: type)], outputs: ["y"],
        nodes: [Node(name: "relu", opType: "Relu", opset: 17, inputs: ["x"], outputs: ["y"])])
      graph.types = ["x": type, "y": type]
      try ONNXExporter.export(graph).write(to: folder.appendingPathComponent("m.onnx"))
      let outcome = try CommandLineTool.run(["explain", "m.onnx", "--target", "pi4b"], in: folder)
      #expect(outcome.status == 1 && outcome.errors.contains("\(DiagnosticID.tooLargeToExplain)"), "\(outcome.errors)")
    }
  }

  @Test("Within --max-ram other kernels come before pruning, and a bundle is explained as it was made")
  func memory() throws {
    try withFolder { folder in
      let calibration = Self.pair.appendingPathComponent("calib.npz").path
      let compiled = try CommandLineTool.run(
        [
          "compile", student, "--data", calibration, "--target", "pi4b", "--max-ram", "60KB", "--recover", "0",
          "-o", "model.kdb", "--quiet", "--json", "report.json",
        ], in: folder)
      try #require(compiled.status == 0, "\(compiled.errors)")
      #expect(compiled.output.contains("nothing has to be removed"))
      func report(_ arguments: [String]) throws -> [String: Any] {
        let run = try CommandLineTool.run(arguments, in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: [[String: Any]]]
        return try #require(object?["targets"]?.first)
      }
      let tight = try report(["explain", "model.kdb", "--json", "-"])
      let free = try report(["explain", "model.kdb", "--max-ram", "1MB", "--json", "-"])
      let times = [free, tight].compactMap { $0["milliseconds"] as? Double }
      #expect(times.count == 2 && times[0] < times[1])
      let written =
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: folder.appendingPathComponent("report.json"))) as? [String: Any]
      let bundles = try #require(written?["bundles"] as? [[String: Any]])
      #expect(bundles.allSatisfy { ($0["arenaBytes"] as? Int).map { $0 <= 60 * 1024 } == true })
    }
  }

  @Test("One bundle holds code for old and new ARM cores, and each runs what it can")
  func cores() throws {
    try withFolder { folder in
      let calibration = Self.pair.appendingPathComponent("calib.npz").path
      let compiled = try CommandLineTool.run(
        [
          "compile", student, "--data", calibration, "--target", "pi4b", "--target", "jetson-nano", "--target", "pi5",
          "-o", "model.kdb", "--quiet",
        ], in: folder)
      try #require(compiled.status == 0, "\(compiled.errors)")
      let explained = try CommandLineTool.run(["explain", "model.kdb"], in: folder)
      #expect(explained.output.contains("pi5 (Raspberry Pi 5)") && explained.output.contains("conv_runs_dotprod"))
      let bundle = folder.appendingPathComponent("model.kdb").path
      let elf = try ElfFile([UInt8](Data(contentsOf: URL(fileURLWithPath: bundle))))
      #expect(elf.sections.contains { $0.name == "kdc_code_cortex_a76" && $0.isCode })
      guard let qemu = Tools.path(of: "qemu-aarch64"), FileManager.default.fileExists(atPath: "/usr/aarch64-linux-gnu")
      else { return }
      for (cpu, code) in [
        ("cortex-a57", "cortex-a72"), ("cortex-a72", "cortex-a72"), ("cortex-a76", "cortex-a76"), ("max", "cortex-a76"),
      ] {
        let output = try Tools.run(
          qemu, ["-cpu", cpu, "-L", "/usr/aarch64-linux-gnu", bundle, "--verify"], input: Data())
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.hasPrefix("verified: ") && text.contains("on \(code) code"), "\(cpu): \(text)")
      }
    }
  }
}
