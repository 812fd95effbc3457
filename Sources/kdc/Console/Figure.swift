import Foundation

/// Numbers for people.
enum Figure {
  /// "12.3 KB", "1.82 MB", where 1 KB is 1024 bytes.
  static func bytes(_ value: Int) -> String {
    let kilobytes = Double(value) / 1024
    return switch value {
    case ..<(1 << 20): String(format: "%.1f KB", kilobytes)
    case ..<(1 << 30): String(format: "%.2f MB", kilobytes / 1024)
    default: String(format: "%.2f GB", kilobytes / 1_048_576)
    }
  }

  /// "1 %", "0.034 %": two significant digits.
  static func share(_ value: Double) -> String { String(format: "%.2g %%", 100 * value) }

  /// "42", "617.0 K", "1.82 M", where 1 K is 1000.
  static func count(_ value: Int) -> String {
    switch value {
    case ..<1000: "\(value)"
    case ..<1_000_000: String(format: "%.1f K", Double(value) / 1e3)
    case ..<1_000_000_000: String(format: "%.2f M", Double(value) / 1e6)
    default: String(format: "%.2f G", Double(value) / 1e9)
    }
  }
}
