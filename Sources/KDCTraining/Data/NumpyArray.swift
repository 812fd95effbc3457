import KDCDiagnostics
import KDCTensor

/// numpy's `.npy` format, versions 1 to 3. Source: numpy/lib/format.py, "The .npy format".
package enum NumpyArray {
  /// Reads one array whole. Fortran order is turned into row-major order. `name` is for diagnostics.
  package static func decode(_ bytes: [UInt8], name: String) throws(Diagnostic) -> Tensor {
    try view(of: ByteView(bytes), name: name).tensor
  }

  /// One array where it lies: nothing but its header is read. Fortran order is copied into row-major order.
  static func view(of bytes: ByteView, name: String) throws(Diagnostic) -> ArrayView {
    guard bytes.starts(with: magic), let major = bytes.integer(at: 6, bytes: 1) else {
      throw fault("array '\(name)' is not in numpy's format")
    }
    let lengthBytes = major == 1 ? 2 : 4
    guard (1...3).contains(major), let length = bytes.integer(at: 8, bytes: lengthBytes),
      let text = bytes.slice(at: 8 + lengthBytes, count: length)
    else { throw fault("array '\(name)' has a damaged header") }
    let header = try Header(String(decoding: text.array, as: UTF8.self), name: name)
    guard let type = header.dataType else {
      throw fault(
        "array '\(name)' has the data type '\(header.descriptor)'",
        hint: "save it as float32, float16, int64, uint8 or another plain little-endian number type")
    }
    guard let count = header.shape.checkedCount() else {
      throw fault("array '\(name)' has an impossible shape \(header.shape)")
    }
    guard let raw = bytes.slice(at: 8 + lengthBytes + length, count: count * type.byteCount) else {
      throw fault("array '\(name)' is cut short: \(header.shape) needs \(count * type.byteCount) bytes")
    }
    let ordered =
      header.isFortranOrder && header.shape.rank > 1
      ? ByteView(rowMajor(raw.array, shape: header.shape, width: type.byteCount)) : raw
    return ArrayView(type: TensorType(type, header.shape), bytes: ordered)
  }

  /// Version 1 bytes of a tensor, header padded to 64.
  package static func encode(_ tensor: Tensor) -> [UInt8] {
    let dims = tensor.shape.dims.map { "\($0)," }.joined(separator: " ")
    let shape = tensor.shape.rank > 1 ? String(dims.dropLast()) : dims
    var text = "{'descr': '\(descriptor(of: tensor.dataType))', 'fortran_order': False, 'shape': (\(shape)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = text.utf8.count
    return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8) + tensor.elements.littleEndian
  }

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  private static func descriptor(of type: DataType) -> String {
    switch type {
    case .float16: "<f2"
    case .float32: "<f4"
    case .float64: "<f8"
    case .int8: "|i1"
    case .uint8: "|u1"
    case .int16: "<i2"
    case .uint16: "<u2"
    case .int32: "<i4"
    case .uint32: "<u4"
    case .int64: "<i8"
    case .uint64: "<u8"
    case .bool: "|b1"
    }
  }

  /// The Python dictionary at the head of an array.
  private struct Header {
    var descriptor = ""
    var isFortranOrder = false
    var shape: Shape = []

    var dataType: DataType? {
      DataType.allCases.first { descriptor.drop { "<|=".contains($0) } == NumpyArray.descriptor(of: $0).dropFirst() }
    }

    init(_ text: String, name: String) throws(Diagnostic) {
      guard let descriptor = Self.value(of: "descr", in: text), descriptor.first == "'" || descriptor.first == "\"",
        let quote = descriptor.first, let order = Self.value(of: "fortran_order", in: text),
        let shape = Self.value(of: "shape", in: text), shape.first == "(", let close = shape.firstIndex(of: ")")
      else { throw NumpyArray.fault("array '\(name)' has a damaged header or is not a plain array of numbers") }
      self.descriptor = String(descriptor.dropFirst().prefix { $0 != quote })
      isFortranOrder = order.hasPrefix("True")
      let fields = shape[shape.index(after: shape.startIndex)..<close].split(separator: ",")
      let dims = fields.map { field in Int(field.filter { $0 != " " && $0 != "L" }) }
      guard dims.count <= 32, dims.allSatisfy({ $0 != nil }) else {
        throw NumpyArray.fault("array '\(name)' has a damaged shape")
      }
      self.shape = Shape(dims.compactMap { $0 })
    }

    /// What follows `'key':`, without leading spaces.
    private static func value(of key: String, in text: String) -> Substring? {
      for quote in ["'", "\""] {
        let wanted = Array((quote + key + quote + ":").utf8)
        let utf8 = Array(text.utf8)
        guard utf8.count >= wanted.count else { continue }
        for start in 0...(utf8.count - wanted.count) where utf8[start..<(start + wanted.count)].elementsEqual(wanted) {
          return Substring(String(decoding: utf8[(start + wanted.count)...], as: UTF8.self)).drop { $0 == " " }
        }
      }
      return nil
    }
  }

  private static func rowMajor(_ raw: [UInt8], shape: Shape, width: Int) -> [UInt8] {
    var strides: [Int] = []  // of the first-index-fastest order, in elements
    var product = 1
    for dim in shape.dims {
      strides.append(product)
      product *= dim
    }
    var result: [UInt8] = []
    result.reserveCapacity(raw.count)
    var index = [Int](repeating: 0, count: shape.rank)
    for _ in 0..<product {
      let offset = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } * width
      result += raw[offset..<(offset + width)]
      for axis in index.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
    return result
  }

  private static func fault(_ reason: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.unreadableData, reason, hint: hint)
  }
}
