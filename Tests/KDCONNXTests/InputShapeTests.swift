import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTestSupport
import Testing

/// Writes protobuf by hand: field number, wire type and bytes, so that tests can make what the exporter never would.
private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
  precondition(bytes.count < 1 << 14)
  let length = bytes.count < 128 ? [UInt8(bytes.count)] : [UInt8(bytes.count & 127) | 128, UInt8(bytes.count >> 7)]
  return [number << 3 | 2] + length + bytes
}
private func integer(_ number: UInt8, _ value: UInt8) -> [UInt8] { [number << 3, value] }

/// A dimension: a number or a symbol.
private func dimension(_ text: String) -> [UInt8] {
  field(1, UInt8(text).map { integer(1, $0) } ?? field(2, Array(text.utf8)))
}

private func input(_ name: String, _ dims: [String]?) -> [UInt8] {
  let shape = dims.map { field(2, $0.flatMap(dimension)) } ?? []
  return field(11, field(1, Array(name.utf8)) + field(2, field(1, integer(1, 1) + shape)))
}

/// A model of one Add of its inputs, opset 17.
private func model(_ inputs: [(String, [String]?)]) -> Data {
  let node =
    inputs.prefix(2).flatMap { field(1, Array($0.0.utf8)) } + field(2, Array("y".utf8)) + field(4, Array("Add".utf8))
  let graph = field(1, node) + inputs.flatMap { input($0.0, $0.1) } + field(12, field(1, Array("y".utf8)))
  return Data(integer(1, 8) + field(7, graph) + field(8, integer(2, 17)))
}

private func faults(_ data: Data, _ shapes: [String: [Int]] = [:]) -> [Diagnostic] {
  do {
    _ = try ONNXImporter.load(bytes: data, file: "m.onnx", settings: InputSettings(shapes: shapes))
    return []
  } catch { return (error as? DiagnosticList)?.all ?? [error].compactMap { $0 as? Diagnostic } }
}

@Suite struct InputShapeTests {
  private func shapes(_ data: Data, _ given: [String: [Int]] = [:]) throws -> [Shape] {
    try ONNXImporter.load(bytes: data, file: "m.onnx", settings: InputSettings(shapes: given)).inputs.map(\.type.shape)
  }

  @Test("A dynamic dimension 0 is a batch of 1")
  func batch() throws {
    #expect(try shapes(model([("x", ["N", "3"]), ("z", ["0", "3"])])) == [[1, 3], [1, 3]])
  }

  @Test("Sizes that all are called ? or None need not be one")
  func nameless() throws {
    for name in ["?", "None", "-1"] {
      let data = model([("x", ["1", "3", name, name]), ("z", ["1", "3", name, name])])
      #expect(try shapes(data, ["x": [1, 3, 4, 5], "z": [1, 3, 4, 5]]) == [[1, 3, 4, 5], [1, 3, 4, 5]])
      #expect(faults(data, ["x": [1, 3, 4, 4]]).map(\.id) == [.dynamicInputShape])
    }
  }

  @Test("Other dynamic dimensions are KDC2006, which names the input, its symbols and the option")
  func dynamic() {
    let found = faults(model([("x", ["N", "3", "H", "W"])]))
    #expect(found.map(\.id) == [.dynamicInputShape])
    for word in ["x", "N", "H", "W", "--input-shape x:1x3x"] {
      #expect(found.first?.description.contains(word) == true, "\(word)")
    }
  }

  @Test("A missing shape is KDC2006")
  func missing() { #expect(faults(model([("x", nil)])).map(\.id) == [.dynamicInputShape]) }

  @Test("Given shapes are used, and bind symbols for the other inputs")
  func given() throws {
    let data = model([("x", ["batch", "time"]), ("state", ["2", "batch", "time"])])
    #expect(try shapes(data, ["x": [4, 7]]) == [[4, 7], [2, 4, 7]])
  }

  @Test("A given shape of another rank, against a static size, or of no input is KDC1003")
  func wrong() {
    let data = model([("x", ["N", "3"])])
    #expect(faults(data, ["x": [1, 3, 1]]).map(\.id) == [.invalidInputShape])
    #expect(faults(data, ["x": [1, 4]]).map(\.id) == [.invalidInputShape])
    #expect(faults(data, ["other": [1, 3]]).map(\.id) == [.invalidInputShape])
  }

  @Test("The option's text is a name, which may hold colons, and sizes")
  func parse() throws {
    #expect(
      try InputSettings(shapes: ["x:1x3", "in:0:5", "s:"], values: []).shapes == ["x": [1, 3], "in:0": [5], "s": []])
  }

  @Test("A malformed option is KDC1003", arguments: ["x", "x:1x", "x:0x3", "x:-1", "x:ax3", "x:99999999999999999999"])
  func malformed(_ text: String) {
    #expect(throws: Diagnostic.self) { try InputSettings(shapes: [text], values: []) }
  }
}

@Suite struct DamagedModelTests {
  private func good() throws -> Data {
    let graph = Graph(
      name: "g", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 3]))], outputs: ["y"],
      nodes: [
        Node(
          name: "a", opType: "Gemm", opset: 17, inputs: ["x", "w"], outputs: ["y"],
          attributes: ["alpha": .float(1), "t": .tensor(Tensor([2], [7, 8] as [Int64]))])
      ], initializers: ["w": Tensor([3, 3], (0..<9).map { Float($0) })])
    return try ONNXExporter.export(graph)
  }

  @Test("A file cut anywhere gives diagnostics or a graph, never a trap")
  func cut() throws {
    let data = try good()
    #expect(faults(data).isEmpty)
    #expect(faults(Data()).map(\.id) == [.notAnONNXModel])
    var rejected = 0
    for length in 0..<data.count where !faults(data.prefix(length)).isEmpty { rejected += 1 }
    #expect(rejected > data.count * 9 / 10)
  }

  @Test("Bytes changed at random give diagnostics or a graph, never a trap")
  func changed() throws {
    let data = try good()
    var rejected = 0
    for seed in 0..<3000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var copy = data
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        copy[Int.random(in: 0..<copy.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if !faults(copy).isEmpty { rejected += 1 }
    }
    #expect(rejected > 1000, "seeds 0..<3000")
  }

  @Test("Data that does not fit the shape is KDC2003, a model without an operator set KDC2002")
  func tensorSize() throws {
    let data = try good()
    // The initializer's dims are [3, 3] as the varint bytes 08 03 08 03.
    let dims = try #require(data.range(of: Data([8, 3, 8, 3])))
    var copy = data
    copy[dims.lowerBound + 1] = 4
    #expect(faults(copy).map(\.id) == [.invalidTensor])
    let opset = try #require(data.range(of: Data([16, 17]), options: .backwards) ?? data.range(of: Data([16, 17])))
    var future = data
    future[opset.lowerBound + 1] = 100
    #expect(faults(future).map(\.id) == [.unsupportedOpset])
  }

  @Test("A file that is not there, or a folder, is KDC1001")
  func noFile() {
    for path in ["no/such/model.onnx", FileManager.default.temporaryDirectory.path] {
      #expect(throws: Diagnostic.self) { try ONNXImporter.load(path: path) }
      do { _ = try ONNXImporter.load(path: path) } catch { #expect((error as? Diagnostic)?.id == .fileNotFound) }
    }
  }
}
