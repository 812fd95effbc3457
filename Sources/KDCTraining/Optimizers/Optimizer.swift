import KDCTensor

/// Changes parameters against their gradients.
package protocol Optimizer: Sendable {
  /// What it remembers between steps: one or more numbers for each parameter, as `moments[k][parameter]`. Empty before
  /// the first step. With `stepCount` this is the whole state, which a checkpoint keeps.
  var moments: [[[Float]]] { get set }
  /// Number of steps taken.
  var stepCount: Int { get set }

  /// One step of size `rate`. `gradients` are in the order of the parameters. Results do not depend on `threads`.
  mutating func step(_ parameters: inout Parameters, gradients: [[Float]], rate: Double, threads: Threads)
}

extension Optimizer {
  /// Makes `count` moments of zeros on the first step.
  mutating func prepareMoments(_ count: Int, for parameters: Parameters) {
    guard moments.isEmpty else { return }
    moments = [[[Float]]](repeating: parameters.values.map { [Float](repeating: 0, count: $0.count) }, count: count)
  }
}

/// The optimisers by name, for options.
package enum OptimizerChoice: Sendable, Hashable {
  case adam
  /// Adam whose rate is a share of the typical weight of each tensor.
  case relativeAdam
  /// Orthogonal steps on matrices, `relativeAdam` on the rest.
  case muon
  /// `decay` multiplies the rate.
  case adamW(decay: Double)
  case momentum(Double = 0.9, decay: Double = 0)

  package func make() -> any Optimizer {
    switch self {
    case .adam: Adam()
    case .relativeAdam: Adam(isRelative: true)
    case .muon: Muon()
    case .adamW(let decay): AdamW(decay: decay)
    case .momentum(let momentum, let decay): Momentum(momentum: momentum, decay: decay)
    }
  }
}

/// Elements of which one piece of work is made when parameters are changed.
private let pieceLength = 1 << 15

/// Runs `body` on pieces of 0 ..< count; each element must be independent of the others.
func forEachPiece(of count: Int, threads: Threads, _ body: (Range<Int>) -> Void) {
  parallelFor((count + pieceLength - 1) / pieceLength, threads: threads) { piece in
    body(piece * pieceLength..<min(count, (piece + 1) * pieceLength))
  }
}
