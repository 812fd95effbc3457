import KDCGraph
import KDCTensor

/// What a reader needs of a value, and so what of the graph before it computes in float.
package enum PrecisionNeed: Int, Comparable, Sendable {
  /// Nothing: int8 will do.
  case none
  /// Element-wise operators and reductions.
  case elementwise
  /// The layer with weights as well, where it computes the value directly.
  case layer
  /// As `layer`, with the small values of a range as precise as the large ones: through squares too, and through the
  /// first layers of a model, which make its spectra.
  case relative

  package static func < (a: PrecisionNeed, b: PrecisionNeed) -> Bool { a.rawValue < b.rawValue }
}

/// What an operator does with the precision of its operands; the range has their numbers.
package enum PrecisionFlow: Sendable {
  /// Hands the need of its output on to its operands.
  case elementwise(ClosedRange<Int>)
  /// The same of its first operand, but as good in int8 where nothing needs more.
  case average
  /// Computes in float where its output needs it, from whatever it gets: its steepness is bounded.
  case function
  /// The same, but also where its operand is in float.
  case steepFunction
  case movement(ClosedRange<Int>)
  case other

  package static let all = 0...Int.max - 1
}

/// An operator that hands on what its readers need of its values, or for which 8 bits of some operands would not do.
package protocol PrecisionPassing: Operator {
  var precision: PrecisionFlow { get }
  /// What the node needs of its inputs, by their numbers, and whether it computes in float then; nil: nothing.
  func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand?
  /// Whether the outputs are squares or cubes, or what is not simpler.
  func isPower(_ node: Node, in graph: Graph) -> Bool
}

package struct PrecisionDemand: Sendable {
  package var inputs: [(Int, PrecisionNeed)]
  package var computesInFloat: Bool
  init(_ inputs: [(Int, PrecisionNeed)], computesInFloat: Bool = true) {
    self.inputs = inputs
    self.computesInFloat = computesInFloat
  }
}

extension PrecisionPassing {
  package var precision: PrecisionFlow { .other }
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? { nil }
  package func isPower(_ node: Node, in graph: Graph) -> Bool { false }
}

extension Operator {
  /// What the operator does with the precision of its operands; those that move elements hand it on.
  package var precisionFlow: PrecisionFlow {
    if let op = self as? any PrecisionPassing { return op.precision }
    guard let movement else { return .other }
    return .movement(movement == .join ? PrecisionFlow.all : 0...0)
  }

  /// The need of an operator that spreads small differences of its input, and is in float anyway.
  func needsElementwise() -> PrecisionDemand { PrecisionDemand([(0, .elementwise)], computesInFloat: false) }
}

extension Graph {
  /// Whether a constant hides some of the values that it is added to: no range holds the others as well.
  func isMask(_ name: String) -> Bool {
    guard let values = initializers[name]?.floats, let low = values.min(), let high = values.max() else { return false }
    return values.count > 1 && !(high - low < 10_000)
  }
}
