import Foundation
import Glibc
import KDCDiagnostics

/// Tensor data kept in files next to the model, as ONNX's external data format has it.
///
/// A model may name only files in its own folder (or below): a path that leaves it, also through a symbolic link, is
/// refused, since a model is data from others and must not read files of its user's. Where the model itself is a link, as
/// download caches keep it, its folder is that of the link, or that of what it leads to; a data file may lead from the one
/// into the other.
struct ExternalData {
  let modelFile: String
  /// Where data files are looked for, in order, and in which they must lie: without links.
  private let folders: [String]

  init(modelFile: String) {
    self.modelFile = modelFile
    folders = Self.folders(of: modelFile)
  }

  /// The bytes of `proto`; their number is checked by the caller against the data type, here against the file.
  func read(_ proto: Onnx_TensorProto, count: Int, label: String) throws(Diagnostic) -> Data {
    let entries = Dictionary(proto.externalData.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    // The message is of the file alone: a file that is missing is one fault, however many tensors it holds.
    func fault(_ problem: String, hint: String? = nil) -> Diagnostic {
      Diagnostic(
        .externalData, "external data cannot be used: \(problem)", at: Place(file: modelFile, detail: label),
        hint: hint)
    }
    guard let location = entries["location"], !location.isEmpty else { throw fault("they name no file") }
    let path = try resolve(location, fault)
    let file: (descriptor: Int32, size: Int)
    do throws(Diagnostic) { file = try Files.openForReading(path) } catch {
      throw fault("the file '\(location)' cannot be read", hint: error.message)
    }
    defer { close(file.descriptor) }
    let offset = try number(entries["offset"], default: 0, fault)
    let remaining = file.size - offset
    guard remaining >= 0 else {
      throw fault("offset \(offset) is beyond the end of '\(location)' (\(file.size) bytes)")
    }
    let length = try number(entries["length"], default: remaining, fault)
    // 16 bytes is the largest element of ONNX; a longer stretch cannot fit and is not read.
    guard length <= remaining, length <= count &* 16 else {
      throw fault(
        "\(length) bytes at offset \(offset) do not fit '\(location)' (\(file.size) bytes) or the tensor's shape")
    }
    guard let data = Self.bytes(of: file.descriptor, at: offset, count: length) else {
      throw fault("'\(location)' ended early")
    }
    return data
  }

  private static func bytes(of descriptor: Int32, at offset: Int, count: Int) -> Data? {
    var data = Data(count: count)
    let isWhole = data.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < count, let base = buffer.baseAddress {
        let got = pread(descriptor, base + done, min(count - done, 1 << 30), off_t(offset + done))
        if got < 0 && errno == EINTR { continue }
        guard got > 0 else { return false }
        done += got
      }
      return true
    }
    return isWhole ? data : nil
  }

  private func resolve(_ location: String, _ fault: (String, String?) -> Diagnostic) throws(Diagnostic) -> String {
    let leaves = "'\(location)' leaves the model's folder"
    let hint = "keep the data file next to the model file and name it by a relative path"
    guard !location.hasPrefix("/"), !location.contains("\0"), !location.split(separator: "/").contains("..") else {
      throw fault(leaves, hint)
    }
    guard let path = existing(location) else {
      throw fault("the file '\(location)' does not exist", "keep the data file next to the model file")
    }
    guard folders.contains(where: { path.hasPrefix($0 == "/" ? "/" : $0 + "/") }) else { throw fault(leaves, hint) }
    return path
  }

  /// The path of a location without links, in the first folder that has it.
  func existing(_ location: String) -> String? {
    folders.lazy.compactMap { Self.real($0 + "/" + location) }.first
  }

  /// The folder that the path names, then that of each link on the way to the file.
  private static func folders(of file: String) -> [String] {
    var folders: [String] = []
    var path = file
    for _ in 0..<40 {
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      guard let real = real(folder) else { break }
      if !folders.contains(real) { folders.append(real) }
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { break }
      path = target.hasPrefix("/") ? target : real + "/" + target
    }
    return folders
  }

  private static func real(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  private func number(
    _ text: String?, default value: Int, _ fault: (String, String?) -> Diagnostic
  ) throws(Diagnostic) -> Int {
    guard let text else { return value }
    guard let parsed = Int(text), (0...(1 << 40)).contains(parsed) else {
      throw fault("'\(text)' is not a byte count", nil)
    }
    return parsed
  }
}
