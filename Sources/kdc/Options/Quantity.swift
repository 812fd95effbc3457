import ArgumentParser
import Foundation

/// Quantities as users write them: "40KB", "5ms", "90%".
enum Quantity {
  /// Bytes; 1 KB is 1024 bytes. "40KB", "1.5MB", "65536", "65536B".
  static func bytes(_ text: String) throws -> Int {
    let factors: [(unit: String, factor: Double)] = [
      ("KIB", 1024), ("MIB", 1_048_576), ("KB", 1024), ("MB", 1_048_576), ("K", 1024), ("M", 1_048_576), ("B", 1),
      ("", 1),
    ]
    guard let value = number(text, factors), value >= 1, value <= 0x1p50 else {
      throw ValidationError("write a size as 40KB, 1.5MB or 65536 (1 KB is 1024 bytes)")
    }
    return Int(value)
  }

  /// Milliseconds. A unit is needed: "5ms", "800us", "0.5s".
  static func milliseconds(_ text: String) throws -> Double {
    guard let value = number(text, [("MS", 1), ("US", 1e-3), ("S", 1e3)]), value > 0 else {
      throw ValidationError("write a time as 5ms, 800us or 0.5s")
    }
    return value
  }

  /// 0…1: "0.9" or "90%".
  static func share(_ text: String) throws -> Double {
    guard let value = number(text, [("%", 0.01), ("", 1)]), (0...1).contains(value) else {
      throw ValidationError("write a share as 0.9 or 90%")
    }
    return value
  }

  /// The share to remove: 0 ≤ share < 1.
  static func cut(_ text: String) throws -> Double {
    guard let value = number(text, [("%", 0.01), ("", 1)]), value >= 0, value < 1 else {
      throw ValidationError("write the share to remove as 0.5 or 50%: at least 0 and less than 1")
    }
    return value
  }

  /// A divergence in nats, more than 0.
  static func positive(_ text: String) throws -> Double {
    guard let value = number(text, [("", 1)]), value > 0 else { throw ValidationError("must be a number above 0") }
    return value
  }

  /// A number of at least 0.
  static func nonNegative(_ text: String) throws -> Double {
    guard let value = number(text, [("", 1)]), value >= 0 else { throw ValidationError("must be a number, at least 0") }
    return value
  }

  /// "1,5,25": whole numbers of at least 1.
  static func counts(_ text: String) throws -> [Int] {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.allSatisfy({ ($0 ?? 0) > 0 }) else { throw ValidationError("write whole numbers as 1,5,25") }
    return numbers.compactMap { $0 }
  }

  struct Named: Sendable {
    var name: String
    var value: Double
  }

  /// "emotion=2".
  static func named(_ text: String) throws -> Named {
    guard let equals = text.lastIndex(of: "="), equals > text.startIndex else {
      throw ValidationError("write it as name=2")
    }
    return Named(name: String(text[..<equals]), value: try nonNegative(String(text[text.index(after: equals)...])))
  }

  /// "0.5", or "0.485,0.456,0.406".
  static func list(_ text: String) throws -> [Float] {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0?.isFinite ?? false }) else {
      throw ValidationError("write a number, or one per channel as 0.485,0.456,0.406")
    }
    return numbers.compactMap { $0 }
  }

  /// The number before the first unit of the list that `text` ends with.
  private static func number(_ text: String, _ units: [(unit: String, factor: Double)]) -> Double? {
    let upper = text.uppercased()
    guard let (unit, factor) = units.first(where: { upper.hasSuffix($0.unit) }) else { return nil }
    let digits = upper.dropLast(unit.count).trimmingCharacters(in: .whitespaces)
    guard let value = Double(digits), value.isFinite else { return nil }
    return value * factor
  }
}
