/// The checkpoint's bytes: little-endian words, texts and arrays with their lengths before them.
extension RecoveryState {
  func encode(into writer: inout ByteWriter) {
    for number in [epoch, step, optimizerSteps, epochsSinceBest, isDiverged ? 1 : 0] { writer.integer(number) }
    for number in [lossSum, before ?? .nan, bestHeldOut] { writer.double(number) }
    writer.text(stopReason ?? "")
    writer.integer(history.count)
    for epoch in history {
      writer.double(epoch.trainingLoss)
      writer.double(epoch.heldOut)
    }
    writer.arrays(parameters)
    writer.arrays(best)
    writer.integer(moments.count)
    for moment in moments { writer.arrays(moment) }
  }

  /// nil where bytes are missing or left over.
  init?(from reader: inout ByteReader) {
    let integers = (0..<5).map { _ in Int(truncatingIfNeeded: reader.integer()) }
    let doubles = (0..<3).map { _ in reader.double() }
    (epoch, step, optimizerSteps, epochsSinceBest) = (integers[0], integers[1], integers[2], integers[3])
    isDiverged = integers[4] != 0
    (lossSum, before, bestHeldOut) = (doubles[0], doubles[1], doubles[2])
    let reason = reader.text()
    stopReason = reason.isEmpty ? nil : reason
    history = (0..<reader.count(of: 16)).map { _ in
      Recovery.Epoch(trainingLoss: reader.double(), heldOut: reader.double())
    }
    parameters = reader.arrays()
    best = reader.arrays()
    moments = (0..<reader.count(of: 8)).map { _ in reader.arrays() }
    guard reader.isAtEnd else { return nil }
  }
}

struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func integer(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
  mutating func integer(_ value: Int) { integer(UInt64(bitPattern: Int64(value))) }
  mutating func double(_ value: Double) { integer(value.bitPattern) }

  mutating func text(_ value: String) {
    integer(value.utf8.count)
    bytes += Array(value.utf8)
  }

  mutating func arrays(_ values: [[Float]]) {
    integer(values.count)
    for array in values {
      integer(array.count)
      array.withUnsafeBytes { bytes += $0 }
    }
  }
}

/// Reads what `ByteWriter` wrote; zeros where bytes are missing, and then `isAtEnd` is false.
struct ByteReader {
  let bytes: [UInt8]
  private var offset = 0
  private var isShort = false
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count && !isShort }

  mutating func integer() -> UInt64 {
    take(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
  }

  mutating func double() -> Double { Double(bitPattern: integer()) }

  mutating func text() -> String { String(decoding: take(count(of: 1)), as: UTF8.self) }

  mutating func arrays() -> [[Float]] {
    (0..<count(of: 8)).map { _ in
      let raw = take(4 * count(of: 4))
      return raw.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
  }

  /// A number of things of at least `size` bytes each; 0 where so many bytes are not left.
  mutating func count(of size: Int) -> Int {
    let value = integer()
    guard value <= UInt64((bytes.count - offset) / size) else {
      isShort = true
      return 0
    }
    return Int(value)
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else {
      isShort = true
      return []
    }
    offset += count
    return bytes[offset - count..<offset]
  }
}
