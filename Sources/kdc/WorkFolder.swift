import Foundation
import KDCBundle
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTraining

/// Results of finished stages that an interrupted compile goes on from (`--work-dir`).
///
/// Each request has a folder of its own, named by a hash of everything that the results depend on; the number of threads
/// is not among it. A file is written whole or not at all, so that what is there can be used.
struct WorkFolder: Sendable {
  let path: String

  /// - Parameter key: everything that the results depend on.
  init(in folder: String, key: [String]) throws {
    path = "\(folder)/\(Digest.hexadecimal(of: Array(key.joined(separator: "\n").utf8)).prefix(16))"
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Diagnostic(
        .outputNotWritable, "cannot make the folder '\(path)'", at: Place(file: folder),
        hint: "choose a --work-dir that can be written")
    }
    try Files.checkWritable(path + "/probe")
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The graph that a stage left under this name; nil where it has not finished. What cannot be read is made anew.
  func graph(_ name: String) -> Graph? {
    let path = file(name + ".onnx")
    guard FileManager.default.fileExists(atPath: path),
      var graph = try? ONNXImporter.load(path: path, inputShapes: [:]),
      (try? graph.inferTypes()) != nil
    else { return nil }
    graph.file = ""
    return graph
  }

  func save(_ graph: Graph, as name: String) throws {
    try Files.write([UInt8](try ONNXExporter.export(graph)), to: file(name + ".onnx"))
  }

  func value<Value: Decodable>(_ name: String, as type: Value.Type) -> Value? {
    guard let bytes = try? Files.read(file(name + ".json")) else { return nil }
    return try? JSONDecoder().decode(type, from: Data(bytes))
  }

  func save(_ value: some Encodable, as name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try Files.write([UInt8](try encoder.encode(value)), to: file(name + ".json"))
  }

  func arrays(_ name: String) -> [(key: String, tensor: Tensor)]? {
    let path = file(name + ".npz")
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try? NumpyFile.read(path)
  }

  func save(_ arrays: [(key: String, tensor: Tensor)], as name: String) throws {
    try NumpyFile.write(arrays, to: file(name + ".npz"))
  }
}

extension Compilation {
  /// What every result of this request depends on.
  func workKey() throws -> [String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    func text(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    var key = ["kdc \(KDC.configuration.version) work 1", try text(request.compression), try text(request.budget)]
    key += inputHashes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    for path in [request.data, request.train].compactMap({ $0 }) + request.teacher.outputs {
      key += ["samples \(try Self.contentHash(path))"]
    }
    key += request.inputShapes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    key += request.teacher.matches.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    key += request.teacher.preprocessing.map { "\($0)" } + request.targets.map { "target \($0.name)" }
    key += [
      "\(request.images)", "\(request.trainSamples ?? 0)", "\(request.seed)", request.activations.rawValue,
      request.weights.rawValue,
    ]
    return key
  }

  /// Of a file, or of a folder's names and files in order.
  private static func contentHash(_ path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return Digest.hexadecimal(of: try Files.read(path))
    }
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    var digest = Digest()
    for name in names.sorted() {
      var isFolder: ObjCBool = false
      let file = "\(path)/\(name)"
      digest.update(Array(name.utf8))
      if FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue {
        digest.update(try Files.read(file))
      }
    }
    return digest.hexadecimal()
  }
}
