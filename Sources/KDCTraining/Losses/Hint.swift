extension LayerLoss {
  /// L = ½ · mean (r(s) − t)² over channels and places: the student's layer s, seen through a learned regressor r (a 1×1
  /// convolution or a matrix in the training graph), is to give the teacher's layer t.
  ///
  /// Romero et al., "FitNets: Hints for Thin Deep Nets", 2015, equation 3.
  package static let hint = LayerLoss(
    name: "hint", help: "FitNets: the student's layer, through a learned regressor, imitates the teacher's.",
    helper: .regressor
  ) { student, teacher, _ in
    let n = Double(max(student.channels * student.places, 1))
    var loss = FeatureLoss(gradient: student.values)
    var squares = 0.0
    loss.gradient.withUnsafeMutableBufferPointer { gradient in
      student.values.withUnsafeBufferPointer { own in
        teacher.values.withUnsafeBufferPointer { wanted in
          for i in own.indices {
            let difference = own[i] - wanted[i]
            squares += difference * difference
            gradient[i] = difference / n
          }
        }
      }
    }
    loss.value = 0.5 * squares / n
    return loss
  }
}
