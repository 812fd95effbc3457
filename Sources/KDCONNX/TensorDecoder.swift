import Foundation
import KDCDiagnostics
import KDCTensor

/// Reads `TensorProto`s: initializers, tensor attributes and the `.pb` files of ONNX's tests.
///
/// Nothing is allocated before the number of elements the dimensions name has been found in the data.
struct TensorDecoder {
  let externalData: ExternalData
  /// float16 becomes float32, as kdc computes in float32 and int8 only. bfloat16 always does.
  let widensHalf: Bool

  func decode(_ proto: Onnx_TensorProto, as label: String) throws(Diagnostic) -> Tensor {
    let place = Place(file: externalData.modelFile, detail: label)
    guard let type = Onnx_TensorProto.DataType(rawValue: Int(proto.dataType)), type != .undefined else {
      throw Diagnostic(.invalidTensor, "\(label) has the unknown data type number \(proto.dataType)", at: place)
    }
    guard !proto.hasSegment else {
      throw Diagnostic(.invalidTensor, "\(label) is cut into segments, which no ONNX version defines", at: place)
    }
    let dims = proto.dims.map { Int($0) }
    if let negative = dims.first(where: { $0 < 0 }) {
      throw Diagnostic(.invalidTensor, "\(label) has the negative dimension \(negative)", at: place)
    }
    let shape = Shape(dims)
    guard let count = shape.checkedCount() else {
      throw Diagnostic(.shapeOverflow, "\(label) of shape \(shape) has more elements than can be addressed", at: place)
    }
    var raw: Data? = proto.hasRawData ? proto.rawData : nil
    if proto.dataLocation == .external {
      raw = try externalData.read(proto, count: count, label: label)
    }
    let elements = try ElementReader(proto: proto, raw: raw, count: count, label: label, shape: shape, place: place)
      .read(type)
    if widensHalf, case .float16(let values) = elements { return Tensor(shape, values.map { Float($0) }) }
    return Tensor(shape, elements)
  }
}

/// Picks the field of a `TensorProto` that holds a data type's elements and checks how many there are.
private struct ElementReader {
  let proto: Onnx_TensorProto
  let raw: Data?
  let count: Int
  let label: String
  let shape: Shape
  let place: Place

  // The pairing of data types and fields is from the comments of onnx.proto.
  func read(_ type: Onnx_TensorProto.DataType) throws(Diagnostic) -> Tensor.Elements {
    switch type {
    case .float: return .float32(try values(proto.floatData) { $0 })
    case .double: return .float64(try values(proto.doubleData) { $0 })
    case .int8: return .int8(try values(proto.int32Data) { Int8(truncatingIfNeeded: $0) })
    case .uint8: return .uint8(try values(proto.int32Data) { UInt8(truncatingIfNeeded: $0) })
    case .int16: return .int16(try values(proto.int32Data) { Int16(truncatingIfNeeded: $0) })
    case .uint16: return .uint16(try values(proto.int32Data) { UInt16(truncatingIfNeeded: $0) })
    case .int32: return .int32(try values(proto.int32Data) { $0 })
    case .uint32: return .uint32(try values(proto.uint64Data) { UInt32(truncatingIfNeeded: $0) })
    case .int64: return .int64(try values(proto.int64Data) { $0 })
    case .uint64: return .uint64(try values(proto.uint64Data) { $0 })
    case .float16:
      let bits = try values(proto.int32Data) { UInt16(truncatingIfNeeded: $0) }
      return .float16(bits.map { Float16(bitPattern: $0) })
    case .bfloat16:
      let bits = try values(proto.int32Data) { UInt16(truncatingIfNeeded: $0) }
      return .float32(bits.map { Float(bitPattern: UInt32($0) << 16) })
    case .bool:
      let bytes = try values(proto.int32Data) { UInt8($0 == 0 ? 0 : 1) }
      return .bool(bytes.map { $0 != 0 })
    default:
      throw Diagnostic.unsupportedDataType(type.onnxName, of: label, at: place)
    }
  }

  private func values<Field, Element: BitwiseCopyable>(
    _ field: [Field], _ convert: (Field) -> Element
  ) throws(Diagnostic) -> [Element] {
    guard let raw else {
      guard field.count == count else { throw mismatch("\(field.count) elements") }
      return field.map(convert)
    }
    let size = MemoryLayout<Element>.stride
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, raw.count == byteCount else { throw mismatch("\(raw.count) bytes") }
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      raw.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

  private func mismatch(_ found: String) -> Diagnostic {
    Diagnostic(
      .invalidTensor, "\(label) of shape \(shape) has \(count) elements, but its data has \(found)", at: place,
      hint: "the file is damaged or was written wrongly; export the model again")
  }
}

extension Onnx_TensorProto.DataType {
  /// The type's name as users of ONNX write it, "complex64".
  var onnxName: String {
    self == .float ? "float32" : self == .double ? "float64" : "\(self)"
  }

  /// kdc's type for it, or nil where it has none.
  var dataType: DataType? {
    self == .bfloat16 ? .float32 : DataType(onnxCode: rawValue)
  }
}

extension Diagnostic {
  static func unsupportedDataType(_ name: String, of label: String, at place: Place) -> Diagnostic {
    Diagnostic(
      .unsupportedDataType, "\(label) has the data type \(name), which is not supported", at: place,
      notes: ["supported: " + DataType.allCases.map(\.rawValue).joined(separator: ", ") + ", bfloat16"])
  }
}
