import Foundation
import KDCDiagnostics
import KDCTensor

/// What a bundle says about itself. Written as JSON with sorted keys; no times, no paths.
package struct Manifest: Codable, Hashable, Sendable {
  package struct Port: Codable, Hashable, Sendable {
    package var name: String
    package var type: DataType
    package var shape: [Int]
    /// Of an output, what it means ("logits", "embedding", …), where that is known.
    package var kind: String?
  }
  /// Code for one kind of core.
  package struct Variant: Codable, Hashable, Sendable {
    package var name: String
    package var targets: [String]
    package var arenaBytes: Int
    /// Bytes of the constants in memory, as the kernels want them.
    package var weightsBytes: Int
    package var flags: [String]
  }
  package var formatVersion: Int
  package var model: String
  /// Version of kdc that made it.
  package var kdc: String
  /// "aarch64" or "x86_64".
  package var architecture: String
  package var targets: [String]
  package var inputs: [Port]
  package var outputs: [Port]
  package var steps: Int
  package var variants: [Variant]
  /// The largest of the variants.
  package var arenaBytes: Int
  /// The file without its container: machine code of the model and the runtime, their tables and headers.
  package var codeBytes: Int
  /// Of these, machine instructions.
  package var instructionBytes: Int
  /// All constants as stored.
  package var weightsBytes: Int
  /// "clang" and "lld" with their versions.
  package var tools: [String: String]
  /// What the code needs of a processor.
  package var isa: String
  /// SHA-256 in hexadecimal of the unpacked "program" and "weights", and of what the compiler was given
  /// ("student", "teacher", …) where it said so.
  package var hashes: [String: String]
  /// The most bytes that the arena was to have (`--max-ram`): kernels were chosen by it.
  package var memoryLimit: Int?

  package func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self))
  }

  /// Throws `damagedBundle` where the text is no manifest.
  package init(json: [UInt8]) throws(Diagnostic) {
    do {
      self = try JSONDecoder().decode(Manifest.self, from: Data(json))
    } catch {
      throw ContainerReader.damaged("its manifest cannot be read")
    }
  }

  package init(
    formatVersion: Int, model: String, kdc: String, architecture: String, targets: [String], inputs: [Port],
    outputs: [Port], steps: Int, variants: [Variant], arenaBytes: Int, codeBytes: Int, instructionBytes: Int,
    weightsBytes: Int,
    tools: [String: String], isa: String, hashes: [String: String], memoryLimit: Int? = nil
  ) {
    self.formatVersion = formatVersion
    self.model = model
    self.kdc = kdc
    self.architecture = architecture
    self.targets = targets
    self.inputs = inputs
    self.outputs = outputs
    self.steps = steps
    self.variants = variants
    self.arenaBytes = arenaBytes
    self.codeBytes = codeBytes
    self.instructionBytes = instructionBytes
    self.weightsBytes = weightsBytes
    self.tools = tools
    self.isa = isa
    self.hashes = hashes
    self.memoryLimit = memoryLimit
  }
}
