import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import Testing

/// `--set`, on models that the exporter writes.
@Suite struct InputValueTests {
  private func load(_ type: TensorType, _ values: [String]) throws -> Graph {
    let graph = Graph(
      name: "g", opset: 17,
      inputs: [
        ValueInfo(name: "x", type: TensorType(.float32, [2])), ValueInfo(name: "sr", type: type),
      ], outputs: ["y"], nodes: [Node(name: "n", opType: "Cast", opset: 17, inputs: ["sr"], outputs: ["y"])])
    var typed = graph
    typed.types = ["y": TensorType(.float32, type.shape)]
    return try ONNXImporter.load(
      bytes: try ONNXExporter.export(typed), file: "m.onnx", settings: InputSettings(shapes: [], values: values))
  }

  private func faults(_ type: TensorType, _ values: [String]) -> [Diagnostic] {
    do {
      _ = try load(type, values)
      return []
    } catch { return (error as? DiagnosticList)?.all ?? [error].compactMap { $0 as? Diagnostic } }
  }

  @Test("An input that is set is a constant of its type and shape, and no input")
  func constant() throws {
    let graph = try load(TensorType(.int64, []), ["sr=16000"])
    #expect(graph.inputs.map(\.name) == ["x"])
    #expect(graph.initializers["sr"]?.type == TensorType(.int64, []))
    #expect(graph.initializers["sr"]?.int64s == [16000])
  }

  @Test("Several numbers are the elements, and one fills the shape")
  func several() throws {
    #expect(try load(TensorType(.int64, [3]), ["sr=1,-2, 3"]).initializers["sr"]?.int64s == [1, -2, 3])
    #expect(try load(TensorType(.float32, [2, 2]), ["sr=0.5"]).initializers["sr"]?.floats == [0.5, 0.5, 0.5, 0.5])
    let flags = try load(TensorType(.bool, [2]), ["sr=true,0"]).initializers["sr"]
    #expect(flags?.littleEndianBytes.elementsEqual([1, 0]) == true)
  }

  @Test(
    "What is no number of the type, another count, an unknown name or malformed is KDC1004",
    arguments: ["sr=1.5", "sr=1,2", "sr=16k", "rate=1", "sr", "=1", "sr="])
  func wrong(_ text: String) {
    #expect(faults(TensorType(.int64, []), [text]).map(\.id) == [.invalidInputValue], "\(text)")
  }

  @Test("A name may be given once")
  func twice() {
    #expect(faults(TensorType(.int64, []), ["sr=1", "sr=2"]).map(\.id) == [.invalidInputValue])
  }
}
