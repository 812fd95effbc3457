import Foundation
import KDCGraph
import KDCONNX
import KDCTensor
import Testing

/// What commands print of names that were made to harm.
@Suite("Hostile names", .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct HostileNamesTests {
  @Test("Control characters of names are shown escaped by every command")
  func escapes() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-names-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (x, y) = ("x\u{1B}[31m", "y\u{7}\nz\u{9B}2J")
    func model(_ opType: String, _ file: String) throws {
      var graph = Graph(
        name: "g\u{1B}c", opset: 17, inputs: [ValueInfo(name: x, type: TensorType(.float32, [1, 4]))], outputs: [y],
        nodes: [Node(name: "n\u{1B}]0;t\u{7}", opType: opType, opset: 17, inputs: [x], outputs: [y])])
      graph.types = [x: TensorType(.float32, [1, 4]), y: TensorType(.float32, [1, 4])]
      try ONNXExporter.export(graph).write(to: folder.appendingPathComponent(file))
    }
    try model("Relu", "good.onnx")
    try model("No\u{1B}[1mSuch", "bad.onnx")
    for arguments in [
      ["inspect", "good.onnx"], ["inspect", "good.onnx", "--graph"], ["inspect", "good.onnx", "--json", "-"],
      ["explain", "good.onnx", "--target", "pi4b"], ["inspect", "bad.onnx"],
      ["explain", "bad.onnx", "--target", "pi4b"],
      ["inspect", "no\u{1B}[2Jfile.onnx"], ["inspect", "good.onnx", "--no\u{7}option"],
    ] {
      let run = try CommandLineTool.run(arguments, in: folder)
      let said = (run.output + run.errors).unicodeScalars
      #expect(!said.contains { $0 != "\n" && $0.properties.generalCategory == .control }, "\(arguments)")
    }
  }
}
