import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCTensor

/// One case of ONNX's backend tests: a folder with model.onnx and test_data_set_N/{input,output}_K.pb.
struct ONNXNodeCase: Sendable {
  var folder: String

  /// What became of a case.
  enum Outcome: Sendable, Equatable {
    case passed
    /// kdc refuses the model, for this reason.
    case refused(String)
    /// kdc takes the model and gives something else.
    case wrong(String)
  }

  func run() -> Outcome {
    do {
      guard FileManager.default.fileExists(atPath: folder + "/model.onnx") else { return .refused("no model.onnx") }
      let (model, inputs, expected) = try loaded()
      // In the tests all operands are graph inputs. In models shapes and axes are constants, and so all but the first
      // are made constant here; where that is not enough, the first too.
      let results: [String: Tensor]
      do { results = try Self.evaluate(model, inputs, dynamic: 1) } catch let faults as DiagnosticList {
        guard faults.all.contains(where: { $0.id == .notConstant }) else { throw faults }
        results = try Self.evaluate(model, inputs, dynamic: 0)
      }
      for (name, expected) in zip(model.outputs, expected) {
        guard let result = results[name] else { return .wrong("no output '\(name)'") }
        guard result.type == expected.type else { return .wrong("'\(name)' is \(result.type), not \(expected.type)") }
        guard Self.isClose(result, expected) else { return .wrong("'\(name)' has other values") }
      }
      return .passed
    } catch let faults as DiagnosticList {
      guard let first = faults.all.first else { return .wrong("an empty list of diagnostics") }
      return .refused("\(first.id) \(first.message)")
    } catch let fault as Diagnostic {
      return .refused("\(fault.id) \(fault.message)")
    } catch {
      return .wrong("\(error)")
    }
  }

  /// The model, its inputs and what it must give.
  func loaded() throws -> (model: Graph, inputs: [Tensor], expected: [Tensor]) {
    let bytes = FileManager.default.contents(atPath: folder + "/model.onnx") ?? Data()
    let model = try ONNXImporter.load(bytes: Self.withKnownOpset(bytes), file: folder + "/model.onnx")
    let data = folder + "/test_data_set_0"
    return (
      model, try model.inputs.indices.map { try ONNXImporter.tensor(path: "\(data)/input_\($0).pb") },
      try model.outputs.indices.map { try ONNXImporter.tensor(path: "\(data)/output_\($0).pb") }
    )
  }

  private static func evaluate(_ model: Graph, _ inputs: [Tensor], dynamic: Int) throws -> [String: Tensor] {
    var graph = model
    for (input, value) in zip(model.inputs, inputs).dropFirst(dynamic) { graph.initializers[input.name] = value }
    graph.inputs = Array(model.inputs.prefix(dynamic))
    try graph.inferTypes()
    let given = zip(model.inputs, inputs).prefix(dynamic).map { ($0.name, $1) }
    let results = try GraphEvaluator(graph).run(inputs: Dictionary(given) { first, _ in first })
    for name in graph.outputs where graph.types[name] != results[name]?.type {
      throw InternalError("'\(name)' is computed as another type than was inferred")
    }
    return results
  }

  /// The tests use the newest version of each operator. Versions 22 to 25 only allow more data types, so such a model is
  /// read as opset 21: its opset_import (field 8 of ModelProto), the last field of the file, is rewritten.
  private static func withKnownOpset(_ bytes: Data) -> Data {
    let newest = UInt8(ONNXImporter.supportedOpsets.upperBound)
    var bytes = bytes
    for encoding in [[0x42, 0x04, 0x0a, 0x00, 0x10], [0x42, 0x02, 0x10]] as [[UInt8]] {
      guard bytes.count > encoding.count, bytes.dropLast().suffix(encoding.count).elementsEqual(encoding),
        let version = bytes.last, version > newest, version <= 25
      else { continue }
      bytes[bytes.endIndex - 1] = newest
    }
    return bytes
  }

  /// Equal integers; floats within 1e-3 relative and 1e-5 absolute, as ONNX's own runner allows.
  static func isClose(_ a: Tensor, _ b: Tensor) -> Bool {
    func near(_ x: [Double], _ y: [Double]) -> Bool {
      zip(x, y).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= 1e-5 + 1e-3 * abs($1) }
    }
    switch (a.elements, b.elements) {
    case (.float32(let x), .float32(let y)): return near(x.map(Double.init), y.map(Double.init))
    case (.float64(let x), .float64(let y)): return near(x, y)
    case (.float16(let x), .float16(let y)): return near(x.map(Double.init), y.map(Double.init))
    case (.int8(let x), .int8(let y)): return x == y
    case (.uint8(let x), .uint8(let y)): return x == y
    case (.int16(let x), .int16(let y)): return x == y
    case (.uint16(let x), .uint16(let y)): return x == y
    case (.int32(let x), .int32(let y)): return x == y
    case (.uint32(let x), .uint32(let y)): return x == y
    case (.int64(let x), .int64(let y)): return x == y
    case (.uint64(let x), .uint64(let y)): return x == y
    case (.bool(let x), .bool(let y)): return x == y
    default: return false
    }
  }
}
