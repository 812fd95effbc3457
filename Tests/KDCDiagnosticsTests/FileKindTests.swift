import KDCDiagnostics
import Testing

@Suite struct FileKindTests {
  static let kinds: [(head: [UInt8], name: String)] = [
    ([0x89, 0x50, 0x4E, 0x47, 13, 10], "PNG"), ([0xFF, 0xD8, 0xFF, 0xE0], "JPEG"),
    (Array("RIFF....WEBPVP8 ".utf8), "WebP"), (Array("GIF89a".utf8), "GIF"),
    ([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 26) + Array("archive/data.pkl".utf8), "PyTorch"),
    ([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 26) + Array("x.npy".utf8), "npz"),
    ([0x80, 2, 0x8A, 10], "pickle"), ([0x1C, 0, 0, 0] + Array("TFL3".utf8), "TensorFlow Lite"),
    ([0x7F] + Array("ELF".utf8), "bundle"), ([0x93] + Array("NUMPY".utf8), "npy"),
    ([0x89] + Array("HDF\r\n".utf8), "HDF5"), (Array("<!DOCTYPE html><html>".utf8), "web page"),
    ([8, 1, 0x12, 0x80, 3, 0x0A, 40, 0x12, 0x11], "SavedModel"),
    ([0x0A, 60, 0x0A, 5] + Array("input".utf8) + [0x12, 11] + Array("Placeholder".utf8), "frozen TensorFlow"),
    ([64, 0, 0, 0, 0, 0, 0, 0] + Array("{\"w\"".utf8), "safetensors"),
  ]

  @Test("A file of another kind is named by its first bytes", arguments: kinds.indices)
  func names(index: Int) throws {
    let (head, name) = Self.kinds[index]
    let kind = try #require(FileKind(head: head))
    #expect(kind.name.contains(name), "\(kind.name)")
  }

  @Test("ONNX models and short files are of no other kind")
  func unknown() {
    #expect(FileKind(head: [8, 8, 18, 7] + Array("pytorch".utf8)) == nil)
    #expect(FileKind(head: [8, 1, 18, 7] + Array("pytorch".utf8)) == nil)
    #expect(FileKind(head: [0x0A, 0x80]) == nil && FileKind(head: [8, 1, 0x12, 0xFF, 0xFF]) == nil)
    #expect(FileKind(head: [0x0A, 60, 0x0A, 5, 65]) == nil && FileKind(head: [0x0A, 1, 0x0A, 0xFF]) == nil)
    #expect(FileKind(head: []) == nil)
    #expect(FileKind(head: [0x89]) == nil)
  }
}
