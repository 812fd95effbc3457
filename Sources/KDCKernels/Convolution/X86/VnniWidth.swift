import KDCTargets

/// Vectors in which x86-64 multiplies unsigned by signed bytes and adds four products to a lane (VPDPBUSD).
///
/// Activations are int8 and become unsigned by flipping their top bit, which adds 128; −128·Σw in front of each panel of
/// weights makes up for it. Nothing saturates on the way: the sums are exact modulo 2^32.
enum VnniWidth: Sendable, CaseIterable {
  case avx512, avx

  var feature: Feature { self == .avx512 ? .avx512vnni : .avxvnni }
  /// int32 lanes of a vector, and bits in the names of helpers.
  var lanes: Int { self == .avx512 ? 16 : 8 }
  var bits: Int { lanes * 32 }
  var vector: String { "__m\(bits)i" }
  /// Cycles that a multiplication occupies, on a core with two 256-bit multipliers.
  var cycles: Double { self == .avx512 ? 1 : 0.5 }
  /// Sums that fit the registers beside a column of weights and an activation.
  var sums: Int { self == .avx512 ? 24 : 12 }
}
