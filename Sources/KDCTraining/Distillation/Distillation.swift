import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Trains students' weights: by labels, by teachers, or both. BatchNormalization is kept, in its training form.
///
/// A share of the samples is held out: after each epoch they say how good a student is. The weights of the last epoch are
/// the result. The same inputs, options and seed give the same bytes, whatever the threads and however often the run was
/// interrupted.
package enum Distillation {
  /// - Parameters:
  ///   - students: with batch 1, all with the same inputs and outputs; several learn from each other as well.
  ///   - samples: without views; `heads` hold their labels.
  ///   - unlabelled: how many samples, the last ones, have no labels and are never held out.
  ///   - teachers: their answers are averaged; empty: labels (and the other students) alone.
  ///   - checkpoint: where the state is kept, to resume from after an interruption.
  ///   - finished: called after every epoch with the weights at that time.
  ///   - progress: called after every step and epoch; what it throws ends the run, which can be resumed.
  /// - Throws: `DiagnosticList`s of `notDifferentiable`, `labelOutOfRange`, `targetMismatch`, `missingLabels`,
  ///   `untrainableNormalization`; `outputNotWritable` for the checkpoint.
  package static func run(
    _ students: [Graph], samples: any SampleSource, unlabelled: Int = 0, heads: [Head], teachers: [TeacherNetwork],
    options: Options, threads: Threads, checkpoint: Checkpoint? = nil,
    finished: (_ epoch: Int, _ students: [[String: Tensor]]) throws -> Void = { _, _ in },
    progress: (Progress) throws -> Void = { _ in }
  ) throws -> Result {
    let course = try Course(
      samples: samples, unlabelled: unlabelled, heads: heads, teachers: teachers, options: options, threads: threads)
    var networks = try students.map { try StudentNetwork($0, course: course, threads: threads) }
    let key = course.key(students)
    var (state, warnings) = try State.resumed(from: checkpoint, key: key, fitting: networks, options: options)
    for index in networks.indices where !state.networks.isEmpty { networks[index].restore(&state.networks[index]) }
    let totalSteps = course.stepsPerEpoch * options.epochs

    while state.epoch < options.epochs && state.stopReason == nil {
      let targets = try course.targets(epoch: state.epoch)
      let batches = course.batches(state.epoch)
      while state.step < batches.count && !state.isDiverged {
        let step = state.epoch * course.stepsPerEpoch + state.step
        let rate = options.learningRate * options.schedule.factor(at: step, of: totalSteps)
        let loss = options.loss(at: step, of: totalSteps)
        for index in networks.indices {
          let objective = try course.objective(for: index, of: networks, targets: targets, loss: loss)
          guard let found = try networks[index].trainer.step(batches[state.step], objective: objective, rate: rate)
          else {
            state.isDiverged = true
            break
          }
          state.lossSums[index] += found
        }
        guard !state.isDiverged else { break }
        state.step += 1
        try checkpoint?.saveIfDue(state.with(networks), key: key)
        try progress(state.progress(step: step + 1, of: totalSteps))
      }
      guard !state.isDiverged else { break }
      let qualities = try networks.map { try course.quality(of: $0) }
      state.finishEpoch(
        qualities, batches: batches.count, rate: options.rate(ofEpoch: state.epoch, steps: course.stepsPerEpoch),
        temperature: options.loss(at: (state.epoch + 1) * course.stepsPerEpoch - 1, of: totalSteps).temperature,
        stopGap: options.stopGap)
      try finished(state.epoch, networks.map(\.trained))
      try checkpoint?.save(state.with(networks), key: key)
      try progress(state.progress(step: state.epoch * course.stepsPerEpoch, of: totalSteps))
    }
    return Result(
      students: networks.map(\.trained), history: state.history, isDiverged: state.isDiverged,
      stopReason: state.stopReason, warnings: warnings)
  }
}
