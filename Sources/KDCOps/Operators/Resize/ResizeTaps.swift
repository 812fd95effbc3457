import Foundation
import KDCTensor

/// How an output position is made of input elements, one axis at a time.
package struct ResizeKernel: Sendable {
  package enum Mode: String, Sendable, CaseIterable { case nearest, linear, cubic }
  package let mode: Mode
  /// The free coefficient of the cubic, −0.75 or −0.5.
  package let cubic: Float
  /// Where an axis shrinks, the kernel is as wide as what an output element stands for.
  package let isAntialiased: Bool
  /// Elements outside of the input have no weight; otherwise the outer ones are repeated.
  package let excludesOutside: Bool

  /// Weights [input, output] for these positions of the output in the input; nil where a position has none.
  func weights(_ positions: [Double?], input: Int, scale: Float) -> [Float] {
    var result = [Float](repeating: 0, count: input * positions.count)
    for (o, position) in positions.enumerated() {
      guard let position else { continue }
      for (index, weight) in taps(position, input: input, scale: Double(scale)) {
        result[index * positions.count + o] += Float(weight)
      }
    }
    return result
  }

  private func taps(_ x: Double, input: Int, scale: Double) -> [(index: Int, weight: Double)] {
    let radius: Double = mode == .cubic ? 2 : 1
    let stretch = isAntialiased ? min(scale, 1) : 1
    let base = x.rounded(.down)
    let reach = Int((radius / stretch).rounded(.up))
    var taps: [(index: Int, weight: Double)] = []
    var (all, inside) = (0.0, 0.0)
    for offset in 1 - reach...reach {
      let index = Int(base) + offset
      let weight = value(abs(Double(index) - x) * stretch)
      let isInside = (0..<input).contains(index)
      all += weight
      if isInside { inside += weight }
      if isInside || !excludesOutside { taps.append((min(max(index, 0), input - 1), weight)) }
    }
    let sum = excludesOutside ? inside : isAntialiased ? all : 1
    return taps.map { ($0.index, sum == 0 ? 0 : $0.weight / sum) }
  }

  /// The kernel at a distance in output elements (or in input elements, if those are larger).
  private func value(_ x: Double) -> Double {
    guard mode == .cubic else { return max(0, 1 - x) }
    let a = Double(cubic)
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
