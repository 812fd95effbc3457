import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCToolchain
import KDCTraining
import Testing

/// Models that are quantised already, and those that kdc writes, from the outside.
@Suite(
  "Quantised models", .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct QuantizedModelTests {
  /// A layer between values of uint8, as ONNX Runtime writes it; with `asOperator` as one QLinearConv.
  private func model(asOperator: Bool, inputs: Int = 4, outputs: Int = 8, kernel: Int = 3) -> Graph {
    var graph = Graph(
      name: "g", opset: 17, file: "g.onnx",
      inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, inputs, 8, 8]))],
      outputs: ["y"], nodes: [])
    func add(_ opType: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) {
      graph.nodes.append(
        Node(name: output, opType: opType, opset: 17, inputs: inputs, outputs: [output], attributes: attributes))
    }
    for (name, scale, zero) in [("x", 0.016, 128), ("y", 0.05, 120)] as [(String, Float, UInt8)] {
      graph.initializers[name + ".s"] = Tensor([], [scale])
      graph.initializers[name + ".z"] = Tensor([], .uint8([zero]))
    }
    graph.initializers["w"] = Tensor(
      [outputs, inputs, kernel, kernel],
      .int8((0..<outputs * inputs * kernel * kernel).map { Int8($0 * 37 % 255 - 127) }))
    graph.initializers["ws"] = Tensor([outputs], (0..<outputs).map { 0.001 + 0.0002 * Float($0) })
    graph.initializers["wz"] = Tensor([outputs], [Int8](repeating: 0, count: outputs))
    let pads: [String: Attribute] = ["pads": .ints([Int64](repeating: Int64(kernel / 2), count: 4))]
    add("QuantizeLinear", ["x", "x.s", "x.z"], "xq")
    if asOperator {
      add("QLinearConv", ["xq", "x.s", "x.z", "w", "ws", "wz", "y.s", "y.z"], "yq", pads)
    } else {
      add("DequantizeLinear", ["xq", "x.s", "x.z"], "xr")
      add("DequantizeLinear", ["w", "ws", "wz"], "wr", ["axis": .int(0)])
      add("Conv", ["xr", "wr"], "c", pads)
      add("QuantizeLinear", ["c", "y.s", "y.z"], "yq")
    }
    add("DequantizeLinear", ["yq", "y.s", "y.z"], "y")
    return graph
  }

  private func outputs(_ file: String, in folder: URL) throws -> [Float] {
    let outcome = try CommandLineTool.run(["run", file, "--input", "in.npz", "-o", "out.npz"], in: folder)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let arrays = try NumpyFile.read(folder.appendingPathComponent("out.npz").path)
    return try #require(arrays.first { $0.key == "y" }?.tensor.floats)
  }

  @Test("A quantised model is compiled by its own scales, without samples", arguments: [false, true])
  func compiled(_ asOperator: Bool) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try ONNXExporter.export(model(asOperator: asOperator)).write(to: folder.appendingPathComponent("m.onnx"))
    let x = Tensor([3, 4, 8, 8], (0..<768).map { Float($0 * 29 % 200) / 100 - 1 })
    try NumpyFile.write([("x", x)], to: folder.appendingPathComponent("in.npz").path)

    let summary = try CommandLineTool.run(["inspect", "m.onnx"], in: folder)
    #expect(summary.output.contains("quantised: 2 values have 8-bit scales"), "\(summary.output)")

    let outcome = try CommandLineTool.run(
      ["compile", "m.onnx", "--target", "host", "-o", "m.kdb", "--emit", "onnx", "--json", "-"], in: folder)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(report["quantization"] as? String == "file")
    let layers = try #require(report["layers"] as? [[String: Any]])
    #expect(layers.contains { $0["op"] as? String == "convolution" && $0["bits"] as? Int == 8 })
    #expect(!outcome.errors.contains("stays float"))

    // A result may round to the next step.
    let wanted = try outputs("m.onnx", in: folder)
    for file in ["m.kdb", "m-onnx/model.onnx"] {
      let found = try outputs(file, in: folder)
      #expect(found.count == wanted.count)
      #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 0.0501 }, "\(file)")
      #expect(zip(found, wanted).count { $0 != $1 } <= wanted.count / 50, "\(file)")
    }
  }

  @Test("Samples give layers of a quantised model 7 bits, changes of its values lose its scales, and both are said")
  func sampled() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try ONNXExporter.export(model(asOperator: false, inputs: 32, outputs: 32, kernel: 1)).write(
      to: folder.appendingPathComponent("m.onnx"))
    let values = (0..<32 * 2048).map { (index: Int) -> Float in
      let step = index * 29 % 200
      return Float(step) / 100 - 1
    }
    let x = Tensor([32, 32, 8, 8], values)
    try NumpyFile.write([("x", x)], to: folder.appendingPathComponent("in.npz").path)
    func bits(_ more: String...) throws -> (bits: [Int], source: String?, errors: String) {
      let words = ["compile", "m.onnx", "--data", "in.npz", "--target", "pi4b", "-o", "m.kdb", "--json", "-"] + more
      let outcome = try CommandLineTool.run(words, in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      let layers = try #require(report["layers"] as? [[String: Any]])
      return (
        layers.filter { $0["op"] as? String == "convolution" }.compactMap { $0["inputBits"] as? Int },
        report["quantization"] as? String, outcome.errors
      )
    }
    let exact = try bits("--arithmetic", "exact")
    #expect(exact.bits == [8] && exact.source == "file")
    let fast = try bits("--arithmetic", "fast")
    #expect(fast.bits == [7] && fast.source == "file" && !fast.errors.contains("\(DiagnosticID.fileScalesUnused)"))
    #expect(fast.errors.contains("by the scales and zero points of the file"))
    let other = try bits("--weights", "int4")
    #expect(other.source == nil && other.errors.contains("\(DiagnosticID.fileScalesUnused)"), "\(other.errors)")
  }
}
