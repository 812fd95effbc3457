import Foundation
import KDCDiagnostics
import KDCTensor

/// Reads `TensorProto`s: initializers, tensor attributes and the `.pb` files of ONNX's tests.
///
/// Nothing is allocated before the number of elements the dimensions name has been found in the data.
struct TensorDecoder {
  let externalData: ExternalData
  /// Floats of any width become float32, as kdc computes in it and in integers. bfloat16 always does.
  let convertsFloats: Bool

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
    switch elements {
    case .float16(let values) where convertsFloats: return Tensor(shape, values.map { Float($0) })
    case .float64(let values) where convertsFloats: return Tensor(shape, values.map(Self.narrowed))
    default: return Tensor(shape, elements)
    }
  }

  /// The nearest float; what is too large becomes the largest rather than infinite, so that masks stay finite.
  private static func narrowed(_ value: Double) -> Float {
    guard value.isFinite else { return Float(value) }
    return min(max(Float(value), -Float.greatestFiniteMagnitude), .greatestFiniteMagnitude)
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
    case .int4: return .int8(try packed(bits: 4) { Int8(bitPattern: $0 << 4) >> 4 })
    case .uint4: return .uint8(try packed(bits: 4) { $0 })
    case .int2: return .int8(try packed(bits: 2) { Int8(bitPattern: $0 << 6) >> 6 })
    case .uint2: return .uint8(try packed(bits: 2) { $0 })
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

  /// Elements of 4 or 2 bits, several to a byte, the first in the lowest bits.
  private func packed<Element>(bits: Int, _ convert: (UInt8) -> Element) throws(Diagnostic) -> [Element] {
    let perByte = 8 / bits
    let bytes = raw.map { [UInt8]($0) } ?? proto.int32Data.map { UInt8(truncatingIfNeeded: $0) }
    guard bytes.count == (count + perByte - 1) / perByte else { throw mismatch("\(bytes.count) bytes") }
    let mask = UInt8((1 << bits) - 1)
    return (0..<count).map { convert(bytes[$0 / perByte] >> UInt8($0 % perByte * bits) & mask) }
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
      notes: [
        "supported: " + DataType.allCases.map(\.rawValue).joined(separator: ", ")
          + ", bfloat16, int4, uint4, int2, uint2"
      ])
  }
}
