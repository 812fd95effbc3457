import KDCDiagnostics
import KDCTensor

extension Distillation {
  /// All that a run changes: what a checkpoint holds.
  struct State: Sendable, Equatable {
    struct Network: Sendable, Equatable {
      var parameters: [[Float]] = []
      var statistics: [[Float]] = []
      /// Which optimiser's state this is.
      var optimizer = ""
      var optimizerSteps = 0
      var moments: [[[Float]]] = []
    }

    /// Finished epochs, and finished steps of the one after.
    var epoch = 0
    var step = 0
    /// Sums of the losses of those steps, by student.
    var lossSums: [Double]
    /// Empty before the first step.
    var networks: [Network] = []
    var history: [Epoch] = []
    var stopReason: String?
    /// Never saved: a run that is gone on from is at its last good step.
    var isDiverged = false

    init(students: Int) { lossSums = [Double](repeating: 0, count: students) }

    mutating func finishEpoch(
      _ qualities: [[Quality]], batches: Int, rate: Double, temperature: Double, stopGap: Double?
    ) {
      history.append(
        Epoch(
          losses: lossSums.map { $0 / Double(max(batches, 1)) }, rate: rate, temperature: temperature,
          heads: qualities))
      (epoch, step) = (epoch + 1, 0)
      lossSums = lossSums.map { _ in 0 }
      guard let stopGap else { return }
      let gaps = qualities.flatMap { $0.compactMap(\.gap) }
      if !gaps.isEmpty && gaps.allSatisfy({ $0 <= stopGap }) {
        stopReason = "after epoch \(epoch) no head is more than \(stopGap) behind the teacher"
      }
    }

    /// With the trainers' part of the state.
    func with(_ students: [StudentNetwork]) -> State {
      var state = self
      state.networks = students.map { student in
        Network(
          parameters: student.trainer.parameters.values, statistics: student.trainer.statistics?.stored.values ?? [],
          optimizer: "\(type(of: student.trainer.optimizer))", optimizerSteps: student.trainer.optimizer.stepCount,
          moments: student.trainer.optimizer.moments)
      }
      return state
    }

    func progress(step: Int, of total: Int) -> Progress {
      Progress(step: step, totalSteps: total, finishedEpochs: epoch, lastEpoch: history.last)
    }

    /// The state of an interrupted run with this key, or a new one. A checkpoint that cannot be used gives a warning.
    static func resumed(
      from checkpoint: Checkpoint?, key: RunKey, fitting students: [StudentNetwork], options: Options
    ) throws -> (State, [Diagnostic]) {
      let new = State(students: students.count)
      guard let checkpoint else { return (new, []) }
      do throws(Diagnostic) {
        let found: State? = try checkpoint.load(key: options.continuesAnyRun ? nil : key)
        guard let state = found else { return (new, []) }
        let fits =
          state.networks.count == students.count && state.lossSums.count == students.count
          && zip(state.networks, students).allSatisfy { network, student in
            let counts = student.trainer.parameters.values.map(\.count)
            return network.optimizer == "\(type(of: student.trainer.optimizer))"
              && ([network.parameters] + network.moments).allSatisfy { $0.map(\.count) == counts }
              && network.statistics.map(\.count) == (student.trainer.statistics?.stored.values.map(\.count) ?? [])
          }
        guard fits, state.epoch >= 0, state.step >= 0 else {
          throw checkpoint.fault("it belongs to another graph or optimiser")
        }
        return (state, [])
      } catch {
        return (new, [error])
      }
    }
  }
}

extension Distillation.State: CheckpointState {
  func encode(into writer: inout ByteWriter) {
    for number in [epoch, step, lossSums.count, networks.count] { writer.integer(number) }
    for sum in lossSums { writer.double(sum) }
    for network in networks {
      writer.arrays(network.parameters)
      writer.arrays(network.statistics)
      writer.text(network.optimizer)
      writer.integer(network.optimizerSteps)
      writer.integer(network.moments.count)
      for moment in network.moments { writer.arrays(moment) }
    }
    writer.text(stopReason ?? "")
    writer.integer(history.count)
    for epoch in history {
      writer.doubles(epoch.losses)
      writer.doubles([epoch.rate, epoch.temperature])
      writer.integer(epoch.heads.count)
      for heads in epoch.heads {
        writer.integer(heads.count)
        for head in heads {
          writer.text(head.output)
          writer.text(head.metric)
          writer.doubles([head.score ?? .nan, head.teacher ?? .nan, head.agreement ?? .nan])
        }
      }
    }
  }

  init?(from reader: inout ByteReader) {
    let integers = (0..<2).map { _ in Int(truncatingIfNeeded: reader.integer()) }
    let (losses, networks) = (reader.count(of: 8), reader.count(of: 8))
    self.init(students: 0)
    (epoch, step) = (integers[0], integers[1])
    lossSums = (0..<losses).map { _ in reader.double() }
    self.networks = (0..<networks).map { _ in
      var network = Network()
      network.parameters = reader.arrays()
      network.statistics = reader.arrays()
      network.optimizer = reader.text()
      network.optimizerSteps = Int(truncatingIfNeeded: reader.integer())
      network.moments = (0..<reader.count(of: 8)).map { _ in reader.arrays() }
      return network
    }
    let reason = reader.text()
    stopReason = reason.isEmpty ? nil : reason
    history = (0..<reader.count(of: 8)).map { _ in
      let losses = reader.doubles()
      let rates = reader.doubles()
      let heads = (0..<reader.count(of: 8)).map { _ in
        (0..<reader.count(of: 8)).map { _ in
          let (output, metric, scores) = (reader.text(), reader.text(), reader.doubles().map { $0.isNaN ? nil : $0 })
          return Distillation.Quality(
            output: output, metric: metric, score: scores.count == 3 ? scores[0] : nil,
            teacher: scores.count == 3 ? scores[1] : nil, agreement: scores.count == 3 ? scores[2] : nil)
        }
      }
      return Distillation.Epoch(
        losses: losses, rate: rates.first ?? 0, temperature: rates.last ?? 0, heads: heads)
    }
    guard reader.isAtEnd else { return nil }
  }
}
