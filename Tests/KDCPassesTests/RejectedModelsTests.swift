import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCPasses
import KDCTestSupport
import Testing

/// An entry of `../shared/models/real/reject/bad.json`.
private struct BadModel: Decodable, Sendable, CustomTestStringConvertible {
  var file: String
  var words: [String]
  var testDescription: String { file }

  private enum CodingKeys: String, CodingKey {
    case file
    case words = "message_should_name"
  }

  static let all: [BadModel] = {
    guard let list = SharedFolder.path("models/real/reject/bad.json"),
      let data = try? Data(contentsOf: URL(fileURLWithPath: list))
    else { return [] }
    return (try? JSONDecoder().decode([BadModel].self, from: data)) ?? []
  }()
}

@Suite struct RejectedModelsTests {
  @Test(
    "A model that cannot be compiled ends in diagnostics that name what is wrong",
    .enabled(if: !BadModel.all.isEmpty, "../shared is missing"), arguments: BadModel.all)
  private func rejects(_ bad: BadModel) throws {
    let path = try #require(SharedFolder.path("models/real/reject/\(bad.file)"))
    do {
      var graph = try ONNXImporter.load(path: path)
      try Passes.run(on: &graph)
      // Suppression has as many rows as there can be, and so a shape.
      if bad.file == "nms_dynamic.onnx" {
        #expect(graph.opTypes.contains("NonMaxSuppression") && graph.outputs.allSatisfy { graph.types[$0] != nil })
        return
      }
      Issue.record("\(bad.file) was accepted:\n\(graph)")
    } catch {
      let found = (error as? DiagnosticList)?.all ?? [error].compactMap { $0 as? Diagnostic }
      #expect(!found.isEmpty, "no diagnostic: \(error)")
      for word in bad.words {
        #expect(found.contains { $0.description.contains(word) }, "\(word) is not in: \(error)")
      }
    }
  }
}
