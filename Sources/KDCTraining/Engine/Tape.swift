import KDCTensor

/// The values of one forward run that the backward run reads.
package struct Tape: Sendable {
  /// By position in `TrainingGraph.names`; nil for what was freed.
  var values: [Tensor?]
  /// What each node returned, by node; empty where the run did not keep values.
  var results: [[Tensor]]
  let positions: [String: Int]

  /// A value by name: a graph input, a parameter, or what a node gave. nil where it was freed, or there is none.
  package subscript(name: String) -> Tensor? { positions[name].flatMap { values[$0] } }
}
