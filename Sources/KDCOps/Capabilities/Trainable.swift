import KDCTensor

/// An operator with parameters that training changes.
package protocol Trainable: Operator {
  /// Which inputs are parameters, for constants of these shapes (nil: no constant, or absent).
  func parameters(_ shapes: [Shape?]) -> [LayerParameter]
}

/// An input of a node that is a parameter of its layer.
package struct LayerParameter: Sendable {
  /// How an untrained one is made.
  package enum Start: Sendable, Equatable {
    /// Drawn by the network's rule (`Initialization`), from the numbers of values that each output sums and that each input
    /// goes to.
    case weights(fanIn: Int, fanOut: Int)
    /// Uniform in ± bound.
    case uniform(Double)
    case constant(Float)
  }

  package var input: Int
  /// nil: it stays as it is.
  package var start: Start?
  /// False for what a layer keeps of its inputs: training does not differentiate by it.
  package var isTrained: Bool

  init(_ input: Int, _ start: Start?, isTrained: Bool = true) {
    self.input = input
    self.start = start
    self.isTrained = isTrained
  }
}

extension LayerParameter {
  /// Weights [outputs, inputs, kernel…], or `transposed` ones [inputs, outputs, kernel…], and a bias.
  static func kernel(_ shape: Shape?, transposed: Bool = false) -> [LayerParameter] {
    guard let dims = shape?.dims, dims.count > 2 else { return [LayerParameter(1, nil), LayerParameter(2, nil)] }
    let taps = dims[2...].reduce(1, *)
    let (inputs, outputs) = transposed ? (dims[0], dims[1]) : (dims[1], dims[0])
    return [
      LayerParameter(1, .weights(fanIn: inputs * taps, fanOut: outputs * taps)), LayerParameter(2, .constant(0)),
    ]
  }

  /// The matrix at input `index`, [outputs, inputs] where it is transposed; `shape` is that of a constant.
  static func matrix(_ index: Int, _ shape: Shape?, transposed: Bool) -> LayerParameter {
    guard let dims = shape?.dims, dims.count >= 2 else { return LayerParameter(index, nil) }
    let (rows, columns) = (dims[dims.count - 2], dims[dims.count - 1])
    return LayerParameter(
      index, transposed ? .weights(fanIn: columns, fanOut: rows) : .weights(fanIn: rows, fanOut: columns))
  }

  /// Scale 1 and offset 0.
  static let affine = [LayerParameter(1, .constant(1)), LayerParameter(2, .constant(0))]
}
