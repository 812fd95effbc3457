import CZlib
import Glibc
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// IDX files, gzipped or not: the form of MNIST and Fashion-MNIST (Debian package dataset-fashion-mnist).
///
/// Magic 0, 0, type, rank; dimensions as big-endian 32-bit numbers; elements. Only bytes (type 8) are read.
enum IDXFile {
  static func isOne(_ path: String) -> Bool {
    let name = path.lowercased()
    return [".gz", ""].contains { name.hasSuffix("-ubyte" + $0) }
  }

  /// Images as `[n, 1, height, width]` under `input`: pixels for an input of whole numbers, else float16 pixel / 255.
  /// Labels from the file beside it whose name has "labels-idx1" for "images-idx3", if there is one. Throws
  /// `unreadableData`, `fileNotFound`, `noSamples`, `tooLarge`.
  static func arrays(_ path: String, input: ValueInfo) throws(Diagnostic) -> [(key: String, tensor: Tensor)] {
    let images = try read(path)
    guard images.dims.count == 3 else { throw fault(path, "it holds no images: its rank is \(images.dims.count)") }
    let shape = Shape([images.dims[0], 1, images.dims[1], images.dims[2]])
    let scaled = (0...255).map { Float16(Float($0) / 255) }
    let pixels: Tensor.Elements =
      input.type.dataType.isFloat ? .float16(images.bytes.map { scaled[Int($0)] }) : .uint8(images.bytes)
    var arrays = [(key: input.name, tensor: Tensor(shape, pixels))]
    if let sibling = labels(of: path) {
      let labels = try read(sibling)
      guard labels.dims.count == 1 else { throw fault(sibling, "it holds no labels: its rank is \(labels.dims.count)") }
      arrays.append(("label", Tensor([labels.bytes.count], labels.bytes.map { Int64($0) })))
    }
    return arrays
  }

  /// The file of labels beside one of images.
  static func labels(of path: String) -> String? {
    let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let sibling = String(path[..<name] + path[name...].replacing("images-idx3", with: "labels-idx1"))
    return sibling != path && access(sibling, R_OK) == 0 ? sibling : nil
  }

  private static func read(_ path: String) throws(Diagnostic) -> (dims: [Int], bytes: [UInt8]) {
    let (descriptor, size) = try Files.openForReading(path)
    // Reads files that are not compressed as they are.
    guard let file = gzdopen(descriptor, "rb") else {
      close(descriptor)
      throw fault(path, "it cannot be opened")
    }
    defer { gzclose(file) }
    func take(_ count: Int) -> [UInt8]? {
      // Piece by piece: a header may claim more than the file has.
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count)
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
    let elements = "\(dims.map(String.init).joined(separator: "x")) elements"
    // gzip cannot do better than 1032 : 1.
    guard let count = Shape(dims).checkedCount(limit: 1 << 40), count / 1032 <= size else {
      throw fault(path, "it ends before the \(elements) it names")
    }
    // In memory there are some bytes for each: the pixel, the number that it becomes, and a copy of that.
    guard count <= MachineMemory.bytes / 32 else {
      throw Diagnostic(
        .tooLarge, "its \(elements) are more than this machine's memory takes", at: Place(file: path),
        hint: "save the samples uncompressed as npz (numpy.savez): such files are read in place")
    }
    guard let bytes = take(count) else { throw fault(path, "it ends before the \(elements) it names") }
    return (dims, bytes)
  }

  private static func fault(_ path: String, _ reason: String) -> Diagnostic {
    Diagnostic(.unreadableData, "cannot read '\(path)': \(reason)", at: Place(file: path))
  }
}
