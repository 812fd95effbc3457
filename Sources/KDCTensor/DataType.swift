/// Element types of tensors; raw values are the names users see.
package enum DataType: String, Sendable, Codable, CaseIterable {
  case float32, float64, float16, int8, uint8, int16, uint16, int32, uint32, int64, uint64, bool

  /// Bytes of one element.
  package var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The type's number in ONNX (`TensorProto.DataType`).
  package var onnxCode: Int {
    switch self {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .uint16: 4
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float16: 10
    case .float64: 11
    case .uint32: 12
    case .uint64: 13
    }
  }

  /// The type of a number in ONNX, or nil where kdc has none.
  package init?(onnxCode code: Int) {
    guard let type = Self.allCases.first(where: { $0.onnxCode == code }) else { return nil }
    self = type
  }

  package var isFloat: Bool { self == .float32 || self == .float64 || self == .float16 }
}

/// A Swift type that can be a tensor's element.
package protocol TensorElement: Sendable, BitwiseCopyable {
  static var dataType: DataType { get }
}
extension Float: TensorElement { package static var dataType: DataType { .float32 } }
extension Double: TensorElement { package static var dataType: DataType { .float64 } }
extension Float16: TensorElement { package static var dataType: DataType { .float16 } }
extension Int8: TensorElement { package static var dataType: DataType { .int8 } }
extension UInt8: TensorElement { package static var dataType: DataType { .uint8 } }
extension Int16: TensorElement { package static var dataType: DataType { .int16 } }
extension UInt16: TensorElement { package static var dataType: DataType { .uint16 } }
extension Int32: TensorElement { package static var dataType: DataType { .int32 } }
extension UInt32: TensorElement { package static var dataType: DataType { .uint32 } }
extension Int64: TensorElement { package static var dataType: DataType { .int64 } }
extension UInt64: TensorElement { package static var dataType: DataType { .uint64 } }
extension Bool: TensorElement { package static var dataType: DataType { .bool } }
