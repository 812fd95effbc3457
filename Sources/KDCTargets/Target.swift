/// A device to compile for, read from `targets/*.yaml`.
package struct Target: Sendable, Codable, Hashable {
  package enum Architecture: String, Sendable, Codable { case aarch64, x86_64 }
  /// "pi4b".
  package var name: String
  /// "Raspberry Pi 4 Model B".
  package var title: String
  package var architecture: Architecture
  /// Core name in clang's terms, "cortex-a72".
  package var cpu: String
  /// Flags for clang besides those common to the architecture, ["-march=armv8-a+crc", "-mtune=cortex-a72"].
  package var compilerFlags: [String]
  /// Instruction sets that kernel families may use: "neon", "avx2".
  package var features: [String]
  /// Clock in GHz, cores, cache bytes, DRAM bytes a cycle: for estimates.
  package var gigahertz: Double
  package var cores: Int
  package var l1Bytes: Int
  package var l2Bytes: Int
  package var dramBytesPerCycle: Double
}
