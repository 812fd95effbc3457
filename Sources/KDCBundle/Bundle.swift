import KDCDiagnostics
import KDCProgram
import KDCTensor
import KDCToolchain

/// A bundle as a file that says what it is. Reading it runs nothing of it.
package struct Bundle: Sendable {
  /// Path as the user gave it.
  package let path: String
  package let byteCount: Int
  package let manifest: Manifest
  package let container: ContainerReader

  /// Throws `fileNotFound`, `notABundle`, `unsupportedBundle` or `damagedBundle`, each with the file's place.
  package init(contentsOf path: String) throws(Diagnostic) {
    try self.init(try Files.read(path), path: path)
  }

  /// The same from bytes; `path` is for diagnostics.
  package init(_ bytes: [UInt8], path: String) throws(Diagnostic) {
    self.path = path
    byteCount = bytes.count
    do throws(Diagnostic) {
      guard let section = try ElfFile(bytes).contents(of: ".kdc") else {
        throw Diagnostic(.notABundle, "the file is a library or program, but no bundle")
      }
      container = try ContainerReader(section)
      guard let entry = container.entry(.manifest) else { throw ContainerReader.damaged("it has no manifest") }
      manifest = try Manifest(json: try container.contents(of: entry))
    } catch {
      throw error.located(at: Place(file: path))
    }
  }

  /// Whether the bytes are an ELF file, as every bundle is; `kdc` tells bundles from ONNX files by this.
  package static func looksLikeOne(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) }

  /// The quantised program that the code was made from. Throws `damagedBundle` or `invalidProgram`.
  package func program() throws -> Program {
    guard let entry = container.entry(.program) else { throw ContainerReader.damaged("it has no program") }
    do {
      return try ProgramCoder.decode(try container.contents(of: entry)) { index in
        guard let stream = container.entry(.constant, index) else {
          throw ContainerReader.damaged("stream \(index) of its constants is missing")
        }
        return try container.contents(of: stream)
      }
    } catch let diagnostic as Diagnostic {
      throw diagnostic.located(at: Place(file: path))
    }
  }

  /// nil where the bundle carries none.
  package func golden() throws -> Golden? {
    guard let entry = container.entry(.golden) else { return nil }
    return try Golden(json: try container.contents(of: entry))
  }

  /// Unpacks every stream and compares its CRC. Throws `damagedBundle`.
  package func checkStreams() throws(Diagnostic) {
    do throws(Diagnostic) {
      for entry in container.entries { _ = try container.contents(of: entry) }
    } catch {
      throw error.located(at: Place(file: path))
    }
  }
}
