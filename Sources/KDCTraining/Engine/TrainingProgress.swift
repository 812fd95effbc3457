/// How far a training run is: told after every step.
package struct TrainingProgress<Epoch: Sendable>: Sendable {
  package var step: Int
  package var totalSteps: Int
  package var finishedEpochs: Int
  /// The last epoch that ended.
  package var lastEpoch: Epoch?
}
