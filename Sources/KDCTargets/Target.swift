/// A device to compile for, read from `targets/*.yaml`.
package struct Target: Sendable, Codable, Hashable {
  package enum Architecture: String, Sendable, Codable, CaseIterable { case aarch64, x86_64 }
  /// "pi4b".
  package var name: String
  /// "Raspberry Pi 4 Model B".
  package var title: String
  package var architecture: Architecture
  /// Core name in clang's terms, "cortex-a72".
  package var cpu: String
  /// MIDR part numbers of the cores that the code is tuned for, [0xd08]; at most 7.
  package var cpuParts: [Int]
  /// Flags for clang besides those common to the architecture, ["-march=armv8-a+crc", "-mtune=cortex-a72"].
  package var compilerFlags: [String]
  /// Names of the instruction sets that kernel families may use, see `Feature`.
  package var features: [String]
  /// Clock in GHz, cores, cache bytes, DRAM bytes a cycle: for estimates.
  package var gigahertz: Double
  package var cores: Int
  package var l1Bytes: Int
  package var l2Bytes: Int
  package var dramBytesPerCycle: Double
  /// Targets of the same architecture whose code goes into every bundle for this one; the runtime takes what suits the
  /// machine.
  package var variants: [String] = []
  /// Factors on the estimates of kernel families, by family or by the end of its name ("neon"): how this core differs from
  /// the one that the family was estimated for.
  package var costs: [String: Double] = [:]
  /// The memory that kernels are chosen for, where that is not the target's own: targets with the same can share code.
  package var chosenFor: Caches?

  /// Bytes of the first and the last cache, and what memory gives a core in a cycle.
  package struct Caches: Sendable, Codable, Hashable {
    package var l1Bytes: Int
    package var l2Bytes: Int
    package var dramBytesPerCycle: Double
    package init(l1Bytes: Int, l2Bytes: Int, dramBytesPerCycle: Double) {
      (self.l1Bytes, self.l2Bytes, self.dramBytesPerCycle) = (l1Bytes, l2Bytes, dramBytesPerCycle)
    }

    /// Cycles that it takes to read weights once: none where they stay in the last cache from one inference to the next.
    package func streamingCycles(_ bytes: Double) -> Double { bytes > Double(l2Bytes) ? bytes / dramBytesPerCycle : 0 }
  }

  package init(
    name: String, title: String, architecture: Architecture, cpu: String, cpuParts: [Int], compilerFlags: [String],
    features: [String], gigahertz: Double, cores: Int, l1Bytes: Int, l2Bytes: Int, dramBytesPerCycle: Double,
    variants: [String] = [], costs: [String: Double] = [:], chosenFor: Caches? = nil
  ) {
    self.name = name
    self.title = title
    self.architecture = architecture
    self.cpu = cpu
    self.cpuParts = cpuParts
    self.compilerFlags = compilerFlags
    self.features = features
    self.gigahertz = gigahertz
    self.cores = cores
    self.l1Bytes = l1Bytes
    self.l2Bytes = l2Bytes
    self.dramBytesPerCycle = dramBytesPerCycle
    self.variants = variants
    self.costs = costs
    self.chosenFor = chosenFor
  }

  /// The memory that kernels are chosen for.
  package var caches: Caches { chosenFor ?? ownCaches }
  package var ownCaches: Caches { Caches(l1Bytes: l1Bytes, l2Bytes: l2Bytes, dramBytesPerCycle: dramBytesPerCycle) }
  /// `Caches.streamingCycles` of the target's own memory.
  package func streamingCycles(_ bytes: Double) -> Double { ownCaches.streamingCycles(bytes) }

  /// The factor on the estimates of a kernel family.
  package func cost(of family: String) -> Double {
    costs[family] ?? costs[
      String(family[(family.lastIndex(of: "_").map(family.index(after:)) ?? family.startIndex)...])] ?? 1
  }
}
