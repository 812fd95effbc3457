/// What the numbers of a graph's output mean, and so how they are judged.
package enum OutputKind: String, Hashable, Sendable, Codable, CaseIterable {
  /// A score for each class, of which softmax makes probabilities; a single one through a sigmoid.
  case logits
  /// Probabilities of classes that exclude each other: what Softmax gives.
  case probabilities
  /// Their natural logarithms: what LogSoftmax gives.
  case logProbabilities = "log-probabilities"
  /// Probabilities, each of its own question: what Sigmoid gives.
  case sigmoid
  /// A vector that is compared with others.
  case embedding
  /// Numbers that are wanted as they are: measurements, recurrent states, maps.
  case regression
  /// Coordinates of boxes, scores beside them or not.
  case boxes
}
