import Foundation
import KDCDiagnostics
import KDCONNX
import KDCTestSupport
import Testing

/// The models of `../shared/models/real/reject` whose fault the importer sees by itself.
private let importerFaults: [String: DiagnosticID] = [
  "string_input.onnx": .unsupportedDataType, "sequence_input.onnx": .unsupportedDataType,
  "complex_dtype.onnx": .unsupportedDataType, "dynamic_dims.onnx": .dynamicInputShape,
  "rankless_input.onnx": .dynamicInputShape, "ext_escape_etc.onnx": .externalData,
  "ext_escape_sibling.onnx": .externalData, "ext_missing_file.onnx": .externalData,
  "truncated.onnx": .notAnONNXModel, "truncated_one_byte.onnx": .notAnONNXModel,
  "empty_file.onnx": .notAnONNXModel, "random_bytes.onnx": .notAnONNXModel, "text_file.onnx": .notAnONNXModel,
  "cycle.onnx": .graphCycle, "dims_overflow.onnx": .shapeOverflow, "input_dims_overflow.onnx": .shapeOverflow,
  "short_raw_data.onnx": .invalidTensor, "long_raw_data.onnx": .invalidTensor, "negative_dim.onnx": .invalidTensor,
  "duplicate_value.onnx": .invalidGraph, "duplicate_initializer.onnx": .invalidGraph,
  "missing_input.onnx": .invalidGraph, "no_opset.onnx": .unsupportedOpset, "future_opset.onnx": .unsupportedOpset,
  "no_graph.onnx": .notAnONNXModel, "no_outputs.onnx": .invalidGraph,
]

struct BadModel: Decodable {
  var file: String
  // The key is the list's own.
  var message_should_name: [String]
}

private func badModels() -> [BadModel] {
  guard let list = SharedFolder.path("models/real/reject/bad.json"),
    let data = try? Data(contentsOf: URL(fileURLWithPath: list))
  else { return [] }
  return (try? JSONDecoder().decode([BadModel].self, from: data)) ?? []
}

@Suite struct RejectedModelsTests {
  @Test(
    "A model with a fault that the importer can see ends in a diagnostic that names it",
    .enabled(if: !badModels().isEmpty, "../shared is missing"), arguments: badModels())
  func rejects(_ bad: BadModel) throws {
    guard let id = importerFaults[bad.file] else { return }
    let path = try #require(SharedFolder.path("models/real/reject/\(bad.file)"))
    do {
      let graph = try ONNXImporter.load(path: path)
      Issue.record("\(bad.file) was read: \(graph.nodes.count) nodes")
    } catch {
      let found = (error as? DiagnosticList)?.all ?? [error].compactMap { $0 as? Diagnostic }
      #expect(found.contains { $0.id == id }, "\(bad.file): \(error)")
      for word in bad.message_should_name {
        #expect(found.contains { $0.description.contains(word) }, "\(bad.file): \(word) is not in: \(error)")
      }
    }
  }
}
