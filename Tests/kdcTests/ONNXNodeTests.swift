import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCTensor
import Testing

/// ONNX's own backend tests of single operators: a folder each with `model.onnx` and `test_data_set_0/*.pb`.
///
/// The Python package `onnx` brings them (`onnx/backend/test/data/node`); KDC_ONNX_NODE_TESTS names the folder.
@Suite struct ONNXNodeTests {
  private static let folder = ProcessInfo.processInfo.environment["KDC_ONNX_NODE_TESTS"]

  /// Results are random, or the test is about training.
  private static let excluded = ["dropout_random", "training_dropout", "bernoulli", "random"]

  private enum Outcome {
    case equal
    /// kdc says itself that it does not support this.
    case refused(Diagnostic)
    case wrong(String)
  }

  @Test(
    "Every ONNX node test of a supported operator gives the expected outputs, or a diagnostic that says what is missing",
    .enabled(if: folder != nil, "KDC_ONNX_NODE_TESTS is not set"))
  func nodeTests() throws {
    let folder = try #require(Self.folder)
    var (equal, refused) = (0, 0)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      guard !Self.excluded.contains(where: name.contains) else { continue }
      switch outcome(URL(fileURLWithPath: folder).appendingPathComponent(name)) {
      case .equal: equal += 1
      case .refused(let diagnostic):
        refused += 1
        print("refused \(name): \(diagnostic.message)")
      case .wrong(let problem): Issue.record("\(name): \(problem)")
      }
    }
    print("\(equal) node tests give the expected outputs, \(refused) are refused")
    #expect(equal > 0)
  }

  private func outcome(_ folder: URL) -> Outcome {
    do {
      var graph = try ONNXImporter.load(path: folder.appendingPathComponent("model.onnx").path)
      let data = folder.appendingPathComponent("test_data_set_0")
      var inputs: [String: Tensor] = [:]
      for (index, input) in graph.inputs.enumerated() {
        inputs[input.name] = try ONNXImporter.tensor(path: data.appendingPathComponent("input_\(index).pb").path)
      }
      // The tests pass shapes and axes as inputs; kdc wants them constant.
      var constant = graph
      constant.initializers.merge(inputs) { own, _ in own }
      try constant.inferTypes()
      graph.inputs = graph.inputs.map { ValueInfo(name: $0.name, type: inputs[$0.name]?.type ?? $0.type) }
      let results = try GraphEvaluator(graph).run(inputs: inputs)
      for (index, name) in graph.outputs.enumerated() {
        let expected = try ONNXImporter.tensor(path: data.appendingPathComponent("output_\(index).pb").path)
        guard let result = results[name] else { return .wrong("no output '\(name)'") }
        guard constant.types[name] == result.type else {
          return .wrong("inferred \(String(describing: constant.types[name])), computed \(result.type)")
        }
        // kdc reads half precision as float32 and keeps its digits.
        let tolerance: Float = folder.lastPathComponent.contains("FLOAT16") ? 1e-2 : 1e-4
        if let problem = difference(result, expected, tolerance) { return .wrong("output '\(name)': \(problem)") }
      }
      return .equal
    } catch let fault as Diagnostic {
      return verdict([fault])
    } catch let faults as DiagnosticList {
      return verdict(faults.all)
    } catch {
      return .wrong("\(error)")
    }
  }

  private func verdict(_ faults: [Diagnostic]) -> Outcome {
    let honest: Set<DiagnosticID> = [
      .unsupportedOperator, .unsupportedAttribute, .unsupportedDataType, .unsupportedOpset, .typeMismatch, .notConstant,
      .dynamicInputShape,
    ]
    for fault in faults where honest.contains(fault.id) { return .refused(fault) }
    return .wrong(faults.map(\.description).joined(separator: "\n"))
  }

  private func difference(_ a: Tensor, _ b: Tensor, _ tolerance: Float) -> String? {
    guard a.type == b.type else { return "\(a.type), must be \(b.type)" }
    guard a.dataType.isFloat else {
      let same = a.cast(to: .int64).int64s == b.cast(to: .int64).int64s
      return same ? nil : "\(a.elements), must be \(b.elements)"
    }
    let (x, y) = (a.cast(to: .float32).floats ?? [], b.cast(to: .float32).floats ?? [])
    for (index, (p, q)) in zip(x, y).enumerated()
    where !(p == q || (p.isNaN && q.isNaN) || abs(p - q) <= tolerance * max(abs(q), 0.01)) {
      return "element \(index) is \(p), must be \(q)"
    }
    return nil
  }
}
