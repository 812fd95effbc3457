import KDCDiagnostics
import KDCGraph
import KDCTensor

/// What the user decides of a model's inputs: shapes that the file leaves open, and inputs that always have one value.
package struct InputSettings: Sendable, Encodable {
  /// By input, of `--input-shape`.
  package var shapes: [String: [Int]]
  /// By input, of `--set`: numbers as they were written.
  package var values: [String: [String]]

  package init(shapes: [String: [Int]] = [:], values: [String: [String]] = [:]) {
    self.shapes = shapes
    self.values = values
  }

  /// Reads the arguments of `--input-shape`, each "name:1x3x320x320", and of `--set`, each "name=1,2".
  package init(shapes: [String], values: [String]) throws(Diagnostic) {
    self.init()
    for argument in shapes {
      let (name, dims) = try Self.shape(argument)
      guard self.shapes.updateValue(dims, forKey: name) == nil else {
        throw Diagnostic(.invalidInputShape, "--input-shape is given twice for '\(name)'")
      }
    }
    for argument in values {
      let (name, numbers) = try Self.value(argument)
      guard self.values.updateValue(numbers, forKey: name) == nil else {
        throw Diagnostic(.invalidInputValue, "--set is given twice for '\(name)'")
      }
    }
  }

  /// "name:1x3x320x320"; "name:" is a scalar. The name may contain colons.
  private static func shape(_ argument: String) throws(Diagnostic) -> (name: String, dims: [Int]) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    let dims = parts.last.map { $0.isEmpty ? [] : $0.split(separator: "x", omittingEmptySubsequences: false) } ?? []
    let numbers = dims.compactMap { Int($0) }.filter { $0 > 0 }
    guard parts.count >= 2, numbers.count == dims.count else {
      throw Diagnostic(
        .invalidInputShape, "'\(argument)' is not an input shape", hint: "write it as --input-shape name:1x3x320x320")
    }
    return (parts.dropLast().joined(separator: ":"), numbers)
  }

  /// "name=1,2"; "name=" has no elements. The name may contain equal signs.
  private static func value(_ argument: String) throws(Diagnostic) -> (name: String, numbers: [String]) {
    guard let sign = argument.lastIndex(of: "="), sign > argument.startIndex else {
      throw Diagnostic(
        .invalidInputValue, "'\(argument)' gives no input a value", hint: "write it as --set name=16000, or name=1,2")
    }
    let text = argument[argument.index(after: sign)...]
    return (
      String(argument[..<sign]),
      text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    )
  }
}

extension InputSettings {
  /// The value of `--set` as a tensor for an input of this type, whose dimensions are nil where the model leaves them open,
  /// and nil where it says nothing of them.
  ///
  /// One number fills a shape that is known. Otherwise there are as many as the shape has elements, and a vector is as long
  /// as there are numbers.
  static func tensor(
    _ numbers: [String], for name: String, as type: DataType, dims: [Int?]?
  ) throws(Diagnostic) -> Tensor {
    func fault(_ problem: String) -> Diagnostic {
      Diagnostic(.invalidInputValue, "--set \(name)=\(numbers.joined(separator: ",")): \(problem)")
    }
    let known = dims?.compactMap { $0 }
    let shape: Shape
    if let dims, let known, known.count == dims.count {
      shape = Shape(known)
    } else if let dims, dims.count == 1 || Set(dims) == [1, nil] && dims.count(where: { $0 == nil }) == 1 {
      shape = Shape(dims.map { $0 ?? numbers.count })
    } else if dims == nil {
      shape = numbers.count == 1 ? [] : [numbers.count]
    } else {
      throw fault("the input's shape is not known")
    }
    guard let count = shape.checkedCount(limit: 1 << 24) else { throw fault("the input has too many elements") }
    guard numbers.count == count || numbers.count == 1 else {
      throw fault("the input has \(count) elements, not \(numbers.count)")
    }
    guard let values = elements(numbers, type) else { throw fault("not every value is of type \(type.rawValue)") }
    let one = Tensor([numbers.count], values)
    return numbers.count == count ? one.reshaped(to: shape) : one.filling(shape)
  }

  /// The numbers in a data type; nil where one is no number of it.
  private static func elements(_ texts: [String], _ type: DataType) -> Tensor.Elements? {
    func all<Value>(_ read: (String) -> Value?) -> [Value]? {
      let values = texts.compactMap { read($0.filter { $0 != " " }) }
      return values.count == texts.count ? values : nil
    }
    func boolean(_ text: String) -> Bool? { ["true": true, "1": true, "false": false, "0": false][text.lowercased()] }
    switch type {
    case .float32: return all { Float($0) }.map { .float32($0) }
    case .float64: return all { Double($0) }.map { .float64($0) }
    case .float16: return all { Float($0) }.map { .float16($0.map { Float16($0) }) }
    case .int8: return all { Int8($0) }.map { .int8($0) }
    case .uint8: return all { UInt8($0) }.map { .uint8($0) }
    case .int16: return all { Int16($0) }.map { .int16($0) }
    case .uint16: return all { UInt16($0) }.map { .uint16($0) }
    case .int32: return all { Int32($0) }.map { .int32($0) }
    case .uint32: return all { UInt32($0) }.map { .uint32($0) }
    case .int64: return all { Int64($0) }.map { .int64($0) }
    case .uint64: return all { UInt64($0) }.map { .uint64($0) }
    case .bool: return all(boolean).map { .bool($0) }
    }
  }
}

extension Tensor {
  /// The only element, in all places of `shape`.
  fileprivate func filling(_ shape: Shape) -> Tensor {
    func all<Value>(_ values: [Value]) -> [Value] {
      values.first.map { [Value](repeating: $0, count: shape.count) } ?? []
    }
    let filled: Elements =
      switch elements {
      case .float32(let values): .float32(all(values))
      case .float64(let values): .float64(all(values))
      case .float16(let values): .float16(all(values))
      case .int8(let values): .int8(all(values))
      case .uint8(let values): .uint8(all(values))
      case .int16(let values): .int16(all(values))
      case .uint16(let values): .uint16(all(values))
      case .int32(let values): .int32(all(values))
      case .uint32(let values): .uint32(all(values))
      case .int64(let values): .int64(all(values))
      case .uint64(let values): .uint64(all(values))
      case .bool(let values): .bool(all(values))
      }
    return Tensor(shape, filled)
  }
}
