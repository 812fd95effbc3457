import CZlib
import Foundation
import KDCDiagnostics
import KDCProgram
import KDCTensor

/// Golden vectors: inputs that a seed stands for, and the CRC that each output must have.
///
/// Element i of an input comes from word i of SplitMix64 started with seed + the input's position: u = word >> 40;
/// float32: low + (high − low) · (u · 2⁻²⁴), each operation rounded to float32; integers: low + u mod (high − low + 1).
package struct Golden: Codable, Hashable, Sendable {
  package struct Vector: Codable, Hashable, Sendable {
    package var seed: UInt64
    /// By output name: CRC-32 of the raw little-endian bytes.
    package var crc: [String: UInt32]
  }
  package var vectors: [Vector]
  /// By input name: lowest and highest value. [0, 1] where an input has none.
  package var ranges: [String: [Float]]

  /// Runs the reference interpreter on each seed. Inputs without a range get [0, 1].
  package init(of program: Program, seeds: [UInt64], ranges: [String: ClosedRange<Float>], threads: Int = 1) throws {
    self.ranges = [:]
    for port in program.inputs {
      let range = ranges[port.name] ?? 0...1
      // Bounds that a number of JSON can hold; whole ones for integers, so that every reader sees the same.
      let low = range.lowerBound.isFinite ? range.lowerBound : 0
      let high = range.upperBound.isFinite ? range.upperBound : 1
      self.ranges[port.name] = port.dataType.isFloat ? [low, high] : [low.rounded(.up), high.rounded(.down)]
    }
    vectors = []
    var interpreter = try Interpreter(program, threads: threads)
    for seed in seeds {
      vectors.append(Vector(seed: seed, crc: try Self.outputs(&interpreter, self.inputs(of: program, seed: seed))))
    }
  }

  /// The raw bytes of every input for a seed, in the order of the ports.
  package func inputs(of program: Program, seed: UInt64) -> [[UInt8]] {
    program.inputs.enumerated().map { index, port in
      let range = ranges[port.name] ?? [0, 1]
      let low = range.first ?? 0
      let high = range.count > 1 ? range[1] : 1
      return Self.bytes(of: port, seed: seed &+ UInt64(index), low: low, high: high)
    }
  }

  /// The seeds whose outputs differ from the recorded ones, with the first such output's name.
  package func differences(from program: Program, threads: Int) throws -> [(seed: UInt64, output: String)] {
    var interpreter = try Interpreter(program, threads: threads)
    var found: [(UInt64, String)] = []
    for vector in vectors {
      let crc = try Self.outputs(&interpreter, inputs(of: program, seed: vector.seed))
      if let port = program.outputs.first(where: { crc[$0.name] != vector.crc[$0.name] }) {
        found.append((vector.seed, port.name))
      }
    }
    return found
  }

  package func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self))
  }

  /// Throws `damagedBundle`.
  package init(json: [UInt8]) throws(Diagnostic) {
    do {
      self = try JSONDecoder().decode(Golden.self, from: Data(json))
    } catch {
      throw ContainerReader.damaged("its golden vectors cannot be read")
    }
  }

  private static func outputs(_ interpreter: inout Interpreter, _ inputs: [[UInt8]]) throws -> [String: UInt32] {
    let outputs = try interpreter.run(raw: inputs)
    return Dictionary(
      zip(interpreter.program.outputs.map(\.name), outputs.map { UInt32(crc32_z(0, $0, $0.count)) }),
      uniquingKeysWith: { first, _ in first })
  }

  private static func bytes(of port: KDCProgram.Port, seed: UInt64, low: Float, high: Float) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    let size = port.dataType.byteCount
    var bytes: [UInt8] = []
    bytes.reserveCapacity(port.shape.count * size)
    let from = Int64(exactly: low.rounded(.towardZero)) ?? 0
    let span = max(1, (Int64(exactly: high.rounded(.towardZero)) ?? 0) &- from &+ 1)
    for _ in 0..<port.shape.count {
      let word = random.next() >> 40
      var value: UInt64
      if port.dataType == .float32 {
        let scaled = (high - low) * (Float(word) * 0x1p-24)
        value = UInt64((low + scaled).bitPattern)
      } else {
        value = UInt64(bitPattern: from &+ Int64(word % UInt64(span)))
      }
      for _ in 0..<size {
        bytes.append(UInt8(truncatingIfNeeded: value))
        value >>= 8
      }
    }
    return bytes
  }
}
