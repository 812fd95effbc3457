import KDCProgram
import KDCTargets

/// Vectors of float32 that a processor multiplies and adds with one rounding. Lanes are output channels, so that each sum
/// keeps the order of the formula whatever the vectors.
enum FloatVectors: Sendable, CaseIterable {
  case neon, avx2, avx512

  var feature: Feature {
    switch self {
    case .neon: .neon
    case .avx2: .avx2
    case .avx512: .avx512vnni
    }
  }
  var lanes: Int {
    switch self {
    case .neon: 4
    case .avx2: 8
    case .avx512: 16
    }
  }
  /// C type, and the end of helpers' names.
  var type: String {
    switch self {
    case .neon: "float32x4_t"
    case .avx2: "__m256"
    case .avx512: "__m512"
    }
  }
  var suffix: String { "f\(lanes)" }
  var registers: Int { self == .avx2 ? 16 : 32 }
  /// Cycles that a vector's products and additions occupy, that a load does, and from one addition to a sum to the next.
  var cycles: Double { self == .avx2 ? 0.5 : 1 }
  var loadCycles: Double { self == .neon ? 1 : 0.5 }
  var latency: Double { self == .neon ? 5 : 4 }

  /// The C of a sum with the step's function; nil where that is none of the vector's.
  func activated(_ sum: String, _ function: FloatFunction) -> String? {
    switch function.kind {
    case .identity: sum
    case .relu: "kdc_relu_\(suffix)(\(sum))"
    case .clip:
      "kdc_clip_\(suffix)(\(sum), \(CText.literal(function.a + 0)), \(CText.literal(function.b + 0)))"
    default: nil
    }
  }
}

/// Sums that stay in registers: some rows (output pixels) by some vectors of columns (output channels).
struct FloatTile: Hashable, Sendable {
  let vectors: FloatVectors
  let rows, count: Int
  /// Columns.
  var width: Int { count * vectors.lanes }

  /// Those that fit the registers, of as many rows as there are or fewer.
  static func all(_ vectors: FloatVectors, rows most: Int) -> [FloatTile] {
    [2, 3, 4, 8, 6, 1].flatMap { count in
      (1...8).reversed().compactMap { rows in
        let sums = rows * count
        // Besides the sums a step's factors, of which NEON holds four a row, and its weights.
        let needed = sums + (vectors == .neon ? rows + count : min(count, 3) + 1)
        guard rows <= most, needed <= vectors.registers, sums <= 24 else { return nil }
        return FloatTile(vectors: vectors, rows: rows, count: count)
      }
    }
  }

  /// Estimated cycles of the sums over `depth`, and of storing them.
  func cycles(depth: Int, runs: Int = 1) -> Double {
    let products = Double(rows * count) * vectors.cycles
    let factors = Double(rows) * (vectors == .neon ? 0.25 : 1)
    let loads = (Double(count) + factors) * vectors.loadCycles
    let step = max(products, loads, vectors.latency)
    return Double(depth) * step + Double(rows * count) * vectors.cycles * 2 + Double(runs) * 2 + 14
  }
}
