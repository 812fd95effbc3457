import KDCTensor

/// How constants are stored in a bundle: each in a form that compresses well, those of a step one after the other in
/// one stream, so that an update of a layer changes one stream.
extension Constant {
  /// Bytes in a bundle, before compression.
  package var storedByteCount: Int { Self.storedByteCount(tensor.type, isInt4: isInt4) }

  static func storedByteCount(_ type: TensorType, isInt4: Bool) -> Int {
    isInt4 ? Int4.byteCount(type.shape.count) : type.byteCount
  }

  /// Whether the first bytes of all elements come first, then the second ones, and so on: their upper bytes are alike.
  package var isStoredInPlanes: Bool { Self.isStoredInPlanes(tensor.dataType) }

  private static func isStoredInPlanes(_ type: DataType) -> Bool { type.byteCount == 4 }

  /// int4 two a byte; elements of four bytes in planes; others little-endian.
  package var storedBytes: [UInt8] {
    if isInt4, case .int8(let values) = tensor.elements { return Int4.pack(values) }
    let bytes = tensor.littleEndianBytes
    return isStoredInPlanes ? Self.planes(bytes, width: 4) : bytes
  }

  /// From the bytes of a bundle; nil where they do not fit.
  init?(name: String, type: TensorType, isInt4: Bool, storedBytes: [UInt8]) {
    guard storedBytes.count == Self.storedByteCount(type, isInt4: isInt4) else { return nil }
    if isInt4 {
      guard type.dataType == .int8, let values = Int4.unpack(storedBytes, count: type.shape.count) else { return nil }
      self.init(name: name, tensor: Tensor(type.shape, values), isInt4: true)
    } else {
      let isInPlanes = Self.isStoredInPlanes(type.dataType)
      let bytes = isInPlanes ? Self.planes(storedBytes, width: storedBytes.count / 4) : storedBytes
      guard let tensor = Tensor(type, littleEndianBytes: bytes) else { return nil }
      self.init(name: name, tensor: tensor)
    }
  }

  /// Bytes [n, width] to [width, n].
  private static func planes(_ bytes: [UInt8], width: Int) -> [UInt8] {
    let count = width > 0 ? bytes.count / width : 0
    return (0..<width).flatMap { plane in (0..<count).map { bytes[$0 * width + plane] } }
  }
}

extension Program {
  /// Whether a constant exists and has 4-bit elements.
  package func isInt4(_ id: ConstantID) -> Bool { constants.indices.contains(id.index) && constants[id.index].isInt4 }

  /// The constants of each stream: for every step that reads some which no step before it reads, those, in the order of
  /// its fields. Constants that no step reads are in none.
  package var constantStreams: [[ConstantID]] {
    var seen: Set<ConstantID> = []
    return steps.map { step in step.constants.filter { seen.insert($0).inserted } }.filter { !$0.isEmpty }
  }

  /// The bytes of one of `constantStreams`, before compression.
  package func storedBytes(of stream: [ConstantID]) -> [UInt8] { stream.flatMap { constants[$0.index].storedBytes } }
}
