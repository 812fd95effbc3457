/// An instruction set that a target's YAML names and kernel families ask for: all that kdc knows of it is one line here, and
/// one in `kdc_model.h` where the runtime must look for it.
package struct Feature: Sendable, Hashable {
  /// As `targets/*.yaml` name it, "dotprod".
  package let name: String
  /// For messages: "the target has no dot products".
  package let title: String
  package let architecture: Target.Architecture
  /// The header with its intrinsics.
  package let include: String
  /// The bit of `kdc_model.h` by which a variant asks the runtime for it; nil where every core of the architecture has it.
  package var bit: String?
  /// Of `AT_HWCAP` on Linux, where that tells whether a core has it.
  package var hwcap: Int?
  /// Whether its code stands in a section of its own, so that checks of the finished file can tell it from the rest.
  package var hasSection = false

  package static let neon = Feature(name: "neon", title: "NEON", architecture: .aarch64, include: "arm_neon.h")
  package static let dotprod = Feature(
    name: "dotprod", title: "dot products", architecture: .aarch64, include: "arm_neon.h", bit: "KDC_NEEDS_DOTPROD",
    hwcap: 20, hasSection: true)
  package static let avx2 = Feature(
    name: "avx2", title: "AVX2", architecture: .x86_64, include: "immintrin.h", bit: "KDC_NEEDS_AVX2")
  package static let avxvnni = Feature(
    name: "avxvnni", title: "AVX VNNI", architecture: .x86_64, include: "immintrin.h", bit: "KDC_NEEDS_AVX_VNNI")
  package static let avx512vnni = Feature(
    name: "avx512vnni", title: "AVX-512 VNNI", architecture: .x86_64, include: "immintrin.h",
    bit: "KDC_NEEDS_AVX512_VNNI")

  /// Every one, of each architecture from the weakest to the strongest: of two variants that a machine can run the runtime
  /// takes the one with the stronger.
  package static let all: [Feature] = [neon, dotprod, avx2, avxvnni, avx512vnni]
}

extension Target {
  /// What `features` names, in that order.
  package var instructionSets: [Feature] {
    features.compactMap { name in Feature.all.first { $0.name == name } }
  }

  /// Whether kernels of an instruction set may be chosen.
  package func has(_ feature: Feature) -> Bool { features.contains(feature.name) }
}
