import KDCDiagnostics

/// A 64-bit little-endian ELF file, read with every access checked: it may be damaged or made up.
package struct ElfFile: Sendable {
  package struct Section: Sendable, Hashable {
    package var name: String
    package var offset: Int
    package var size: Int
    /// SHF_EXECINSTR is set: the section holds instructions.
    package var isCode: Bool
  }
  package struct Segment: Sendable, Hashable {
    /// PT_LOAD is 1, PT_DYNAMIC 2, PT_INTERP 3.
    package var kind: Int
    /// 1 executable, 2 writable, 4 readable.
    package var flags: Int
    package var offset: Int
    package var address: Int
    package var fileSize: Int
  }

  package let bytes: [UInt8]
  /// 183 is AArch64, 62 x86-64.
  package let machine: Int
  package let entry: Int
  /// Where the table of segments lies, and the bytes of an entry.
  package let segmentTable: Int
  package static let segmentBytes = 56
  package private(set) var segments: [Segment] = []
  package private(set) var sections: [Section] = []
  /// Entries of the dynamic section.
  private(set) var dynamic: [(tag: Int, value: Int)] = []

  /// Throws `notABundle` where the file is not such an ELF, or cut short.
  package init(_ bytes: [UInt8]) throws(Diagnostic) {
    self.bytes = bytes
    guard bytes.count >= 64, Array(bytes[0..<6]) == [0x7F, 0x45, 0x4C, 0x46, 2, 1] else {
      throw Diagnostic(.notABundle, "the file is not a 64-bit little-endian ELF file")
    }
    let view = ByteView(bytes)
    machine = try view.integer(18, 2)
    entry = try view.integer(24, 8)
    segmentTable = try view.integer(32, 8)
    let sectionTable = try view.integer(40, 8)
    for index in 0..<(try view.integer(56, 2)) {
      let at = try view.position(segmentTable, index, Self.segmentBytes)
      segments.append(
        Segment(
          kind: try view.integer(at, 4), flags: try view.integer(at + 4, 4), offset: try view.integer(at + 8, 8),
          address: try view.integer(at + 16, 8), fileSize: try view.integer(at + 32, 8)))
    }
    try readSections(view, table: sectionTable)
    if let segment = segments.first(where: { $0.kind == 2 }) {
      var at = segment.offset
      while case let tag = try view.integer(at, 8), tag != 0, at - segment.offset < segment.fileSize {
        dynamic.append((tag, try view.integer(at + 8, 8)))
        at += 16
      }
    }
  }

  private mutating func readSections(_ view: ByteView, table: Int) throws(Diagnostic) {
    let count = try view.integer(60, 2)
    let nameIndex = try view.integer(62, 2)
    guard nameIndex < count else { return }
    let names = try view.integer(view.position(table, nameIndex, 64) + 24, 8)
    for index in 0..<count {
      let at = try view.position(table, index, 64)
      let (name, overflow) = names.addingReportingOverflow(try view.integer(at, 4))
      guard !overflow else { throw ByteView.cutShort }
      sections.append(
        Section(
          name: try view.text(name), offset: try view.integer(at + 24, 8), size: try view.integer(at + 32, 8),
          isCode: try view.integer(at + 8, 8) & 4 != 0))
    }
  }

  /// The bytes of the first section of that name.
  package func contents(of name: String) throws(Diagnostic) -> ArraySlice<UInt8>? {
    guard let section = sections.first(where: { $0.name == name }) else { return nil }
    guard section.offset <= bytes.count, section.size <= bytes.count - section.offset else { throw ByteView.cutShort }
    return bytes[section.offset..<(section.offset + section.size)]
  }

  /// Bytes of all sections that hold instructions.
  package var codeBytes: Int { sections.reduce(0) { $0 + ($1.isCode ? $1.size : 0) } }

  /// Names of the libraries it needs.
  package func needed() throws(Diagnostic) -> [String] {
    var names: [String] = []
    for (tag, value) in dynamic where tag == 1 { names.append(try dynamicText(value)) }
    return names
  }

  /// The symbol versions it needs, with the library each is asked of.
  package func neededVersions() throws(Diagnostic) -> [(library: String, version: String)] {
    guard var at = try value(0x6FFF_FFFE).map(offset(of:)), let count = value(0x6FFF_FFFF) else { return [] }
    let view = ByteView(bytes)
    var result: [(String, String)] = []
    for _ in 0..<min(count, 64) {
      let library = try dynamicText(try view.integer(at + 4, 4))
      var each = at + (try view.integer(at + 8, 4))
      for _ in 0..<(try view.integer(at + 2, 2)) {
        result.append((library, try dynamicText(try view.integer(each + 8, 4))))
        each += try view.integer(each + 12, 4)
      }
      let next = try view.integer(at + 12, 4)
      if next == 0 { break }
      at += next
    }
    return result
  }

  /// The value of a dynamic tag.
  package func value(_ tag: Int) -> Int? { dynamic.first { $0.tag == tag }?.value }

  /// The file offset of a loaded address.
  private func offset(of address: Int) throws(Diagnostic) -> Int {
    for segment in segments where segment.kind == 1 {
      if address >= segment.address, address - segment.address < segment.fileSize,
        segment.offset <= bytes.count
      {
        return segment.offset + (address - segment.address)
      }
    }
    throw ByteView.cutShort
  }

  private func dynamicText(_ index: Int) throws(Diagnostic) -> String {
    guard let table = value(5), index < bytes.count else { throw ByteView.cutShort }
    return try ByteView(bytes).text(try offset(of: table) + index)
  }
}

/// Checked little-endian reads.
private struct ByteView {
  let bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  static var cutShort: Diagnostic {
    Diagnostic(.notABundle, "the ELF file is damaged or cut short", hint: "copy or compile the bundle again")
  }

  /// `size` bytes at `offset` as a number; eight bytes must fit 48 bits, as every offset and address here does.
  func integer(_ offset: Int, _ size: Int) throws(Diagnostic) -> Int {
    guard offset >= 0, offset <= bytes.count - size else { throw Self.cutShort }
    var value: UInt64 = 0
    for index in (0..<size).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
    return Int(truncatingIfNeeded: value & 0x0000_FFFF_FFFF_FFFF)
  }

  /// Where entry `index` of a table lies.
  func position(_ table: Int, _ index: Int, _ size: Int) throws(Diagnostic) -> Int {
    guard table <= bytes.count - (index + 1) * size else { throw Self.cutShort }
    return table + index * size
  }

  /// The text up to the next zero byte, at most 4096 bytes.
  func text(_ offset: Int) throws(Diagnostic) -> String {
    guard offset >= 0, offset < bytes.count,
      let end = bytes[offset...].prefix(4096).firstIndex(of: 0)
    else { throw Self.cutShort }
    return String(decoding: bytes[offset..<end], as: UTF8.self)
  }
}
