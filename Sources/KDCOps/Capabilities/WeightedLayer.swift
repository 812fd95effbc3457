import KDCDiagnostics
import KDCGraph
import KDCTensor

/// An operator with weights (input 1) and a bias (input 2) of which the quantiser makes integers, and which it corrects.
package protocol WeightedLayer: Quantizable {
  /// The axis of the weights that numbers the output's channels, of a group where there are several.
  static var weightAxis: Int { get }
  /// The axis of an input or output of `rank` that numbers its channels.
  static func channelAxis(rank: Int) -> Int
  /// Weights of 4 and 7 bits have an integer form.
  static var takesFewBits: Bool { get }
  /// What is applied to the sum, and which input is added to it before.
  var activation: FusedActivation { get }
  static var residualInput: Int? { get }
}

extension WeightedLayer {
  package static func channelAxis(rank: Int) -> Int { 1 }
}

/// activation(W · x + bias + residual): what passes make of layers. At each position of its output, the outputs of a group
/// are its weights [outputs, …] times one row of inputs.
package protocol FusedLayer: WeightedLayer {
  /// How rows are gathered from an input of this shape; nil where they lie there one after the other.
  func patches(input: Shape, weights: Shape) throws(Diagnostic) -> ImageGeometry?
}

extension FusedLayer {
  package static var weightAxis: Int { 0 }
  package static var takesFewBits: Bool { true }
  package static var residualInput: Int? { 3 }
}

extension FusedLayer {
  /// A constant residual is one for every sample.
  package func grow(_ index: Int, in repair: inout BatchRepair) throws {
    repair.grow(index, input: 3, axis: 0)
  }
}
