import Foundation
import KDCBundle
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTraining

/// Results of finished stages that an interrupted compile resumes from (`--work-dir`).
///
/// Each request has a folder of its own, named by a hash of everything that the results depend on; the number of threads
/// is not among it. A file is written whole or not at all, with its digest in another beside it: what a disk or a person has
/// changed is not used.
struct WorkFolder: Sendable {
  let path: String

  init(in folder: String, key: WorkKey) throws {
    path = "\(folder)/\(Digest.hexadecimal(of: try Self.json(key)).prefix(16))"
    try Files.makeFolder(path, hint: "choose a --work-dir that can be written")
    try Files.checkWritable(path + "/probe")
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The graph that a stage left under this name; nil where it has not finished. What cannot be read, or is no longer what was
  /// written, is made again.
  func graph(_ name: String) -> Graph? {
    guard let bytes = contents(name + ".onnx"),
      var graph = try? ONNXImporter.load(bytes: Data(bytes), file: file(name + ".onnx")),
      (try? graph.inferTypes()) != nil
    else { return nil }
    graph.file = ""
    return graph
  }

  func save(_ graph: Graph, as name: String) throws {
    try save([[UInt8](try ONNXExporter.export(graph))], as: name + ".onnx")
  }

  func value<Value: Decodable>(_ name: String, as type: Value.Type) -> Value? {
    contents(name + ".json").flatMap { try? JSONDecoder().decode(type, from: Data($0)) }
  }

  func save(_ value: some Encodable, as name: String) throws {
    try save([try Self.json(value)], as: name + ".json")
  }

  private static func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return [UInt8](try encoder.encode(value))
  }

  func arrays(_ name: String) -> [(key: String, tensor: Tensor)]? {
    contents(name + ".npz").flatMap { try? NumpyFile.decode($0) }
  }

  func save(_ arrays: [(key: String, tensor: Tensor)], as name: String) throws {
    try save(NumpyFile.encode(arrays), as: name + ".npz")
  }

  /// The bytes of a file whose digest beside it is theirs; nil for any other.
  private func contents(_ name: String) -> [UInt8]? {
    guard let bytes = try? Files.read(file(name)), let digest = try? Files.read(file(name) + Self.digestSuffix),
      digest == Array(Digest.hexadecimal(of: bytes).utf8)
    else { return nil }
    return bytes
  }

  /// The digest comes last: a file without it is one that was not finished.
  private func save(_ pieces: [[UInt8]], as name: String) throws {
    var digest = Digest()
    for piece in pieces { digest.update(piece) }
    try Files.write(pieces, to: file(name))
    try Files.write(Array(digest.hexadecimal().utf8), to: file(name) + Self.digestSuffix)
  }

  private static let digestSuffix = ".sha256"
}

/// Everything that the results in a work folder depend on: the request, less a short list, and the contents of its files.
struct WorkKey: Encodable {
  private let version = "kdc \(KDC.configuration.version) work 3"
  private let request: CompileRequest
  private let models: [String: String]
  private let samples: [String]
  private let outputKinds: [String: OutputKind]

  init(_ request: CompileRequest, _ inputs: Inputs) throws {
    models = inputs.hashes
    samples = try ([request.data, request.train].compactMap { $0 } + request.teacher.outputs).map(Self.contentHash)
    outputKinds = inputs.student.outputKinds
    self.request = request.decisive
  }

  /// Of a file, or of a folder's names and files in order.
  fileprivate static func contentHash(_ path: String) throws -> String {
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

extension CompileRequest {
  /// The request without what changes no result in a work folder.
  fileprivate var decisive: CompileRequest {
    var request = self
    // Hashes of what these hold are in the key, and targets are whole.
    (request.student, request.teacher.models, request.teacher.outputs) = ("", [], [])
    (request.data, request.train, request.targetFiles) = (data.map { _ in "" }, train.map { _ in "" }, [])
    // Measured on, and written, after all of them.
    (request.evaluation, request.output, request.json, request.emitFolder) = (nil, "", nil, nil)
    request.emitted = []
    // How they are computed.
    (request.workFolder, request.toolchain, request.threads, request.checksSimulation) = (nil, nil, 1, false)
    return request
  }
}
