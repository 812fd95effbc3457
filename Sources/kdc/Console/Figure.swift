import Foundation

/// Numbers for people.
enum Figure {
  /// "12.3 KB", "1.82 MB", where 1 KB is 1024 bytes.
  static func bytes(_ value: Int) -> String {
    value >= 1_048_576
      ? String(format: "%.2f MB", Double(value) / 1_048_576) : String(format: "%.1f KB", Double(value) / 1024)
  }

  /// "1.82 M", "617.0 K", "42", where 1 K is 1000.
  static func count(_ value: Int) -> String {
    switch value {
    case ..<1000: "\(value)"
    case ..<1_000_000: String(format: "%.1f K", Double(value) / 1e3)
    default: String(format: "%.2f M", Double(value) / 1e6)
    }
  }
}
