import CKDCRuntime

/// Element types of a model's inputs and outputs.
public enum ElementType: String, Sendable, Hashable {
  case float32, int8, uint8, int32, int64, bool

  init?(code: UInt32) {
    switch code {
    case KDC_FLOAT32.rawValue: self = .float32
    case KDC_INT8.rawValue: self = .int8
    case KDC_UINT8.rawValue: self = .uint8
    case KDC_INT32.rawValue: self = .int32
    case KDC_INT64.rawValue: self = .int64
    case KDC_BOOL.rawValue: self = .bool
    default: return nil
    }
  }

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float32, .int32: 4
    case .int64: 8
    }
  }
}

/// Values for a model or from it: dense, row-major, in the machine's byte order.
public struct Tensor: Sendable, Hashable {
  public let type: ElementType
  public let shape: [Int]
  /// The elements' bytes; as many as type and shape say.
  public internal(set) var bytes: [UInt8]

  /// `values` has as many elements as `shape` says.
  public init(_ values: [Float], shape: [Int]) { self.init(type: .float32, values, shape) }
  public init(_ values: [Int8], shape: [Int]) { self.init(type: .int8, values, shape) }
  public init(_ values: [UInt8], shape: [Int]) { self.init(type: .uint8, values, shape) }
  public init(_ values: [Int32], shape: [Int]) { self.init(type: .int32, values, shape) }
  public init(_ values: [Int64], shape: [Int]) { self.init(type: .int64, values, shape) }
  public init(_ values: [Bool], shape: [Int]) { self.init(type: .bool, values, shape) }

  private init<T: BitwiseCopyable>(type: ElementType, _ values: [T], _ shape: [Int]) {
    self.type = type
    self.shape = shape
    bytes = values.withUnsafeBytes { Array($0) }
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for the shape \(shape)")
  }

  init(zeros type: ElementType, shape: [Int]) {
    self.type = type
    self.shape = shape
    bytes = [UInt8](repeating: 0, count: shape.reduce(type.byteCount, *))
  }

  /// The elements where the type is float32, else nil; likewise below.
  public var floats: [Float]? { type == .float32 ? values() : nil }
  public var int8s: [Int8]? { type == .int8 ? values() : nil }
  public var uint8s: [UInt8]? { type == .uint8 ? bytes : nil }
  public var int32s: [Int32]? { type == .int32 ? values() : nil }
  public var int64s: [Int64]? { type == .int64 ? values() : nil }
  public var bools: [Bool]? { type == .bool ? bytes.map { $0 != 0 } : nil }

  private func values<T: BitwiseCopyable>() -> [T] {
    [T](unsafeUninitializedCapacity: bytes.count / MemoryLayout<T>.stride) { target, count in
      UnsafeMutableRawBufferPointer(target).copyBytes(from: bytes)
      count = target.count
    }
  }
}
