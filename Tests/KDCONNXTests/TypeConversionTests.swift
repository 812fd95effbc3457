import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import Testing

@Suite struct TypeConversionTests {
  private let add = Proto.node("Add", ["x", "w"], ["y"])

  private func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  private func load(_ model: Data) throws -> Graph { try ONNXImporter.load(bytes: model, file: "m.onnx") }

  private func faults(_ model: Data) -> [Diagnostic] {
    do {
      _ = try load(model)
      return []
    } catch { return (error as? DiagnosticList)?.all ?? [error].compactMap { $0 as? Diagnostic } }
  }

  @Test("float64 becomes float32, finite where it was finite, and the graph says so once")
  func double() throws {
    let weights = Proto.tensor("w", type: 11, dims: [2], bytes([0.5, -1e300] as [Double]))
    let graph = try load(Proto.model([add], initializers: [weights], type: 11))
    #expect(graph.inputs.first?.type == TensorType(.float32, [2]))
    #expect(graph.initializers["w"]?.floats == [0.5, -Float.greatestFiniteMagnitude])
    #expect(graph.notes == ["float64 becomes float32: 1 input, 1 constant"])
  }

  @Test("float16 and bfloat16 are said apart, float32 not at all")
  func half() throws {
    let weights = Proto.tensor("w", type: 16, dims: [2], [0x80, 0x3F, 0x00, 0xC0])
    let graph = try load(Proto.model([add], initializers: [weights], type: 10))
    #expect(graph.initializers["w"]?.floats == [1, -2])
    #expect(graph.notes == ["float16 becomes float32: 1 input", "bfloat16 becomes float32: 1 constant"])
    #expect(try load(Proto.model([Proto.node("Neg", ["x"], ["y"])])).notes == [])
  }

  @Test("Integers of 4 and 2 bits are read from their packed form, the first element in the lowest bits")
  func small() throws {
    func values(_ type: Int, _ dims: [Int], _ bytes: [UInt8]) throws -> Tensor? {
      let weights = Proto.tensor("w", type: type, dims: dims, bytes)
      return try load(Proto.model([add], initializers: [weights])).initializers["w"]
    }
    #expect(try values(22, [3], [0x8F, 0x07])?.elements.signed == [-1, -8, 7])
    #expect(try values(21, [3], [0x8F, 0x07])?.elements.unsigned == [15, 8, 7])
    #expect(try values(26, [5], [0b11_10_01_00, 0b10])?.elements.signed == [0, 1, -2, -1, -2])
    #expect(try values(25, [4], [0b11_10_01_00])?.elements.unsigned == [0, 1, 2, 3])
    let short = Proto.tensor("w", type: 22, dims: [3], [0x8F])
    #expect(faults(Proto.model([add], initializers: [short])).map(\.id) == [.invalidTensor])
  }

  @Test("CastLike and QuantizeLinear say that they mean an integer of 4 bits")
  func smallTargets() throws {
    let weights = Proto.tensor("w", type: 22, dims: [1], [0x01])
    let scale = Proto.tensor("s", type: 1, dims: [], bytes([0.5] as [Float]))
    let cast = try load(Proto.model([Proto.node("CastLike", ["x", "w"], ["y"])], initializers: [weights])).nodes[0]
    #expect(cast.opType == "Cast" && cast.inputs == ["x"] && cast.attributes["to"].map(\.text) == "22")
    let quantize = try load(
      Proto.model([Proto.node("QuantizeLinear", ["x", "s", "w"], ["y"])], initializers: [scale, weights])
    ).nodes[0]
    #expect(quantize.attributes["output_dtype"].map(\.text) == "22")
  }

  @Test("Strings that nothing reads do no harm; those that are read are KDC2005")
  func strings() throws {
    let labels = Proto.integer(1, 1) + Proto.integer(2, 8) + Proto.text(8, "w") + Proto.field(6, Array("cat".utf8))
    #expect(try load(Proto.model([Proto.node("Neg", ["x"], ["y"])], initializers: [labels])).initializers.isEmpty)
    #expect(faults(Proto.model([add], initializers: [labels])).map(\.id) == [.unsupportedDataType])
  }

  @Test("Operator sets 7 to 26 are read; others are KDC2002, which says what is read", arguments: [6, 7, 26, 27])
  func opsets(_ opset: Int) {
    let found = faults(Proto.model([Proto.node("Neg", ["x"], ["y"])], opset: opset))
    guard (7...26).contains(opset) else {
      #expect(found.map(\.id) == [.unsupportedOpset])
      #expect(found.first?.notes == ["supported: 7 to 26"] && found.first?.hint?.contains("opset 17") == true)
      return
    }
    #expect(found == [])
  }
}

extension Tensor.Elements {
  fileprivate var signed: [Int8]? { if case .int8(let values) = self { values } else { nil } }
  fileprivate var unsigned: [UInt8]? { if case .uint8(let values) = self { values } else { nil } }
}
