extension Tensor {
  /// The elements in order, little endian; a Bool is one byte, 0 or 1.
  package var littleEndianBytes: [UInt8] { elements.littleEndian }

  /// A tensor of `type` from little-endian bytes; nil where their number does not fit.
  package init?(_ type: TensorType, littleEndianBytes bytes: [UInt8]) {
    guard bytes.count == type.byteCount else { return nil }
    self.init(type.shape, Elements(littleEndian: bytes, as: type.dataType))
  }
}
