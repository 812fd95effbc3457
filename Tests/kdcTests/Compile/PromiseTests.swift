import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

/// `--max-loss`, from the outside.
@Suite(
  "kdc compile keeps what --max-loss promises", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct PromiseTests {
  /// Compiles y = x · w on samples of the given sizes.
  private func compile(
    _ arguments: [String], calibration: Float = 1, evaluation: Float = 1
  ) throws -> (outcome: CommandLineTool.Outcome, isWritten: Bool) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var random = SeededGenerator(seed: 21)
    func tensor(_ shape: Shape, _ size: Float) -> Tensor {
      Tensor(shape, (0..<shape.count).map { _ in Float.random(in: -size...size, using: &random) })
    }
    let graph = Graph(
      name: "product", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 16]))], outputs: ["y"],
      nodes: [Node(name: "product", opType: "MatMul", opset: 17, inputs: ["x", "w"], outputs: ["y"])],
      initializers: ["w": tensor([16, 6], 1)])
    try ONNXExporter.export(graph).write(to: folder.appendingPathComponent("m.onnx"))
    for (name, size) in [("data.npz", calibration), ("eval.npz", evaluation)] {
      try NumpyFile.write([(key: "x", tensor: tensor([40, 16], size))], to: folder.appendingPathComponent(name).path)
    }
    let outcome = try CommandLineTool.run(
      [
        "compile", "m.onnx", "--data", "data.npz", "--eval", "eval.npz", "--target", "host", "-o", "m.kdb", "--json",
        "-",
      ]
        + arguments, in: folder)
    return (outcome, FileManager.default.fileExists(atPath: folder.path + "/m.kdb"))
  }

  private func promise(_ outcome: CommandLineTool.Outcome) throws -> [String: Any]? {
    let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    return report["promise"] as? [String: Any]
  }

  @Test("The report has limit and losses, and none of them without a promise")
  func kept() throws {
    let auto = try compile([]).outcome
    let found = try #require(try promise(auto))
    #expect(found["isKept"] as? Bool == true && found["limit"] as? Double == 0.01, "\(found)")
    #expect((found["outputs"] as? [[String: Any]])?.count == 1)
    let none = try compile(["--max-loss", "none"]).outcome
    #expect(none.status == 0)
    #expect(try promise(none) == nil)
  }

  @Test("A limit that int8 breaks makes layers compute in float")
  func float() throws {
    let (outcome, isWritten) = try compile(["--max-loss", "0.0000001%"])
    #expect(outcome.status == 0 && isWritten, "\(outcome.errors)")
    let found = try #require(try promise(outcome))
    #expect((found["float"] as? [String: String])?.keys.contains("product") == true, "\(found)")
    #expect(found["isKept"] as? Bool == true)
  }

  @Test("What cannot be kept is a warning by default, and exit code 3 without a file for a limit of one's own")
  func broken() throws {
    // Values are clipped to a tenth of what occurs, which calibration cannot know.
    let (auto, isWritten) = try compile([], calibration: 0.1)
    #expect(auto.status == 0 && isWritten)
    #expect(auto.errors.contains("warning[\(DiagnosticID.lossNotKept)]"), "\(auto.errors)")
    #expect(try promise(auto)?["isKept"] as? Bool == false)
    let (limited, isLimitedWritten) = try compile(["--max-loss", "1%"], calibration: 0.1)
    #expect(limited.status == 3 && !isLimitedWritten, "\(limited.errors)")
    #expect(limited.errors.contains("--max-loss 1 % cannot be kept: 'y' loses"), "\(limited.errors)")
  }

  @Test("Anything but auto, none and a positive share is refused", arguments: ["0", "-1", "x", "nan", "5dB", "%"])
  func refused(loss: String) throws {
    #expect(try compile(["--max-loss=\(loss)"]).outcome.status == 2)
  }
}
