import KDCDiagnostics
import KDCTargets

/// What every bundle must be as an ELF file, checked on the finished file: it loads on glibc 2.17 and later and holds
/// nothing that runs while it loads. A failure is a fault of kdc.
enum LinkCheck {
  static let newestVersion = [2, 17]
  private static let machines: [Target.Architecture: Int] = [.aarch64: 183, .x86_64: 62]
  /// DT_INIT, DT_INIT_ARRAY, DT_PREINIT_ARRAY, DT_TEXTREL.
  private static let forbiddenTags = [12: "DT_INIT", 25: "DT_INIT_ARRAY", 32: "DT_PREINIT_ARRAY", 22: "DT_TEXTREL"]

  static func check(_ file: [UInt8], architecture: Target.Architecture) throws {
    let elf = try ElfFile(file)
    var faults: [String] = []
    if elf.machine != machines[architecture] { faults.append("is for machine \(elf.machine)") }
    let allowed: Set = ["libc.so.6", "libpthread.so.0"]
    for library in try elf.needed() where !allowed.contains(library) { faults.append("needs \(library)") }
    for (library, version) in try elf.neededVersions() {
      let number = version.dropFirst("GLIBC_".count).split(separator: ".").compactMap { Int($0) }
      if !version.hasPrefix("GLIBC_") || newestVersion.lexicographicallyPrecedes(number) {
        faults.append("needs \(version) of \(library)")
      }
    }
    for (tag, name) in forbiddenTags.sorted(by: { $0.key < $1.key }) where elf.value(tag) != nil {
      faults.append("has \(name)")
    }
    if elf.segments.contains(where: { $0.kind == 1 && $0.flags & 3 == 3 }) {
      faults.append("has a segment that is writable and executable")
    }
    if !elf.segments.contains(where: { $0.kind == 3 && $0.offset + $0.fileSize == file.count }) {
      faults.append("is no program that ends with its interpreter's name")
    }
    if try elf.contents(of: ".kdc") == nil { faults.append("has no section .kdc") }
    if architecture == .aarch64 { faults += try IsaCheck.faults(of: elf) }
    if !faults.isEmpty { throw InternalError("the linked bundle \(faults.joined(separator: "; it "))") }
  }
}
