import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCToolchain
import Testing

@Suite("External data")
struct ExternalDataTests {
  /// y = x + w0 + w1 + …, each w a float32[2] in an external file.
  private static func model(_ weights: [(name: String, location: String)]) -> Data {
    func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] { [UInt8(number << 3 | 2), UInt8(bytes.count)] + bytes }
    func long(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
      [UInt8(number << 3 | 2), UInt8(bytes.count & 127 | 128), UInt8(bytes.count >> 7)] + bytes
    }
    func text(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
    func number(_ field: Int, _ value: UInt8) -> [UInt8] { [UInt8(field << 3), value] }
    func info(_ name: String) -> [UInt8] {
      let shape = field(1, number(1, 1)) + field(1, number(1, 2))
      return text(1, name) + field(2, field(1, number(1, 1) + field(2, shape)))
    }
    var graph: [UInt8] = []
    for (index, weight) in weights.enumerated() {
      let output = index == weights.count - 1 ? "y" : "v\(index)"
      graph += field(
        1, text(1, index == 0 ? "x" : "v\(index - 1)") + text(1, weight.name) + text(2, output) + text(4, "Add"))
      let tensor = number(1, 2) + number(2, 1) + text(8, weight.name)
      graph += field(5, tensor + field(13, text(1, "location") + text(2, weight.location)) + number(14, 1))
    }
    graph += text(2, "g") + field(11, info("x")) + field(12, info("y"))
    return Data(number(1, 8) + long(7, graph) + field(8, text(1, "") + number(2, 17)))
  }

  private static let values: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try body(folder.path)
  }

  private func faults(_ path: String) -> [Diagnostic] {
    do { _ = try ONNXImporter.load(path: path) } catch {
      return (error as? DiagnosticList)?.grouped ?? [error].compactMap { $0 as? Diagnostic }
    }
    return []
  }

  @Test("A download cache links model and data into a folder of blobs")
  func cache() throws {
    try withFolder { folder in
      for name in ["blobs", "snapshots/r/onnx"] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      }
      try Self.model([("w", "m.onnx.data")]).write(to: URL(fileURLWithPath: folder + "/blobs/h1"))
      try Files.write(Self.values, to: folder + "/blobs/h2")
      for (name, blob) in [("m.onnx", "h1"), ("m.onnx.data", "h2")] {
        symlink("../../../blobs/\(blob)", "\(folder)/snapshots/r/onnx/\(name)")
      }
      // A link to the link, from elsewhere.
      symlink("snapshots/r/onnx/m.onnx", folder + "/latest.onnx")
      for path in ["/snapshots/r/onnx/m.onnx", "/latest.onnx"] {
        let graph = try ONNXImporter.load(path: folder + path)
        #expect(graph.initializers["w"]?.floats == [1, 2])
        #expect(ONNXImporter.dataFiles(of: folder + path).map { $0.hasSuffix("/blobs/h2") } == [true])
      }
    }
  }

  @Test("A link that leaves the folders of the model is refused, and so is '..'")
  func escapes() throws {
    try withFolder { folder in
      for name in ["in", "out"] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      }
      try Files.write(Self.values, to: folder + "/out/w")
      symlink("../out/w", folder + "/in/link")
      symlink("../out", folder + "/in/folder")
      for location in ["link", "folder/w", "../out/w", folder + "/out/w", "none"] {
        try Self.model([("w", location)]).write(to: URL(fileURLWithPath: folder + "/in/m.onnx"))
        #expect(faults(folder + "/in/m.onnx").map(\.id) == [.externalData], "\(location)")
      }
    }
  }

  @Test("A pipe as data or model is refused, not waited for", .timeLimit(.minutes(15)))
  func pipes() throws {
    try withFolder { folder in
      try #require(mkfifo(folder + "/pipe", 0o600) == 0)
      try Self.model([("w", "pipe")]).write(to: URL(fileURLWithPath: folder + "/m.onnx"))
      #expect(faults(folder + "/m.onnx").map(\.id) == [.externalData])
      #expect(faults(folder + "/pipe").map(\.id) == [.fileNotFound])
    }
  }

  @Test("A data file that is missing is one fault, however many tensors it holds")
  func missing() throws {
    try withFolder { folder in
      try Self.model([("w", "none"), ("b", "none"), ("c", "none")]).write(to: URL(fileURLWithPath: folder + "/m.onnx"))
      let found = faults(folder + "/m.onnx")
      #expect(found.count == 1 && found.first?.id == .externalData)
      #expect(found.first?.description.contains("and 2 more like it: initializer 'b'; initializer 'c'") == true)
    }
  }

  @Test("Files of other kinds are named where a model is wanted")
  func foreign() throws {
    try withFolder { folder in
      let kinds: [(bytes: [UInt8], name: String)] = [
        ([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10], "PNG"), ([0x7F, 0x45, 0x4C, 0x46, 2, 1], "kdc bundle"),
        ([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 26) + Array("archive/data.pkl".utf8), "PyTorch"),
        ([28, 0, 0, 0] + Array("TFL3".utf8) + [0], "TensorFlow Lite"),
      ]
      for (bytes, name) in kinds {
        try Files.write(bytes, to: folder + "/m.onnx")
        let found = faults(folder + "/m.onnx")
        #expect(found.map(\.id) == [.notAnONNXModel])
        #expect(found.first?.message.contains(name) == true && found.first?.hint != nil, "\(found)")
      }
    }
  }
}
