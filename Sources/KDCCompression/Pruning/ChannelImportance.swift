import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

/// What importance is measured on: samples, and the loss of a sample that pruning is to keep small.
package struct ImportanceData: Sendable {
  package var samples: any SampleSource
  /// Which of the samples.
  package var indices: [Int]
  package var objective: any Objective
  package var threads: Threads

  package init(samples: any SampleSource, indices: [Int], objective: any Objective, threads: Threads) {
    self.samples = samples
    self.indices = indices
    self.objective = objective
    self.threads = threads
  }
}

/// How much a channel matters, by one of several measures. Only the order and ratios of scores mean anything.
package protocol ChannelImportance: Sendable {
  /// Scores ≥ 0 of all units of the given groups, by the groups' indices.
  func scores(of groups: DependencyGroups, among indices: [Int], on data: ImportanceData) throws -> [Int: [Double]]
}

/// Sum of squares of a unit's weights, relative to the mean of its group: filters, biases and the columns that read them.
package struct MagnitudeImportance: ChannelImportance {
  package init() {}

  package func scores(
    of groups: DependencyGroups, among indices: [Int], on data: ImportanceData
  ) throws -> [Int: [Double]] {
    var result: [Int: [Double]] = [:]
    for index in indices {
      let group = groups.groups[index]
      var sums = [Double](repeating: 0, count: group.count)
      for place in group.producers + group.consumers.map(\.place) {
        guard let tensor = groups.graph.initializers[place.initializer], let values = tensor.floats else { continue }
        let inner = tensor.shape.dims[(place.axis + 1)...].reduce(1, *)
        let outer = tensor.shape.dims[..<place.axis].reduce(1, *)
        let size = tensor.shape[place.axis]
        for unit in 0..<group.count {
          for position in place.runs[unit].joined() {
            for block in 0..<outer {
              let start = (block * size + position) * inner
              for element in values[start..<start + inner] { sums[unit] += Double(element) * Double(element) }
            }
          }
        }
      }
      let mean = sums.reduce(0, +) / Double(max(sums.count, 1))
      result[index] = mean > 0 ? sums.map { $0 / mean } : sums
    }
    return result
  }
}

/// Mean over samples of |g|, g the derivative of the sample's loss with respect to a factor on the channel: the first-order
/// estimate of what its removal changes. Molchanov et al., "Pruning Convolutional Neural Networks for Resource Efficient
/// Inference", 2017.
package struct TaylorImportance: ChannelImportance {
  package init() {}

  package func scores(
    of groups: DependencyGroups, among indices: [Int], on data: ImportanceData
  ) throws -> [Int: [Double]] {
    try ChannelGates(groups, indices).sums(on: data) { abs($0) }
  }
}

/// Mean over samples of g²: the second-order estimate, the Fisher information standing for the Hessian. Theis et al.,
/// "Faster Gaze Prediction with Dense Networks and Fisher Pruning", 2018; the gates at the consumers' inputs follow Liu
/// et al., "Group Fisher Pruning for Practical Network Compression", 2021.
package struct FisherImportance: ChannelImportance {
  package init() {}

  package func scores(
    of groups: DependencyGroups, among indices: [Int], on data: ImportanceData
  ) throws -> [Int: [Double]] {
    try ChannelGates(groups, indices).sums(on: data) { $0 * $0 }
  }
}
