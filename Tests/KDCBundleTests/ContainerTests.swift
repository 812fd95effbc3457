import KDCBundle
import KDCDiagnostics
import KDCTestSupport
import Testing

@Suite struct ContainerTests {
  /// A container with compressible, incompressible and empty streams.
  private func sample() throws -> (bytes: [UInt8], streams: [(ContainerFormat.Kind, [UInt8])]) {
    var random = SeededGenerator(seed: 5)
    let streams: [(ContainerFormat.Kind, [UInt8])] = [
      (.manifest, Array("{}".utf8)),
      (.constant, (0..<500).map { UInt8($0 / 50) }),
      (.constant, (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }),
      (.constant, []),
      (.golden, Array(String(repeating: "golden ", count: 40).utf8)),
    ]
    var writer = ContainerWriter()
    for (kind, raw) in streams { try writer.add(kind, raw) }
    return (try writer.finish(), streams)
  }

  @Test("What is written is read back, numbered by kind")
  func roundTrip() throws {
    let (bytes, streams) = try sample()
    let reader = try ContainerReader(bytes[...])
    #expect(reader.entries.count == streams.count)
    for (entry, (kind, raw)) in zip(reader.entries, streams) {
      #expect(entry.kind == kind)
      #expect(try reader.contents(of: entry) == raw)
    }
    #expect(reader.entry(.constant, 1)?.method == .stored)
    #expect(reader.entry(.constant, 0)?.method == .deflated)
    #expect(reader.entry(.constant, 3) == nil)
    #expect(bytes.count % ContainerFormat.alignment == 0)
  }

  @Test("Equal streams give equal bytes")
  func deterministic() throws { #expect(try sample().bytes == sample().bytes) }

  @Test("A file without the magic gives KDC6001")
  func notABundle() throws {
    let fault = #expect(throws: Diagnostic.self) { try ContainerReader([UInt8](repeating: 7, count: 100)[...]) }
    #expect(fault?.id == .notABundle)
  }

  @Test("Another format version gives KDC6003")
  func otherVersion() throws {
    var (bytes, _) = try sample()
    bytes[8] = 1
    let fault = #expect(throws: Diagnostic.self) { try ContainerReader(bytes[...]) }
    #expect(fault?.id == .unsupportedBundle)
  }

  @Test("Every changed byte of the table or a stream gives KDC6002, never other data")
  func everyByteIsChecked() throws {
    let (bytes, streams) = try sample()
    let reader = try ContainerReader(bytes[...])
    let table = ContainerFormat.headerBytes..<(ContainerFormat.headerBytes + streams.count * ContainerFormat.entryBytes)
    for position in table {
      var damaged = bytes
      damaged[position] ^= 0x40
      let fault = #expect(throws: Diagnostic.self, "byte \(position)") { try ContainerReader(damaged[...]) }
      #expect(fault?.id == .damagedBundle)
    }
    for entry in reader.entries {
      for position in entry.offset..<(entry.offset + entry.storedBytes) {
        var damaged = bytes
        damaged[position] ^= 1
        let other = try ContainerReader(damaged[...])
        // A DEFLATE stream may decode to the same bytes in spite of a changed bit; other bytes must not pass.
        if let raw = try? other.contents(of: entry) { #expect(try raw == reader.contents(of: entry)) }
      }
    }
  }

  @Test("Random damage never crashes the reader")
  func randomDamage() throws {
    let (bytes, _) = try sample()
    for seed in UInt64(0)..<3000 {
      var random = SeededGenerator(seed: seed)
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        damaged[Int.random(in: 8..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0...damaged.count, using: &random)) }
      guard let reader = try? ContainerReader(damaged[...]) else { continue }
      for entry in reader.entries { _ = try? reader.contents(of: entry) }
    }
  }
}
