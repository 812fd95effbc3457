/// A dense row-major tensor with value semantics.
package struct Tensor: Sendable {
  /// Typed storage; the case is the data type.
  package enum Elements: Sendable {
    case float32([Float])
    case float64([Double])
    case float16([Float16])
    case int8([Int8])
    case uint8([UInt8])
    case int16([Int16])
    case uint16([UInt16])
    case int32([Int32])
    case uint32([UInt32])
    case int64([Int64])
    case uint64([UInt64])
    case bool([Bool])
  }

  package let shape: Shape
  package var elements: Elements

  /// `values` has exactly `shape.count` elements.
  package init(_ shape: Shape, _ values: [Float]) { self.init(shape, .float32(values)) }
  package init(_ shape: Shape, _ values: [Int64]) { self.init(shape, .int64(values)) }
  package init(_ shape: Shape, _ values: [Int32]) { self.init(shape, .int32(values)) }
  package init(_ shape: Shape, _ values: [Int8]) { self.init(shape, .int8(values)) }
  package init(_ shape: Shape, _ values: [Bool]) { self.init(shape, .bool(values)) }
  package init(_ shape: Shape, _ elements: Elements) {
    self.shape = shape
    self.elements = elements
    assert(elements.count == shape.count, "\(elements.count) elements for \(shape)")
  }

  package var dataType: DataType { elements.dataType }
  package var count: Int { shape.count }
  package var byteCount: Int { count * dataType.byteCount }
  package var type: TensorType { TensorType(dataType, shape) }

  /// The elements if the type is float32, else nil.
  package var floats: [Float]? { if case .float32(let values) = elements { values } else { nil } }
  package var int64s: [Int64]? { if case .int64(let values) = elements { values } else { nil } }

  /// The same elements under another shape of equal count.
  package func reshaped(to shape: Shape) -> Tensor { Tensor(shape, elements) }
}

extension Tensor.Elements {
  package var dataType: DataType {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .float16: .float16
    case .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    case .uint16: .uint16
    case .int32: .int32
    case .uint32: .uint32
    case .int64: .int64
    case .uint64: .uint64
    case .bool: .bool
    }
  }

  package var count: Int {
    switch self {
    case .float32(let v): v.count
    case .float64(let v): v.count
    case .float16(let v): v.count
    case .int8(let v): v.count
    case .uint8(let v): v.count
    case .int16(let v): v.count
    case .uint16(let v): v.count
    case .int32(let v): v.count
    case .uint32(let v): v.count
    case .int64(let v): v.count
    case .uint64(let v): v.count
    case .bool(let v): v.count
    }
  }
}

/// Data type and shape of a value.
package struct TensorType: Hashable, Sendable, CustomStringConvertible {
  package var dataType: DataType
  package var shape: Shape
  package init(_ dataType: DataType, _ shape: Shape) {
    self.dataType = dataType
    self.shape = shape
  }
  package var byteCount: Int { shape.count * dataType.byteCount }
  package var description: String { "\(dataType.rawValue)\(shape)" }
}
