/// What a student is to answer, sample by sample.
package protocol TargetSource: Sendable {
  /// The student's outputs.
  var heads: [Head] { get }
  /// What the teacher answers; nil without one.
  func teacher(_ head: Head, _ sample: Int) -> [Double]?
  /// What the student answered before; nil where that is no target.
  func student(_ head: Head, _ sample: Int) -> [Double]?
  /// The sample's labels with their shares: none, one with the share 1, or those of the samples it was mixed from.
  func labels(_ head: Head, _ sample: Int) -> [(share: Double, value: [Double])]
  /// Mean square of a head's values about their mean, positive: errors of unbounded values are judged by it.
  func variance(_ head: Head) -> Double
}

extension DistillationTargets: TargetSource {
  package func labels(_ head: Head, _ sample: Int) -> [(share: Double, value: [Double])] {
    label(head, sample).map { [(1, $0)] } ?? []
  }
}
