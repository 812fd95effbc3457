import KDCTensor

/// What students are to answer to one view of the training samples.
struct ViewTargets: TargetSource {
  let heads: [Head]
  var answers: TeacherAnswers?
  /// By original sample.
  let labels: [String: Rows]
  let variances: [String: Double]
  let samples: AugmentedSamples
  let originals: Int
  /// Labels of places hold only for the originals.
  let movesPlaces: Bool

  /// The same with other answers.
  func answered(by answers: TeacherAnswers) -> ViewTargets {
    var result = self
    result.answers = answers
    return result
  }

  func teacher(_ head: Head, _ sample: Int) -> [Double]? {
    guard let answers, let place = answers.places[sample] else { return nil }
    return answers.rows[head.name]?[place]
  }

  func student(_ head: Head, _ sample: Int) -> [Double]? { nil }

  func labels(_ head: Head, _ sample: Int) -> [(share: Double, value: [Double])] {
    guard let mix = samples.mix(of: sample) else {
      return label(head, sample % originals, isMoved: sample >= originals).map { [(1, $0)] } ?? []
    }
    let parts = [(sample % originals, mix.share), (mix.partner, 1 - mix.share)]
    return parts.compactMap { original, share in
      label(head, original, isMoved: true).map { (share, $0) }
    }
  }

  func variance(_ head: Head) -> Double { variances[head.name] ?? 1 }

  private func label(_ head: Head, _ original: Int, isMoved: Bool) -> [Double]? {
    guard let rows = labels[head.name], original < rows.count else { return nil }
    let label = rows[original]
    switch head.kind {
    case .classes, .sign: return label[0] < 0 ? nil : label
    case .independent: return label
    case .box, .values: return isMoved && movesPlaces ? nil : label
    }
  }
}
