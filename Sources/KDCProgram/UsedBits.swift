import KDCTensor

extension ClosedRange where Bound == Int {
  /// 7 where all values lie in −64…63, which some kernels multiply two at a time; else 8.
  fileprivate var usedBits: Int { lowerBound >= -64 && upperBound <= 63 ? 7 : 8 }
}

extension ValueRanges {
  /// Bits of the values that an int8 buffer holds: 7 or 8.
  package func usedBits(of id: BufferID) -> Int { self[id].usedBits }
}

extension Program {
  /// Bits of the weights of an integer layer: 4, 7 or 8.
  package func usedBits(of weights: ConstantID) -> Int {
    guard !isInt4(weights) else { return 4 }
    guard constants.indices.contains(weights.index),
      case .int8(let values) = constants[weights.index].tensor.elements
    else { return 8 }
    return (Int(values.min() ?? 0)...Int(values.max() ?? 0)).usedBits
  }
}
