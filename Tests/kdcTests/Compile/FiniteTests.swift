import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTraining
import Testing

@Suite(
  "Finite int8 models", .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct FiniteTests {
  /// e^a / e^b with a − b = 88.6 for every input, just below what float32 holds: 8 bits of a and b go beyond.
  private func overflowing() -> Graph {
    func node(_ opType: String, _ inputs: [String], _ output: String) -> Node {
      Node(name: output, opType: opType, opset: 17, inputs: inputs, outputs: [output])
    }
    return Graph(
      name: "m", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 1]))], outputs: ["y"],
      nodes: [
        node("MatMul", ["x", "w"], "a"), node("Gemm", ["x", "w", "bias"], "b"), node("Exp", ["a"], "p"),
        node("Exp", ["b"], "q"), node("Div", ["p", "q"], "y"),
      ],
      initializers: ["w": Tensor([1, 1], [Float(88)]), "bias": Tensor([1], [Float(-88.6)])])
  }

  @Test("A model that int8 makes infinite where float does not is KDC3120, and is not written")
  func infinite() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var graph = overflowing()
    graph.types = ["y": TensorType(.float32, [1, 1])]
    try ONNXExporter.export(graph).write(to: folder.appendingPathComponent("m.onnx"))
    let values = (0..<40).map { 0.1 + 0.02 * Float($0) }
    try NumpyFile.write(
      [(key: "x", tensor: Tensor([40, 1, 1], values))], to: folder.appendingPathComponent("x.npz").path)
    let outcome = try CommandLineTool.run(
      ["compile", "m.onnx", "--data", "x.npz", "--target", "host", "-o", "m.kdb"], in: folder)
    #expect(outcome.status == 1 && outcome.errors.contains("\(DiagnosticID.nonFiniteInteger)"), "\(outcome.errors)")
    #expect(outcome.errors.contains("'y'"))
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("m.kdb").path))
    let float = try CommandLineTool.run(
      ["compile", "m.onnx", "--data", "x.npz", "--activations", "float", "--target", "host", "-o", "m.kdb"], in: folder)
    #expect(float.status == 0, "\(float.errors)")
  }
}
