import KDCTensor

/// Labels that have a row of zeros and a one for each sample.
package enum OneHotLabels {
  /// The classes `[n]` of labels `[n, count]` (or `[n, 1, count]`), all rows of which are zeros and a one; nil for others.
  package static func classes(_ labels: Tensor, count: Int) -> Tensor? {
    guard let n = labels.shape.dims.first, n > 0, count > 1, labels.count == n * count else { return nil }
    let values = labels.asFloats
    var classes: [Int64] = []
    classes.reserveCapacity(n)
    for row in 0..<n {
      var one: Int64?
      for index in 0..<count where values[row * count + index] != 0 {
        guard one == nil, values[row * count + index] == 1 else { return nil }
        one = Int64(index)
      }
      guard let one else { return nil }
      classes.append(one)
    }
    return Tensor([n], classes)
  }

  /// Whether all labels are 0 or 1 and there are several a sample: answers to several questions, or classes.
  package static func areFlags(_ labels: Tensor) -> Bool {
    guard let n = labels.shape.dims.first, n > 0, labels.count > n else { return false }
    return labels.asFloats.allSatisfy { $0 == 0 || $0 == 1 }
  }
}
