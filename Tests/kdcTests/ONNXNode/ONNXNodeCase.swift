import Foundation
import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCPasses
import KDCProgram
import KDCTensor

/// One case of ONNX's backend tests: a folder with model.onnx and test_data_set_N/{input,output}_K.pb.
///
/// The file is read as `kdc run` and `kdc compile` read it. The tests have all operands as inputs, and some leave dimensions
/// open: a shape is then given as by `--input-shape`, and a value that must be known when compiling as by `--set`. float16,
/// bfloat16 and float64 are compared in float32, as that is what kdc makes of them in models.
struct ONNXNodeCase: Sendable {
  var name: String
  var folder: String

  /// What became of a case.
  enum Outcome: Sendable {
    /// The evaluator on the graph as it is read, the evaluator after all passes, and the program in the interpreter are right.
    case passed(Compiled)
    /// The evaluator is right, and kdc does not compile the model, for this reason.
    case uncompiled(String)
    /// kdc refuses the model, for this reason.
    case refused(String)
    /// kdc takes the model and gives something else.
    case wrong(String)
  }

  /// A case as a program, with what goes in.
  struct Compiled: Sendable {
    var name: String
    /// After all passes.
    var graph: Graph
    var program: Program
    var inputs: [String: Tensor]
    var expected: [(name: String, tensor: Tensor)]
  }

  /// What the case has in its files.
  private struct Contents {
    var model: Data
    var inputs: [(name: String, tensor: Tensor)]
    var expected: [(name: String, tensor: Tensor)]
  }

  /// A value other than the expected one.
  private struct Mismatch: Error { var problem: String }

  func run() -> Outcome {
    let contents: Contents
    do { contents = try read() } catch { return .refused(reason(refusal() ?? error)) }
    var refusal: String?
    var uncompiled: String?
    for constant in choices(contents.inputs) {
      do {
        let settings = try settings(contents, constant: constant)
        let given = contents.inputs.filter { !constant.contains($0.name) }
        let inputs = Dictionary(given.map { ($0.name, $0.tensor) }) { first, _ in first }
        var graph = try ONNXImporter.load(bytes: contents.model, file: folder + "/model.onnx", settings: settings)
        try graph.prepare()
        try graph.inferTypes()
        try compare(GraphEvaluator(graph).run(inputs: inputs), contents.expected, by: "the evaluator")
        do {
          try Passes.run(on: &graph)
          try compare(GraphEvaluator(graph).run(inputs: inputs), contents.expected, by: "the evaluator after passes")
          let program = try lower(graph)
          var interpreter = try Interpreter(program)
          try compare(interpreter.run(inputs), contents.expected, by: "the program")
          return .passed(
            Compiled(name: name, graph: graph, program: program, inputs: inputs, expected: contents.expected))
        } catch let fault where fault is Diagnostic || fault is DiagnosticList {
          uncompiled = uncompiled ?? reason(fault)
        }
      } catch let mismatch as Mismatch {
        return .wrong(mismatch.problem)
      } catch let fault where fault is Diagnostic || fault is DiagnosticList {
        // The last choice has the fewest demands.
        refusal = reason(fault)
      } catch {
        return .wrong("\(error)")
      }
    }
    return uncompiled.map { .uncompiled($0) } ?? .refused(refusal ?? "no way to read it")
  }

  /// Why the model is not read, if that shows without the case's values: those of a sequence are no tensor files.
  private func refusal() -> (any Error)? {
    do {
      var graph = try ONNXImporter.load(path: folder + "/model.onnx")
      try graph.prepare()
      try graph.inferTypes()
      return nil
    } catch { return error }
  }

  private func read() throws -> Contents {
    guard let model = FileManager.default.contents(atPath: folder + "/model.onnx") else {
      throw Diagnostic(.fileNotFound, "no model.onnx")
    }
    let data = folder + "/test_data_set_0"
    let names = try FileManager.default.contentsOfDirectory(atPath: data)
    func tensors(_ kind: String) throws -> [(name: String, tensor: Tensor)] {
      try names.filter { $0.hasPrefix(kind) }.indices.map { try ONNXImporter.named(path: "\(data)/\(kind)_\($0).pb") }
    }
    return Contents(model: model, inputs: try tensors("input"), expected: try tensors("output"))
  }

  /// Which inputs are made constant: none; those that count or point, such as shapes and axes; all but the first; all.
  private func choices(_ inputs: [(name: String, tensor: Tensor)]) -> [Set<String>] {
    let integers = inputs.dropFirst().filter { !$0.tensor.dataType.isFloat }.map(\.name)
    var choices: [Set<String>] = []
    for choice in [[], Set(integers), Set(inputs.dropFirst().map(\.name)), Set(inputs.map(\.name))]
    where !choices.contains(choice) { choices.append(choice) }
    return choices
  }

  /// What a user would give on the command line.
  private func settings(_ contents: Contents, constant: Set<String>) throws -> InputSettings {
    var settings = InputSettings()
    for (name, tensor) in contents.inputs where constant.contains(name) {
      settings.values[name] = tensor.texts
      // A shape of two open dimensions does not follow from the values.
      settings.shapes[name] = tensor.shape.dims
    }
    do {
      let graph = try ONNXImporter.load(bytes: contents.model, file: "", settings: settings)
      let types = Dictionary(graph.inputs.map { ($0.name, $0.type) }) { first, _ in first }
      let fit = contents.inputs.allSatisfy { input in types[input.name].map { $0 == input.tensor.type } ?? true }
      if fit { return settings }
    } catch let faults as DiagnosticList {
      guard faults.all.contains(where: { $0.id == .dynamicInputShape }) else { throw faults }
    }
    for (name, tensor) in contents.inputs { settings.shapes[name] = tensor.shape.dims }
    return settings
  }

  private func compare(
    _ results: [String: Tensor], _ expected: [(name: String, tensor: Tensor)], by means: String
  ) throws {
    for (name, expected) in expected {
      guard let result = results[name] else { throw Mismatch(problem: "\(means): no output '\(name)'") }
      guard result.type == expected.type else {
        throw Mismatch(problem: "\(means): '\(name)' is \(result.type), not \(expected.type)")
      }
      guard result.isClose(to: expected) else { throw Mismatch(problem: "\(means): '\(name)' has other values") }
    }
  }

  private func reason(_ error: any Error) -> String {
    let first = (error as? DiagnosticList)?.all.first ?? error as? Diagnostic
    return (first.map { "\($0.id) \($0.message)" } ?? "\(error)").replacingOccurrences(of: folder, with: "")
  }
}

extension Tensor {
  /// The elements as they are written after `--set`.
  fileprivate var texts: [String] {
    switch elements {
    case .float32(let values): values.map { "\($0)" }
    case .float64(let values): values.map { "\($0)" }
    case .float16(let values): values.map { "\($0)" }
    case .int8(let values): values.map { "\($0)" }
    case .uint8(let values): values.map { "\($0)" }
    case .int16(let values): values.map { "\($0)" }
    case .uint16(let values): values.map { "\($0)" }
    case .int32(let values): values.map { "\($0)" }
    case .uint32(let values): values.map { "\($0)" }
    case .int64(let values): values.map { "\($0)" }
    case .uint64(let values): values.map { "\($0)" }
    case .bool(let values): values.map { "\($0)" }
    }
  }

  /// Equal integers; floats within 1e-3 relative and 1e-5 absolute, as ONNX's own runner allows.
  func isClose(to other: Tensor) -> Bool {
    func near(_ x: [Double], _ y: [Double]) -> Bool {
      zip(x, y).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= 1e-5 + 1e-3 * abs($1) }
    }
    switch (elements, other.elements) {
    case (.float32(let x), .float32(let y)): return near(x.map(Double.init), y.map(Double.init))
    default: return dataType == other.dataType && littleEndianBytes == other.littleEndianBytes
    }
  }
}
