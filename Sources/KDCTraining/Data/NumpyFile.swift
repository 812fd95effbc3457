import CZlib
import KDCDiagnostics
import KDCTensor

/// Named arrays in a `.npz` file, or the one array of a `.npy` file.
package enum NumpyFile {
  /// Every array by its key, in the file's order; a `.npy` file gives one array with the key "".
  /// Throws `fileNotFound` or `unreadableData`.
  package static func read(_ path: String) throws(Diagnostic) -> [(key: String, tensor: Tensor)] {
    try open(path).map { ($0.key, $0.view.tensor) }
  }

  /// `read` for a file's bytes.
  package static func decode(_ bytes: [UInt8]) throws(Diagnostic) -> [(key: String, tensor: Tensor)] {
    try views(of: ByteView(bytes)) { _ in true }.arrays.map { ($0.key, $0.view.tensor) }
  }

  /// `read` without holding the arrays in memory: stored ones are mapped from the file, deflated ones unpacked. Of the keys
  /// that are not wanted only the names are read.
  package static func open(_ path: String) throws(Diagnostic) -> [(key: String, view: ArrayView)] {
    try open(path) { _ in true }.arrays
  }

  /// The arrays of the keys that are wanted, and all keys.
  static func open(
    _ path: String, wanting isWanted: (String) -> Bool
  ) throws(Diagnostic) -> (arrays: [(key: String, view: ArrayView)], keys: [String]) {
    let bytes = ByteView(try Blob(mapping: path))
    do throws(Diagnostic) {
      return try views(of: bytes, wanting: isWanted)
    } catch {
      throw error.located(at: Place(file: path))
    }
  }

  private static func views(
    of bytes: ByteView, wanting isWanted: (String) -> Bool
  ) throws(Diagnostic) -> (arrays: [(key: String, view: ArrayView)], keys: [String]) {
    if bytes.starts(with: NumpyArray.magic) { return ([("", try NumpyArray.view(of: bytes, name: "npy"))], [""]) }
    let kind = bytes.withBytes { FileKind(head: $0.prefix(FileKind.headLength)) }
    guard ZipArchive.looksLikeZip(bytes) else { throw foreign(kind) }
    let archive = try ZipArchive(bytes)
    let entries = archive.entries.filter { $0.name.hasSuffix(".npy") }
    guard !entries.isEmpty else {
      throw archive.entries.isEmpty ? Diagnostic(.unreadableData, "the file holds no arrays") : foreign(kind)
    }
    let keys = entries.map { String($0.name.dropLast(4)) }
    var seen: Set<String> = []
    for key in keys where !seen.insert(key).inserted {
      throw Diagnostic(.unreadableData, "array '\(key)' is in the file twice")
    }
    let chosen = zip(keys, entries).filter { isWanted($0.0) }
    let unpacked = archive.unpackedBytes(of: chosen.map(\.1))
    guard unpacked <= MachineMemory.bytes / 2 else {
      throw Diagnostic(
        .tooLarge, "its arrays unpack to \(unpacked >> 20) MB, more than half of this machine's memory",
        hint: "save the samples uncompressed (numpy.savez): such files are read in place, whatever their size")
    }
    var arrays: [(key: String, view: ArrayView)] = []
    // What is unpacked in memory has one limit, however many arrays it is cut into.
    var room = 1 << 26
    for (key, entry) in chosen {
      arrays.append((key, try NumpyArray.view(of: try archive.contents(of: entry, inMemory: room), name: key)))
      if entry.method == 8 && entry.rawBytes <= room { room -= entry.rawBytes }
    }
    return (arrays, keys)
  }

  private static func foreign(_ kind: FileKind?) -> Diagnostic {
    Diagnostic(
      .unreadableData, "the file is neither npz nor npy" + (kind.map { ": it is \($0.name)" } ?? ""),
      hint: kind?.dataHint ?? "save samples by numpy.savez(file, NAME=array) with the model's input names")
  }

  /// Writes a `.npz` file (stored, not compressed), whole or not at all. The same arrays give the same bytes.
  /// Throws `outputNotWritable`.
  package static func write(_ arrays: [(key: String, tensor: Tensor)], to path: String) throws(Diagnostic) {
    try Files.write(encode(arrays), to: path)
  }

  /// The pieces of a `.npz` file, in order.
  package static func encode(_ arrays: [(key: String, tensor: Tensor)]) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var directory: [UInt8] = []
    var offset = 0
    for (key, tensor) in arrays {
      let name = Array((key + ".npy").utf8)
      let data = NumpyArray.encode(tensor)
      let crc = data.withUnsafeBufferPointer { Int(crc32_z(0, $0.baseAddress, $0.count)) }
      // Version 4.5 (zip64 sizes in the extra field), flag 11 (names are UTF-8), stored, 1980-01-01.
      let common =
        little(45, 2) + little(0x800, 2) + little(0, 2) + little(0, 2) + little(0x21, 2) + little(crc, 4)
        + little(0xFFFF_FFFF, 4) + little(0xFFFF_FFFF, 4) + little(name.count, 2)
      let sizes = little(data.count, 8) + little(data.count, 8)
      let local = little(0x0403_4B50, 4) + common + little(20, 2) + name + little(1, 2) + little(16, 2) + sizes
      directory +=
        little(0x0201_4B50, 4) + little(45, 2) + common + little(28, 2) + little(0, 2) + little(0, 2) + little(0, 2)
        + little(0, 4) + little(0xFFFF_FFFF, 4) + name + little(1, 2) + little(24, 2) + sizes + little(offset, 8)
      pieces += [local, data]
      offset += local.count + data.count
    }
    let count = arrays.count
    let record =
      little(0x0606_4B50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) + little(0, 4)
      + little(count, 8) + little(count, 8) + little(directory.count, 8) + little(offset, 8)
    let locator = little(0x0706_4B50, 4) + little(0, 4) + little(offset + directory.count, 8) + little(1, 4)
    let end =
      little(0x0605_4B50, 4) + little(0, 4) + little(min(count, 0xFFFF), 2) + little(min(count, 0xFFFF), 2)
      + little(0xFFFF_FFFF, 4) + little(0xFFFF_FFFF, 4) + little(0, 2)
    return pieces + [directory + record + locator + end]
  }

  private static func little(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
}
