import Foundation
import KDCDiagnostics

/// A folder of its own for one build, removed with everything in it when `remove` is called or a signal ends kdc.
package struct TemporaryFolder: Sendable {
  package let path: String

  /// TMPDIR, else the system's folder for temporary files.
  package static var parent: String { FileManager.default.temporaryDirectory.path }

  package init() throws(Diagnostic) {
    var template = Array((Self.parent + "/kdc-build-XXXXXX").utf8CString)
    var made: String?
    var code: Int32 = 0
    Leftovers.hold {
      guard mkdtemp(&template) != nil else {
        code = errno
        return nil
      }
      let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
      made = path
      return .folder(path)
    }
    guard let made else {
      throw Diagnostic(
        .outputNotWritable, "cannot make a temporary folder: \(String(cString: strerror(code)))",
        at: Place(file: Self.parent), hint: "set TMPDIR to a folder that is writable and has room")
    }
    path = made
  }

  /// Writes a file; folders of its name are made where they are missing.
  package func write(_ bytes: [UInt8], to name: String) throws(Diagnostic) {
    for slash in name.indices where name[slash] == "/" { mkdir(path + "/" + name[..<slash], 0o700) }
    try Files.write(bytes, to: path + "/" + name)
  }

  package func write(_ text: String, to name: String) throws(Diagnostic) { try write(Array(text.utf8), to: name) }

  package func remove() {
    // Nothing can be done about files that stay; the system clears the folder's parent.
    try? FileManager.default.removeItem(atPath: path)
    Leftovers.release(path)
  }
}
