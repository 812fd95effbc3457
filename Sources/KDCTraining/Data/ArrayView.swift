import KDCTensor

/// A row-major array in a mapped file or in memory, of which parts are taken as tensors.
package struct ArrayView: Sendable {
  package let type: TensorType
  /// Little endian, `type.byteCount` of them.
  let bytes: ByteView

  init(type: TensorType, bytes: ByteView) {
    self.type = type
    self.bytes = bytes
  }

  package init(_ tensor: Tensor) { self.init(type: tensor.type, bytes: ByteView(tensor.littleEndianBytes)) }

  package var shape: Shape { type.shape }

  /// The whole array.
  package var tensor: Tensor { slice(0..<type.shape.count, as: type.shape) }

  /// Elements `range` in row-major order as a tensor of `shape`, which has as many.
  package func slice(_ range: Range<Int>, as shape: Shape) -> Tensor {
    let width = type.dataType.byteCount
    let raw = bytes.withBytes { Array($0[(range.lowerBound * width)..<(range.upperBound * width)]) }
    return Tensor(shape, .init(littleEndian: raw, as: type.dataType))
  }

  /// Index of the first NaN or infinity.
  var firstNonFinite: Int? {
    switch type.dataType {
    case .float32: first { (value: UInt32) in value & 0x7F80_0000 == 0x7F80_0000 }
    case .float64: first { (value: UInt64) in value & 0x7FF0_0000_0000_0000 == 0x7FF0_0000_0000_0000 }
    case .float16: first { (value: UInt16) in value & 0x7C00 == 0x7C00 }
    default: nil
    }
  }

  private func first<Word: FixedWidthInteger>(_ isWanted: (Word) -> Bool) -> Int? {
    bytes.withBytes { bytes in
      for index in 0..<(bytes.count / MemoryLayout<Word>.size)
      where isWanted(bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Word>.size, as: Word.self)) {
        return index
      }
      return nil
    }
  }
}
