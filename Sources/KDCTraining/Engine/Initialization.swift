import Glibc
import KDCGraph
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
      func shape(_ place: Int) -> Shape? { node.input(place).flatMap { initializers[$0] }?.shape }
      func fill(_ place: Int, _ value: () -> Float) {
        guard let name = node.input(place), let tensor = initializers[name], tensor.dataType == .float32,
          drawn.insert(name).inserted
        else { return }
        result.initializers[name] = Tensor(tensor.shape, (0..<tensor.count).map { _ in value() })
      }
      func draw(_ place: Int, fanIn: Int, fanOut: Int) {
        let gives = node.outputs.first.map { outputs.contains($0) } ?? false
        switch gives ? .glorot : rule {
        case .he:
          let deviation = (2 / Double(max(fanIn, 1))).squareRoot()
          fill(place) { Float(deviation * generator.normal()) }
        case .glorot:
          let bound = (6 / Double(max(fanIn + fanOut, 1))).squareRoot()
          fill(place) { Float(bound * (2 * generator.unit() - 1)) }
        }
      }
      switch node.opType {
      case "Conv", "FusedConv":
        guard let dims = shape(1)?.dims, dims.count > 2 else { continue }
        let taps = dims[2...].reduce(1, *)
        draw(1, fanIn: dims[1] * taps, fanOut: dims[0] * taps)
        fill(2) { 0 }
      case "ConvTranspose":
        guard let dims = shape(1)?.dims, dims.count > 2 else { continue }
        let taps = dims[2...].reduce(1, *)
        draw(1, fanIn: dims[0] * taps, fanOut: dims[1] * taps)
        fill(2) { 0 }
      case "Gemm", "FusedGemm", "MatMul":
        guard let place = shape(1) != nil ? 1 : shape(0) != nil ? 0 : nil, let dims = shape(place)?.dims,
          dims.count >= 2
        else { continue }
        var (rows, columns) = (dims[dims.count - 2], dims[dims.count - 1])
        if case .int(let transposed)? = node.attributes["transB"], transposed != 0 { swap(&rows, &columns) }
        draw(place, fanIn: rows, fanOut: columns)
        if node.opType != "MatMul" { fill(2) { 0 } }
      case "GRU", "LSTM":
        guard let hidden = shape(2)?.dims.last, hidden > 0 else { continue }
        let bound = 1 / Double(hidden).squareRoot()
        for place in 1...3 { fill(place) { Float(bound * (2 * generator.unit() - 1)) } }
      case "BatchNormalization":
        for (place, value) in [(1, Float(1)), (2, 0), (3, 0), (4, 1)] { fill(place) { value } }
      case "LayerNormalization", "InstanceNormalization":
        for (place, value) in [(1, Float(1)), (2, 0)] { fill(place) { value } }
      case "PRelu": fill(1) { 0.25 }
      default: continue
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
