import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The losses between layers of a student and of its teacher, which runs on the same chunk.
struct FeatureObjective: Objective {
  let transfers: [FeatureTransfer]
  let names: [FeatureHelpers.Names]
  let teacher: ChunkedGraph
  let samples: AdaptedSamples

  func evaluate(
    _ tape: Tape, samples indices: [Int], factor: Double
  ) throws -> (loss: Double, gradients: [String: Tensor]) {
    let seen = try teacher.values(Set(transfers.map(\.teacher)), of: indices, from: samples)
    let maps = seen.compactMapValues { FeatureMap($0, samples: indices.count) }
    var total = 0.0
    var gradients: [String: Tensor] = [:]
    func add(_ name: String, _ tensor: Tensor) {
      guard gradients[name] != nil else {
        gradients[name] = tensor
        return
      }
      gradients[name]?.add(tensor)
    }
    for (transfer, name) in zip(transfers, names) {
      guard let tensor = tape[name.value], let own = FeatureMap(tensor, samples: indices.count),
        let found = maps[transfer.teacher]
      else { throw InternalError("no values of '\(transfer.teacher)' and '\(transfer.student)' to compare") }
      let wanted = transfer.loss.matchesSizes ? found.pooled(height: own.height, width: own.width) : found
      let scale = factor * transfer.weight
      let spreads = name.spreads.flatMap { tape[$0] }
      let loss = transfer.loss.evaluate(own, wanted, spreads?.asFloats.map(Double.init) ?? [])
      if let place = name.spreads, let spreads {
        add(place, Tensor(spreads.shape, loss.parameters.map { Float(scale * $0) }))
      }
      total += scale * loss.value
      add(name.value, Tensor(tensor.shape, loss.gradient.map { Float(scale * $0) }))
    }
    return (total, gradients)
  }
}

/// What several students are taught by each other: (1 − α) · the mean over the others of T² · KL(other ‖ student).
///
/// Zhang, Xiang, Hospedales and Lu, "Deep Mutual Learning", 2018, equations 3 and 4.
struct MutualObjective: Objective {
  struct Peer: Sendable {
    var graph: ChunkedGraph
    var weights: [String: Tensor]
  }

  let peers: [Peer]
  let heads: [Head]
  let variances: ViewTargets
  let samples: any SampleSource
  let loss: DistillationLoss.Options

  func evaluate(
    _ tape: Tape, samples indices: [Int], factor: Double
  ) throws -> (loss: Double, gradients: [String: Tensor]) {
    var loss = loss
    let share = 1 - loss.hardWeight
    (loss.hardWeight, loss.teacherShare) = (0, 1)
    let objectives = try peers.map { peer in
      let outputs = try peer.graph.values(Set(heads.map(\.name)), of: indices, from: samples, parameters: peer.weights)
      let rows = outputs.mapValues { Rows(values: $0.asFloats, width: $0.count / max(indices.count, 1)) }
      let answers = TeacherAnswers(
        rows: rows, places: Dictionary(indices.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }))
      return DistillationLoss(variances.answered(by: answers), options: loss)
    }
    return try CombinedObjective(objectives).evaluate(
      tape, samples: indices, factor: factor * share / Double(max(peers.count, 1)))
  }
}
