/// A message of protobuf's wire format without a schema: enough to read, change and write ONNX models, wrong ones as well.
struct Message {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes([UInt8])
  }
  struct Field {
    var number: Int
    var value: Value

    init(_ number: Int, _ value: Value) {
      self.number = number
      self.value = value
    }
    init(_ number: Int, _ text: String) { self.init(number, .bytes(Array(text.utf8))) }
    init(_ number: Int, _ integer: Int) { self.init(number, .varint(UInt64(bitPattern: Int64(integer)))) }
    init(_ number: Int, _ message: Message) { self.init(number, .bytes(message.bytes)) }

    var bytes: [UInt8]? {
      guard case .bytes(let bytes) = value else { return nil }
      return bytes
    }
    var varint: UInt64? {
      guard case .varint(let value) = value else { return nil }
      return value
    }
    var message: Message? { bytes.flatMap(Message.init) }
  }

  var fields: [Field]

  init(_ fields: [Field] = []) { self.fields = fields }

  /// nil where the bytes are no message.
  init?(_ bytes: [UInt8]) {
    fields = []
    var reader = WireReader(bytes)
    while !reader.isAtEnd {
      guard let key = reader.varint() else { return nil }
      let value: Value?
      switch key & 7 {
      case 0: value = reader.varint().map(Value.varint)
      case 1: value = reader.integer(8).map(Value.fixed64)
      case 2: value = reader.varint().flatMap { reader.bytes($0) }.map(Value.bytes)
      case 5: value = reader.integer(4).map { .fixed32(UInt32(truncatingIfNeeded: $0)) }
      default: value = nil
      }
      guard let value else { return nil }
      fields.append(Field(Int(truncatingIfNeeded: key >> 3), value))
    }
  }

  var bytes: [UInt8] {
    var out: [UInt8] = []
    for field in fields {
      let kind: UInt64 =
        switch field.value {
        case .varint: 0
        case .fixed64: 1
        case .bytes: 2
        case .fixed32: 5
        }
      out += Self.varint(UInt64(truncatingIfNeeded: field.number) << 3 | kind)
      switch field.value {
      case .varint(let value): out += Self.varint(value)
      case .fixed64(let value): withUnsafeBytes(of: value.littleEndian) { out += $0 }
      case .fixed32(let value): withUnsafeBytes(of: value.littleEndian) { out += $0 }
      case .bytes(let bytes):
        out += Self.varint(UInt64(bytes.count))
        out += bytes
      }
    }
    return out
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    var (value, out) = (value, [UInt8]())
    while value >= 0x80 {
      out.append(UInt8(value & 0x7F) | 0x80)
      value >>= 7
    }
    return out + [UInt8(value)]
  }

  /// The values of a packed list of varints.
  static func packed(_ bytes: [UInt8]) -> [UInt64] {
    var (reader, values) = (WireReader(bytes), [UInt64]())
    while let value = reader.varint() { values.append(value) }
    return values
  }

  // MARK: Fields by number

  func places(_ numbers: Int...) -> [Int] { fields.indices.filter { numbers.contains(fields[$0].number) } }
  func all(_ number: Int) -> [[UInt8]] { fields.compactMap { $0.number == number ? $0.bytes : nil } }
  func first(_ number: Int) -> Field? { fields.first { $0.number == number } }

  /// A repeated integer, however it is written.
  func integers(_ number: Int) -> [UInt64] {
    fields.filter { $0.number == number }.flatMap { field -> [UInt64] in
      switch field.value {
      case .varint(let value): [value]
      case .bytes(let bytes): Self.packed(bytes)
      default: []
      }
    }
  }

  mutating func set(_ number: Int, _ integers: [UInt64]) {
    fields.removeAll { $0.number == number }
    fields += integers.map { Field(number, .varint($0)) }
  }

  /// Changes the message that is the field at `place`; leaves what is none.
  mutating func edit(_ place: Int, _ change: (inout Message) -> Void) {
    guard var inner = fields[place].message else { return }
    change(&inner)
    fields[place].value = .bytes(inner.bytes)
  }
}

private struct WireReader {
  private let source: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { source = bytes }

  var isAtEnd: Bool { at >= source.count }

  mutating func varint() -> UInt64? {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while at < source.count, shift < 64 {
      let byte = source[at]
      at += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  mutating func integer(_ count: Int) -> UInt64? {
    bytes(UInt64(count))?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func bytes(_ count: UInt64) -> [UInt8]? {
    guard count <= UInt64(source.count - at) else { return nil }
    defer { at += Int(count) }
    return Array(source[at..<at + Int(count)])
  }
}
