import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct RoundTripTests {
  @Test("A graph written and read again is the same graph")
  func graph() throws {
    let branch = Graph(
      name: "then", opset: 17, inputs: [], outputs: ["r"],
      nodes: [Node(name: "inner", opType: "Relu", opset: 17, inputs: ["t"], outputs: ["r"])])
    let original = Graph(
      name: "g", opset: 17, file: "g.onnx",
      inputs: [
        ValueInfo(name: "x", type: TensorType(.float32, [1, 3])), ValueInfo(name: "i", type: TensorType(.int64, [])),
      ],
      outputs: ["y"],
      nodes: [
        Node(
          name: "a", opType: "FusedGemm", domain: "com.microsoft", opset: 1, inputs: ["x", "w", "", "x"],
          outputs: ["t"],
          attributes: [
            "i": .int(-3), "f": .float(0.25), "s": .string("Relu"), "is": .ints([1, -1]), "fs": .floats([0, 6]),
            "ss": .strings(["a", "b"]), "t": .tensor(Tensor([2], [7, 8] as [Int64])),
          ]),
        Node(
          name: "b", opType: "If", opset: 17, inputs: ["c"], outputs: ["y"],
          attributes: ["then_branch": .graph(branch), "else_branch": .graph(branch)]),
      ], initializers: ["w": Tensor([3, 3], (0..<9).map { Float($0) }), "c": Tensor([], [true])])
    let bytes = try ONNXExporter.export(original)
    let read = try ONNXImporter.load(bytes: bytes, file: "g.onnx")
    #expect(read.description == original.description)
    #expect(read.initializers["w"]?.floats == original.initializers["w"]?.floats)
    guard case .graph(let inner)? = read.nodes[1].attributes["then_branch"] else {
      Issue.record("the branch is no graph")
      return
    }
    #expect(inner.description == branch.description)
    #expect(try ONNXExporter.export(read) == bytes)
  }

  static let tensors: [Tensor] = [
    Tensor([2], .float32([1.5, -.infinity])), Tensor([2], .float64([1.5, 2])), Tensor([2], .int8([-128, 127])),
    Tensor([2], .uint8([0, 255])), Tensor([2], .int16([-1, 1])), Tensor([2], .uint16([0, 65535])),
    Tensor([1, 2], .int32([.min, .max])), Tensor([2], .uint32([0, .max])), Tensor([], .int64([.min])),
    Tensor([0, 3], .uint64([])), Tensor([3], .bool([true, false, true])), Tensor([2], .float16([0.5, -2])),
  ]

  @Test("Tensors of every data type can be read again", arguments: tensors)
  func tensor(_ tensor: Tensor) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("tensor-\(UUID().uuidString).pb").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try ONNXExporter.export(tensor, name: "t").write(to: URL(fileURLWithPath: path))
    let read = try ONNXImporter.tensor(path: path, convertsFloats: false)
    #expect(read.type == tensor.type)
    #expect("\(read.elements)" == "\(tensor.elements)")
  }

  @Test("A half-precision model is read as float32: weights, inputs and Cast targets")
  func half() throws {
    let original = Graph(
      name: "g", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float16, [2]))], outputs: ["y"],
      nodes: [
        Node(name: "a", opType: "Add", opset: 17, inputs: ["x", "w"], outputs: ["t"]),
        Node(name: "b", opType: "Cast", opset: 17, inputs: ["t"], outputs: ["y"], attributes: ["to": .int(10)]),
      ], initializers: ["w": Tensor([2], .float16([0.5, -2]))])
    let read = try ONNXImporter.load(bytes: ONNXExporter.export(original), file: "half.onnx")
    #expect(read.inputs.first?.type == TensorType(.float32, [2]))
    #expect(read.initializers["w"]?.floats == [0.5, -2])
    #expect(read.nodes[1].attributes["to"].map(\.text) == "1")
  }
}
