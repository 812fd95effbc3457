import KDCTargets

/// Targets for kernel tests, independent of the files in `targets/`.
package enum TestTargets {
  package static let a72 = target(
    "a72", .aarch64, cpu: "cortex-a72", flags: ["-march=armv8-a+crc", "-mtune=cortex-a72"], "neon")
  package static let a57 = target(
    "a57", .aarch64, cpu: "cortex-a57", flags: ["-march=armv8-a+crc", "-mtune=cortex-a57"], "neon")
  package static let a76 = target(
    "a76", .aarch64, cpu: "cortex-a76", flags: ["-march=armv8-a+crc+dotprod", "-mtune=cortex-a76"], "neon", "dotprod")
  package static let host = target("host", .x86_64, cpu: "x86-64-v3", flags: ["-march=x86-64-v3"], "avx2")
  package static let avx512 = target(
    "avx512", .x86_64, cpu: "avx512vnni",
    flags: ["-mavx2", "-mfma", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni"], "avx2",
    "avx512vnni")
  /// Compiled for AVX-512, which has the same instruction in another encoding, so that it runs on either.
  package static let avxvnni = target(
    "avxvnni", .x86_64, cpu: "avxvnni", flags: ["-mavx2", "-mfma", "-mavx512vl", "-mavx512vnni"], "avx2", "avxvnni")

  private static func target(
    _ name: String, _ architecture: Target.Architecture, cpu: String, flags: [String], _ features: String...
  ) -> Target {
    Target(
      name: name, title: name, architecture: architecture, cpu: cpu, cpuParts: [], compilerFlags: flags,
      features: features, gigahertz: 1.5, cores: 4, l1Bytes: 32768, l2Bytes: 1 << 20, dramBytesPerCycle: 2.8)
  }
}
