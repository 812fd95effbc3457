import KDCDiagnostics
import KDCGraph
import KDCTensor

/// h = f(x·Wᵀ + h·Rᵀ + biases) over a sequence. ONNX `RNN`, opsets 1, 7, 14, 22.
///
/// All activations, clip, layouts and sequence_lens. Outputs Y, Y_h.
package struct RNN: Expanding {
  package static let onnxName = "RNN"
  package static let inputCount = 3...6
  package static let outputCount = 0...2
  package let layer: RecurrentLayer

  package init(decoding node: Node) throws(Diagnostic) {
    layer = try RecurrentLayer(decoding: node, gates: 1, activations: ["Tanh"])
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let unrolling = RecurrentUnrolling(cell: .rnn, layer: layer, states: [(index: 5, name: "initial_h")])
    try finish(inputs, unrolling.expand(self, inputs, &expansion), &expansion)
  }
}
