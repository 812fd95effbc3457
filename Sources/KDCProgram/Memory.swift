import KDCTensor

/// The state of a running program: every buffer and constant as raw bytes, each 64-byte aligned. Copies are independent.
package struct Memory {
  /// Threads that a step may use; results do not depend on it.
  package var threads = 1
  private var bufferBytes: [ByteBlock]
  private let constantBytes: [ByteBlock]

  package init(buffers: [[UInt8]], constants: [[UInt8]]) {
    bufferBytes = buffers.map(ByteBlock.init)
    constantBytes = constants.map(ByteBlock.init)
  }

  /// Zeroed buffers and the constants of `program`.
  package init(for program: Program) {
    bufferBytes = program.buffers.map { ByteBlock(zeroed: $0.byteCount) }
    constantBytes = program.constants.map { ByteBlock($0.tensor.littleEndianBytes) }
  }

  /// All buffers, copied out.
  package var buffers: [[UInt8]] {
    get { bufferBytes.map(\.bytes) }
    set { bufferBytes = newValue.map(ByteBlock.init) }
  }
  /// All constants, copied out.
  package var constants: [[UInt8]] { constantBytes.map(\.bytes) }

  /// A copy of one buffer, or new contents for it.
  package subscript(_ id: BufferID) -> [UInt8] {
    get { bufferBytes[id.index].bytes }
    set { bufferBytes[id.index] = ByteBlock(newValue) }
  }

  /// The address of a buffer to read and write, valid until the buffer is assigned again or the memory goes away.
  mutating func pointer<T>(_ id: BufferID, as type: T.Type) -> UnsafeMutablePointer<T> {
    if !isKnownUniquelyReferenced(&bufferBytes[id.index]) { bufferBytes[id.index] = bufferBytes[id.index].copy() }
    return bufferBytes[id.index].address.assumingMemoryBound(to: T.self)
  }

  /// The address of a constant, valid as long as the memory.
  func pointer<T>(_ id: ConstantID, as type: T.Type) -> UnsafePointer<T> {
    UnsafePointer(constantBytes[id.index].address.assumingMemoryBound(to: T.self))
  }

  /// Bytes of a buffer.
  func byteCount(_ id: BufferID) -> Int { bufferBytes[id.index].count }

  /// Calls `body` with consecutive ranges that cover 0 ..< `count`, on up to `threads` threads where the `work` of all
  /// (in operations) is worth it.
  func inParallel(_ count: Int, work: Int, _ body: (Range<Int>) -> Void) {
    guard threads > 1, count > 1, work > 1 << 18 else { return body(0..<count) }
    parallelRanges(count, threads: Threads(threads), body)
  }
}

/// Aligned raw bytes, followed by 64 more that may be read.
private final class ByteBlock {
  let address: UnsafeMutableRawPointer
  let count: Int

  init(zeroed count: Int) {
    self.count = count
    address = UnsafeMutableRawPointer.allocate(byteCount: count + 64, alignment: 64)
    address.initializeMemory(as: UInt8.self, repeating: 0, count: count + 64)
  }

  convenience init(_ bytes: [UInt8]) {
    self.init(zeroed: bytes.count)
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { address.copyMemory(from: base, byteCount: source.count) }
    }
  }

  func copy() -> ByteBlock {
    let result = ByteBlock(zeroed: count)
    result.address.copyMemory(from: address, byteCount: count)
    return result
  }

  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: address, count: count)) }

  deinit { address.deallocate() }
}
