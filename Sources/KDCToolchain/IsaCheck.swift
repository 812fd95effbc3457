import KDCDiagnostics
import KDCTargets

/// Looks for instructions that ARMv8.0-A lacks in the code sections of a finished bundle that every core may run.
///
/// A64 instructions are words, so each is checked by mask; the sections hold no data. Code for newer cores stands in
/// sections of its own (`CodeSection`), which the runtime enters only where the machine says that it has the instructions.
enum IsaCheck {
  /// (word & mask) == value, from the encoding tables of the Arm Architecture Reference Manual.
  private static let beyondBaseline: [(name: String, mask: UInt32, value: UInt32)] = [
    ("dot product", 0x9FE0_FC00, 0x0E80_9400), ("dot product by element", 0x9FC0_F400, 0x0F80_E000),
    ("8-bit matrix product", 0xDFE0_F400, 0x4E80_A400),
    ("rounding doubling multiply-accumulate", 0xBF20_F400, 0x2E00_8400),
    ("atomic operation", 0x3F20_0C00, 0x3820_0000), ("compare and swap", 0x3FA0_7C00, 0x08A0_7C00),
    ("AES", 0xFFFF_CC00, 0x4E28_4800), ("SVE", 0x1E00_0000, 0x0400_0000),
  ]

  /// What is wrong with a bundle for AArch64, one line for each kind of instruction found.
  static func faults(of elf: ElfFile) throws(Diagnostic) -> [String] {
    var found: [String] = []
    for section in elf.sections where section.isCode && !section.name.hasPrefix(CodeSection.prefix) {
      guard let bytes = try elf.contents(of: section.name) else { continue }
      var seen: Set<String> = []
      for at in stride(from: bytes.startIndex, to: bytes.endIndex - 3, by: 4) {
        let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
        for kind in beyondBaseline where word & kind.mask == kind.value && seen.insert(kind.name).inserted {
          found.append("has an instruction beyond ARMv8.0-A in \(section.name): \(kind.name)")
        }
      }
    }
    return found
  }
}
