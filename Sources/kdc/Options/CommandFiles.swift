import Foundation
import KDCDiagnostics
import KDCONNX
import KDCTraining

extension FileUse {
  /// A model of any kind, with the files that it keeps its tensors in.
  mutating func read(model path: String?, as role: String = "the model") {
    guard let path else { return }
    read(role) { [path] + ONNXImporter.dataFiles(of: path) }
  }

  /// A file or folder of samples, with what is read beside it.
  mutating func read(samples path: String?, as role: String = "the samples") {
    guard let path else { return }
    read(role) { DataSet.files(of: path) }
  }
}

extension OutputPlace {
  /// Whether `path` is standard output, which then is that output alone.
  static func isStandardOutput(_ path: String) -> Bool { (try? OutputPlace(path))?.kind == .descriptor(1) }
}

extension Files {
  /// Makes a folder, and those around it, where there is none. Throws `outputNotWritable`.
  static func makeFolder(_ path: String, hint: String? = nil) throws(Diagnostic) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Diagnostic(.outputNotWritable, "cannot make the folder '\(path)'", at: Place(file: path), hint: hint)
    }
  }
}
