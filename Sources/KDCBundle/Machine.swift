import Glibc
import KDCDiagnostics
import KDCTargets
import KDCToolchain

/// Running bundles as programs: on this machine, or under an emulator.
package enum Machine {
  /// That of this machine; nil where kdc makes no bundles for it.
  package static var architecture: Target.Architecture? {
    #if arch(x86_64)
      .x86_64
    #elseif arch(arm64)
      .aarch64
    #else
      nil
    #endif
  }

  /// Folders with an AArch64 C library, as Debian's libc6-arm64-cross has it.
  private static var libraryRoots: [String] {
    (getenv("KDC_AARCH64_ROOT").map { [String(cString: $0)] } ?? []) + ["/usr/aarch64-linux-gnu", "/"]
  }

  /// The first folder that holds an AArch64 loader, for qemu's -L.
  package static var aarch64Root: String? {
    libraryRoots.first { access($0 + "/lib/ld-linux-aarch64.so.1", R_OK) == 0 }
  }

  /// The command that runs AArch64 programs on an emulated core ("cortex-a72"); nil where it is not installed.
  package static func emulator(core: String) -> [String]? {
    let search = ToolSearch()
    guard let root = aarch64Root, let qemu = search.find("qemu-aarch64") ?? search.find("qemu-aarch64-static") else {
      return nil
    }
    return [qemu, "-cpu", core, "-L", root]
  }

  /// Runs the bundle with arguments, under `emulator` where that is not empty, and ends it with kdc. It runs from a copy of the bytes
  /// that were compared with their seal; the file needs no execute permission.
  package static func run(
    _ bundle: Bundle, _ arguments: [String], under emulator: [String], limits: Subprocess.Limits? = nil
  ) throws -> Subprocess.Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let copy = folder.path + "/model.kdb"
    try Files.write(bundle.bytes, to: copy, executable: true)
    return try Subprocess.runConfined(emulator + [copy] + arguments, limits: limits)
  }
}
