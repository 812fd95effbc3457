import Foundation
import KDCDiagnostics
import KDCProgram
import KDCTensor
import KDCToolchain

/// A bundle as a file that says what it is, compared with its seal. Reading it runs nothing of it.
package struct Bundle: Sendable {
  /// Path as the user gave it.
  package let path: String
  /// The file, which has the digest that it was sealed with.
  package let bytes: [UInt8]
  package var byteCount: Int { bytes.count }
  package let manifest: Manifest
  package let container: ContainerReader

  /// Throws `fileNotFound`, `notABundle`, `bundleCutShort`, `bundleAltered`, `unsupportedBundle` or `damagedBundle`, each with the
  /// file's place.
  package init(contentsOf path: String) throws(Diagnostic) {
    try self.init(try Files.read(path), path: path)
  }

  /// The same from bytes; `path` is for diagnostics.
  package init(_ bytes: [UInt8], path: String) throws(Diagnostic) {
    self.path = path
    self.bytes = bytes
    do throws(Diagnostic) {
      container = try ContainerReader(bytes[Seal(checking: bytes).container])
      guard let entry = container.entry(.manifest) else { throw ContainerReader.damaged("it has no manifest") }
      manifest = try Manifest(json: try container.contents(of: entry))
    } catch {
      throw error.located(at: Place(file: path))
    }
  }

  /// Whether the bytes are an ELF file, as every bundle is; `kdc` tells bundles from ONNX files by this.
  package static func looksLikeOne(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46])
  }

  /// The same of a file, by its first bytes; false where it cannot be read.
  package static func looksLikeOne(at path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: 4)).map { looksLikeOne($0 ?? Data()) } ?? false
  }

  /// That of the machine code, as the file's header has it: "aarch64", "x86_64"; nil for others.
  package var architecture: String? {
    switch UInt16(bytes[18]) | UInt16(bytes[19]) << 8 {
    case 62: "x86_64"
    case 183: "aarch64"
    default: nil
    }
  }

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
