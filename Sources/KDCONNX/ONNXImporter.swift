import Foundation
import Glibc
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Reads ONNX files. Nothing in a file can make it trap, allocate without measure or read outside the model's folder.
package enum ONNXImporter {
  /// Reads the model at `path` as raw nodes in topological order, all inputs with static shapes.
  ///
  /// float16, bfloat16 and float64 become float32, which the graph's notes say. Domain "ai.onnx" becomes "". Calls of the
  /// model's functions are their bodies. Types are not inferred yet. `settings` give what the model leaves open. Throws
  /// `DiagnosticList` with all faults found.
  package static func load(path: String, settings: InputSettings = InputSettings()) throws -> Graph {
    try load(bytes: read(path), file: path, settings: settings)
  }

  /// As `load(path:settings:)`, of a model in memory; `file` names it in diagnostics and is the base of external data.
  package static func load(bytes: Data, file: String, settings: InputSettings = InputSettings()) throws -> Graph {
    let found = try examine(bytes: bytes, file: file, settings: settings)
    guard found.faults.isEmpty else { throw DiagnosticList(found.faults) }
    return found.graph
  }

  /// A model that may have faults.
  package struct Examined {
    package var graph: Graph
    /// What is wrong with inputs, initializers and attributes.
    package var faults: [Diagnostic]
    /// Names of the values that are missing for that.
    package var unknown: Set<String>
  }

  /// As `load(path:settings:)`, of a model whose other faults are to be found as well. Throws where there is no graph at all.
  package static func examine(path: String, settings: InputSettings = InputSettings()) throws -> Examined {
    try examine(bytes: read(path), file: path, settings: settings)
  }

  private static func examine(bytes: Data, file: String, settings: InputSettings) throws -> Examined {
    let model = try parse(bytes, file: file)
    let decoder = GraphDecoder(
      opsets: try opsets(of: model, file: file),
      tensors: TensorDecoder(externalData: ExternalData(modelFile: file), convertsFloats: true),
      shapes: InputShapes(file: file, settings: settings), functions: Functions(model.functions))
    var (graph, faults, unknown) = try decoder.decode(model.graph)
    graph.notes = TypeConversions.notes(of: model)
    return Examined(graph: graph, faults: faults, unknown: unknown)
  }

  /// Reads a `TensorProto` file (`.pb`), as ONNX's tests and model zoo keep inputs and outputs.
  ///
  /// Floats become float32, as in models, unless `convertsFloats` is false.
  package static func tensor(path: String, convertsFloats: Bool = true) throws -> Tensor {
    try named(path: path, convertsFloats: convertsFloats).tensor
  }

  /// As `tensor(path:convertsFloats:)`, with the name in the file.
  package static func named(path: String, convertsFloats: Bool = true) throws -> (name: String, tensor: Tensor) {
    guard let proto = try? Onnx_TensorProto(serializedBytes: read(path)) else {
      throw Diagnostic(.notAnONNXModel, "'\(path)' is not a TensorProto file", at: Place(file: path))
    }
    let decoder = TensorDecoder(externalData: ExternalData(modelFile: path), convertsFloats: convertsFloats)
    return (proto.name, try decoder.decode(proto, as: "tensor '\(proto.name)'"))
  }

  private static func read(_ path: String) throws -> Data {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if isFolder.boolValue {
      let isSavedModel = FileManager.default.fileExists(atPath: path + "/saved_model.pb")
      throw Diagnostic(
        .fileNotFound, "'\(path)' is a folder", at: Place(file: path),
        hint: isSavedModel
          ? "it holds a TensorFlow model: python -m tf2onnx.convert --saved-model FOLDER --output model.onnx" : nil)
    }
    // A pipe would be waited for.
    if exists { close(try Files.openForReading(path).descriptor) }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
      throw Diagnostic(.fileNotFound, "'\(path)' does not exist or cannot be read", at: Place(file: path))
    }
    return data
  }

  /// The files of external data that the model at `path` names and that are there; none where it is no ONNX model.
  package static func dataFiles(of path: String) -> [String] {
    guard let bytes = try? read(path), FileKind(head: bytes.prefix(FileKind.headLength)) == nil,
      let model = try? Onnx_ModelProto(serializedBytes: bytes)
    else { return [] }
    let external = ExternalData(modelFile: path)
    var locations: Set<String> = []
    func visit(_ tensor: Onnx_TensorProto) {
      guard tensor.dataLocation == .external else { return }
      for entry in tensor.externalData where entry.key == "location" { locations.insert(entry.value) }
    }
    func visit(_ graph: Onnx_GraphProto) {
      graph.initializer.forEach(visit)
      visit(graph.node)
    }
    func visit(_ nodes: [Onnx_NodeProto]) {
      for attribute in nodes.flatMap(\.attribute) {
        if attribute.hasT { visit(attribute.t) }
        attribute.tensors.forEach(visit)
        if attribute.hasG { visit(attribute.g) }
      }
    }
    visit(model.graph)
    for function in model.functions { visit(function.node) }
    return locations.sorted().compactMap(external.existing)
  }

  private static func parse(_ bytes: Data, file: String) throws -> Onnx_ModelProto {
    func fault(_ problem: String, hint: String? = nil) -> Diagnostic {
      Diagnostic(.notAnONNXModel, "this is not a readable ONNX model: \(problem)", at: Place(file: file), hint: hint)
    }
    guard !bytes.isEmpty else { throw fault("the file is empty") }
    if bytes.starts(with: Data("version https://git-lfs".utf8)) {
      throw fault("it is a Git LFS pointer", hint: "fetch the model itself with `git lfs pull`")
    }
    let model: Onnx_ModelProto
    // Neither text nor one of the kinds that are known begins like a model.
    let kind = FileKind(head: bytes.prefix(FileKind.headLength))
    do { model = try Onnx_ModelProto(serializedBytes: bytes) } catch {
      if let kind { throw fault("it is \(kind.name)", hint: kind.modelHint) }
      throw fault("the protobuf ends early or is damaged", hint: "check that the file was copied whole")
    }
    guard model.hasGraph else {
      if let kind { throw fault("it is \(kind.name)", hint: kind.modelHint) }
      throw fault("it has no graph")
    }
    return model
  }

  private static func opsets(of model: Onnx_ModelProto, file: String) throws -> [String: Int] {
    var opsets: [String: Int] = [:]
    for entry in model.opsetImport {
      opsets[GraphDecoder.normalized(entry.domain)] = Int(clamping: entry.version)
    }
    guard let version = opsets[""] else {
      // A model of only other domains has no default opset; its operators are reported one by one instead.
      guard opsets.isEmpty else { return opsets }
      throw Diagnostic(
        .unsupportedOpset, "the model has no opset_import, so its operators' versions are unknown",
        at: Place(file: file), hint: "export the model again with opset \(OperatorSets.suggested)")
    }
    let supported = OperatorSets.supported
    guard supported.contains(version) else {
      throw Diagnostic(
        .unsupportedOpset, "opset \(version) is not supported", at: Place(file: file),
        notes: ["supported: \(supported.lowerBound) to \(supported.upperBound)"],
        hint: "convert it with onnx.version_converter, or export the model again with opset \(OperatorSets.suggested)")
    }
    return opsets
  }
}
