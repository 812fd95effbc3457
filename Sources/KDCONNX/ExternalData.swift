import Foundation
import KDCDiagnostics

/// Tensor data kept in files next to the model, as ONNX's external data format has it.
///
/// A model may name only files in its own folder (or below): a path that leaves it, also through a symbolic link, is
/// refused, since a model is data from others and must not read files of its user's.
struct ExternalData {
  let modelFile: String
  private let folder: URL

  init(modelFile: String) {
    self.modelFile = modelFile
    self.folder = URL(fileURLWithPath: modelFile).resolvingSymlinksInPath().deletingLastPathComponent()
  }

  /// The bytes of `proto`; their number is checked by the caller against the data type, here against the file.
  func read(_ proto: Onnx_TensorProto, count: Int, label: String) throws(Diagnostic) -> Data {
    let entries = Dictionary(proto.externalData.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    func fault(_ problem: String, hint: String? = nil) -> Diagnostic {
      Diagnostic(
        .externalData, "\(label) has external data that cannot be used: \(problem)",
        at: Place(file: modelFile, detail: label), hint: hint)
    }
    guard let location = entries["location"], !location.isEmpty else { throw fault("it names no file") }
    let url = try resolve(location, fault)
    guard let handle = try? FileHandle(forReadingFrom: url), let end = try? handle.seekToEnd(), end <= 1 << 40 else {
      throw fault(
        "'\(location)' does not exist or cannot be read", hint: "keep the data file next to the model file")
    }
    defer { try? handle.close() }
    let offset = try number(entries["offset"], default: 0, fault)
    let remaining = Int(end) - offset
    guard remaining >= 0 else { throw fault("offset \(offset) is behind the end of '\(location)' (\(end) bytes)") }
    let length = try number(entries["length"], default: remaining, fault)
    // 16 bytes is the largest element of ONNX; a longer stretch cannot fit and is not read.
    guard length <= remaining, length <= count &* 16 else {
      throw fault("\(length) bytes at offset \(offset) do not fit '\(location)' (\(end) bytes) or the tensor's shape")
    }
    guard (try? handle.seek(toOffset: UInt64(offset))) != nil,
      let data = length == 0 ? Data() : try? handle.read(upToCount: length), data.count == length
    else { throw fault("'\(location)' ended early") }
    return data
  }

  private func resolve(_ location: String, _ fault: (String, String?) -> Diagnostic) throws(Diagnostic) -> URL {
    let leaves = "'\(location)' leaves the model's folder"
    let hint = "keep the data file next to the model file and name it by a relative path"
    guard !location.hasPrefix("/"), !location.contains("\0"), !location.split(separator: "/").contains("..") else {
      throw fault(leaves, hint)
    }
    let url = folder.appendingPathComponent(location).resolvingSymlinksInPath()
    guard url.path.hasPrefix(folder.path == "/" ? "/" : folder.path + "/") else { throw fault(leaves, hint) }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else {
      throw fault("the file '\(location)' does not exist", "keep the data file next to the model file")
    }
    return url
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
