import Foundation
import KDCDiagnostics

/// Files that appear whole or not at all.
enum OutputFile {
  /// Writes `data` to a temporary file in the folder of `path`, flushes it to the disk and renames it to `path`.
  ///
  /// `permissions` are the file's mode, 0o755 for what is executable. Throws `Diagnostic` where that fails.
  static func write(_ data: Data, to path: String, permissions: mode_t = 0o644) throws(Diagnostic) {
    let temporary = path + ".\(getpid()).tmp"
    func fault() -> Diagnostic {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      return Diagnostic(.outputNotWritable, "cannot write '\(path)': \(reason)", at: Place(file: path))
    }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, permissions)
    guard descriptor >= 0 else { throw fault() }
    var written = 0
    while written < data.count {
      let count = data.withUnsafeBytes { bytes in
        bytes.baseAddress.map { Foundation.write(descriptor, $0 + written, data.count - written) } ?? 0
      }
      guard count > 0 else {
        let error = fault()
        close(descriptor)
        throw error
      }
      written += count
    }
    let isFlushed = fsync(descriptor) == 0
    guard close(descriptor) == 0, isFlushed, rename(temporary, path) == 0 else { throw fault() }
  }
}
