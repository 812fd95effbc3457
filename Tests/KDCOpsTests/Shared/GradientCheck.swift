import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

/// Checks an operator's gradients against central differences of a forward function in double precision.
///
/// L = Σ g · y with random g. `forward` is written from the definition, apart from the float evaluator, whose outputs
/// are checked against it too.
struct GradientCheck {
  var name: String
  var op: OperatorCase
  var inputs: [Tensor?]
  /// Inputs that have a gradient; all float ones unless given.
  var wanted: [Int]?
  /// Outputs on which L depends; all unless given.
  var used: [Int]?
  /// Values of the inputs (none for absent ones) to those of the outputs.
  var forward: ([[Double]]) -> [[Double]]

  /// Relative to each value, or to 1 % of the largest of the input's gradients.
  static let tolerance = 1e-3
  /// Elements of an input that are checked, picked at random where it has more.
  static let elements = 150

  func run(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let operation = try Operators.decode(op.node)
    let differentiable = try #require(operation as? any Differentiable, "\(name)")
    let outputs = try operation.evaluate(inputs)
    let values = inputs.map { $0.map { $0.asFloats.map(Double.init) } ?? [] }
    let expected = forward(values)
    for index in expected.indices {
      let scale = expected[index].map(abs).max() ?? 0
      let close = zip(outputs[index].asFloats, expected[index]).allSatisfy {
        abs(Double($0) - $1) <= 1e-4 * max(scale, 1)
      }
      try #require(close && outputs[index].count == expected[index].count, "\(name): output \(index), seed \(seed)")
    }
    let given = outputs.indices.map { index in
      index < expected.count && used?.contains(index) != false ? random.tensor(outputs[index].shape.dims) : nil
    }
    let indices = wanted ?? inputs.indices.filter { inputs[$0]?.dataType == .float32 }
    let gradients = try differentiable.gradients(
      inputs: inputs, outputs: outputs, outputGradients: given, wanted: inputs.indices.map(indices.contains))
    func loss(_ values: [[Double]]) -> Double {
      zip(given, forward(values)).reduce(0) { sum, pair in
        sum + zip(pair.0?.floats ?? [], pair.1).reduce(0) { $0 + Double($1.0) * $1.1 }
      }
    }
    for input in inputs.indices where !indices.contains(input) {
      #expect(gradients.count <= input || gradients[input] == nil, "\(name): input \(input) is not wanted")
    }
    for input in indices {
      let gradient = try #require(gradients[input]?.floats, "\(name): input \(input)")
      #expect(gradients[input]?.shape == inputs[input]?.shape, "\(name): input \(input)")
      let all = Array(values[input].indices)
      let picked = all.count <= Self.elements ? all : Array(all.shuffled(using: &random).prefix(Self.elements))
      let slopes = picked.map { element in
        let step = 1e-5 * max(1, abs(values[input][element]))
        var (low, high) = (values, values)
        low[input][element] -= step
        high[input][element] += step
        return (loss(high) - loss(low)) / (2 * step)
      }
      let scale = max(1e-3, slopes.map(abs).max() ?? 0)
      for (element, slope) in zip(picked, slopes) {
        let difference = abs(Double(gradient[element]) - slope)
        #expect(
          difference <= Self.tolerance * max(abs(slope), 0.01 * scale),
          "\(name): input \(input) element \(element): \(gradient[element]), by differences \(slope), seed \(seed)")
      }
    }
  }
}

/// Index arithmetic of row-major shapes, for forward functions written from their definitions.
struct Positions {
  let dims: [Int]
  init(_ dims: [Int]) { self.dims = dims }
  var count: Int { dims.reduce(1, *) }

  /// The position along each axis of element `flat`.
  func at(_ flat: Int) -> [Int] {
    var (rest, result) = (flat, [Int](repeating: 0, count: dims.count))
    for axis in dims.indices.reversed() {
      result[axis] = rest % dims[axis]
      rest /= dims[axis]
    }
    return result
  }

  func flat(_ position: [Int]) -> Int { zip(position, dims).reduce(0) { $0 * $1.1 + $1.0 } }

  /// The element that `position` of a shape to which this one broadcasts reads.
  func broadcast(_ position: [Int]) -> Int {
    flat(zip(position.suffix(dims.count), dims).map { $1 == 1 ? 0 : $0 })
  }
}
