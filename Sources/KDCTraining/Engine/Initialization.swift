import Glibc
import KDCGraph
import KDCOps
import KDCTensor

/// How the weights of an untrained network are drawn.
package enum Initialization: String, Sendable, CaseIterable {
  /// Normal with the variance 2 / fan-in, for layers before a ReLU. He, Zhang, Ren and Sun, "Delving Deep into Rectifiers",
  /// 2015, equation 10.
  case he
  /// Uniform in ± √(6 / (fan-in + fan-out)). Glorot and Bengio, "Understanding the difficulty of training deep feedforward
  /// neural networks", 2010, equation 16.
  case glorot
}

extension Graph {
  /// The graph with fresh weights from a seed: biases 0, normalisation 1 and 0 with the stored mean 0 and variance 1,
  /// recurrent layers uniform in ± 1 / √hidden. Layers that give an output are drawn by Glorot's rule.
  package func initialized(by rule: Initialization, seed: UInt64) -> Graph {
    var result = self
    var drawn: Set<String> = []
    var generator = SplitMix64(seed: seed ^ 0x696E_6974)
    for node in nodes {
      guard let layer = (try? Operators.decode(node)) as? any Trainable else { continue }
      let rule = node.outputs.first.map { outputs.contains($0) } ?? false ? .glorot : rule
      for parameter in layer.parameters(node.inputs.map { initializers[$0]?.shape }) {
        guard let name = node.input(parameter.input), let tensor = initializers[name], tensor.dataType == .float32,
          let start = parameter.start, drawn.insert(name).inserted
        else { continue }
        let values = (0..<tensor.count).map { _ in start.value(by: rule, &generator) }
        result.initializers[name] = Tensor(tensor.shape, values)
      }
    }
    return result
  }
}

extension SplitMix64 {
  /// A number of the normal distribution with mean 0 and deviation 1: Box and Muller's transform.
  mutating func normal() -> Double {
    (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
  }
}

extension LayerParameter.Start {
  fileprivate func value(by rule: Initialization, _ generator: inout SplitMix64) -> Float {
    switch self {
    case .weights(let fanIn, let fanOut):
      switch rule {
      case .he: return Float((2 / Double(max(fanIn, 1))).squareRoot() * generator.normal())
      case .glorot:
        return Float((6 / Double(max(fanIn + fanOut, 1))).squareRoot() * (2 * generator.unit() - 1))
      }
    case .uniform(let bound): return Float(bound * (2 * generator.unit() - 1))
    case .constant(let value): return value
    }
  }
}
