import KDCDiagnostics
import KDCGraph
import KDCTensor

extension ArrayView {
  /// The first number that `target`, a type of whole numbers, cannot hold, with its element; nil where all fit. Truth values
  /// are of any number.
  func firstUnfit(for target: DataType) -> (element: Int, value: Double)? {
    guard let range = target.wholeNumbers, target != type.dataType else { return nil }
    if let own = type.dataType.wholeNumbers, range.contains(own.lowerBound), range.contains(own.upperBound) {
      return nil
    }
    if type.dataType == .bool { return nil }
    let piece = 1 << 16
    for start in stride(from: 0, to: type.shape.count, by: piece) {
      let end = min(start + piece, type.shape.count)
      let values = slice(start..<end, as: [end - start]).asDoubles
      if let index = values.firstIndex(where: { $0 != $0.rounded() || !range.contains($0) }) {
        return (start + index, values[index])
      }
    }
    return nil
  }
}

extension DataType {
  /// Smallest and largest number of an integer type; nil for others.
  fileprivate var wholeNumbers: ClosedRange<Double>? {
    func range<T: FixedWidthInteger>(_: T.Type) -> ClosedRange<Double> { Double(T.min)...Double(T.max) }
    return switch self {
    case .int8: range(Int8.self)
    case .uint8: range(UInt8.self)
    case .int16: range(Int16.self)
    case .uint16: range(UInt16.self)
    case .int32: range(Int32.self)
    case .uint32: range(UInt32.self)
    case .int64: range(Int64.self)
    case .uint64: range(UInt64.self)
    case .float16, .float32, .float64, .bool: nil
    }
  }
}

extension Tensor {
  /// The numbers as they are, but for integers beyond 2^53.
  fileprivate var asDoubles: [Double] {
    switch elements {
    case .float64(let v): v
    case .int32(let v): v.map(Double.init)
    case .uint32(let v): v.map(Double.init)
    case .int64(let v): v.map(Double.init)
    case .uint64(let v): v.map(Double.init)
    default: asFloats.map(Double.init)
    }
  }
}

extension Diagnostic {
  /// A number that the type of a model's input cannot hold.
  static func unfit(_ value: Double, at place: String, for input: ValueInfo) -> Diagnostic {
    Diagnostic(
      .numbersDoNotFit, "\(place) has \(value), which the model's input '\(input.name)' \(input.type) cannot hold",
      hint: "give the numbers that the model takes: an input of bytes usually wants pixels, 0…255")
  }
}
