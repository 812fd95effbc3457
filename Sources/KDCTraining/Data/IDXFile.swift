import CZlib
import Glibc
import KDCDiagnostics
import KDCTensor

/// IDX files, gzipped or not: the form of MNIST and Fashion-MNIST (Debian package dataset-fashion-mnist).
///
/// Magic 0, 0, type, rank; dimensions as big-endian 32-bit numbers; elements. Only bytes (type 8) are read.
enum IDXFile {
  static func isOne(_ path: String) -> Bool {
    let name = path.lowercased()
    return [".gz", ""].contains { name.hasSuffix("-ubyte" + $0) }
  }

  /// Images as float16 pixel / 255, `[n, 1, height, width]`, under `input`; labels from the file beside it whose name has
  /// "labels-idx1" for "images-idx3", if there is one. Throws `unreadableData`, `fileNotFound`, `noSamples`.
  static func arrays(_ path: String, input: String) throws(Diagnostic) -> [(key: String, tensor: Tensor)] {
    let images = try read(path)
    guard images.dims.count == 3 else { throw fault(path, "it holds no images: its rank is \(images.dims.count)") }
    let shape = Shape([images.dims[0], 1, images.dims[1], images.dims[2]])
    var arrays = [(key: input, tensor: Tensor(shape, .float16(images.bytes.map { Float16(Float($0) / 255) })))]
    let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let sibling = String(path[..<name] + path[name...].replacing("images-idx3", with: "labels-idx1"))
    if sibling != path, access(sibling, R_OK) == 0 {
      let labels = try read(sibling)
      guard labels.dims.count == 1 else { throw fault(sibling, "it holds no labels: its rank is \(labels.dims.count)") }
      arrays.append(("label", Tensor([labels.bytes.count], labels.bytes.map { Int64($0) })))
    }
    return arrays
  }

  private static func read(_ path: String) throws(Diagnostic) -> (dims: [Int], bytes: [UInt8]) {
    guard access(path, R_OK) == 0 else {
      throw Diagnostic(
        .fileNotFound, "cannot read '\(path)': \(String(cString: strerror(errno)))", at: Place(file: path))
    }
    // Reads files that are not compressed as they are.
    guard let file = gzopen(path, "rb") else { throw fault(path, "it cannot be opened") }
    defer { gzclose(file) }
    func take(_ count: Int) -> [UInt8]? {
      // Piece by piece: a header may claim more than the file has.
      var bytes: [UInt8] = []
      while bytes.count < count {
        var piece = [UInt8](repeating: 0, count: min(count - bytes.count, 1 << 20))
        let got = gzread(file, &piece, UInt32(piece.count))
        guard got > 0 else { return nil }
        bytes += piece.prefix(Int(got))
      }
      return bytes
    }
    guard let magic = take(4), magic[0] == 0, magic[1] == 0, magic[2] == 8, (1...4).contains(magic[3]) else {
      throw fault(path, "it is no IDX file of bytes")
    }
    var dims: [Int] = []
    for _ in 0..<magic[3] {
      guard let word = take(4) else { throw fault(path, "it ends early") }
      dims.append(word.reduce(0) { $0 << 8 | Int($1) })
    }
    guard !dims.contains(0) else {
      throw Diagnostic(
        .noSamples, "'\(path)' has no samples: its shape is \(Shape(dims))", at: Place(file: path))
    }
    guard let count = Shape(dims).checkedCount(limit: 1 << 32), let bytes = take(count) else {
      throw fault(path, "it ends before the \(dims.map(String.init).joined(separator: "x")) elements it names")
    }
    return (dims, bytes)
  }

  private static func fault(_ path: String, _ reason: String) -> Diagnostic {
    Diagnostic(.unreadableData, "cannot read '\(path)': \(reason)", at: Place(file: path))
  }
}
