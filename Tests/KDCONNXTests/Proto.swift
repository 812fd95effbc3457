import Foundation

/// Writes models as protobuf, with what the exporter never writes.
enum Proto {
  static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(bytes.count) + bytes
  }
  static func text(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
  static func integer(_ number: Int, _ value: Int) -> [UInt8] { varint(number << 3) + varint(value) }

  private static func varint(_ value: Int) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
  }

  static func node(
    _ opType: String, _ inputs: [String], _ outputs: [String], domain: String = "", overload: String = "",
    attributes: [[UInt8]] = []
  ) -> [UInt8] {
    inputs.flatMap { text(1, $0) } + outputs.flatMap { text(2, $0) } + text(4, opType)
      + attributes.flatMap { field(5, $0) } + (domain.isEmpty ? [] : text(7, domain))
      + (overload.isEmpty ? [] : text(8, overload))
  }

  /// A float attribute.
  static func float(_ name: String, _ value: Float) -> [UInt8] {
    text(1, name) + [2 << 3 | 5] + withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) + integer(20, 1)
  }

  /// A float attribute that is one of the function's.
  static func reference(_ name: String, to other: String) -> [UInt8] {
    text(1, name) + integer(20, 1) + text(21, other)
  }

  static func function(
    _ name: String, _ inputs: [String], _ outputs: [String], nodes: [[UInt8]], attributes: [String] = [],
    defaults: [[UInt8]] = [], opset: Int = 17, overload: String = ""
  ) -> [UInt8] {
    text(1, name) + inputs.flatMap { text(4, $0) } + outputs.flatMap { text(5, $0) }
      + attributes.flatMap { text(6, $0) } + nodes.flatMap { field(7, $0) } + field(9, integer(2, opset))
      + text(10, "own") + defaults.flatMap { field(11, $0) } + (overload.isEmpty ? [] : text(13, overload))
  }

  /// A tensor whose bytes are given, as an initializer or in an attribute. `type` is ONNX's number.
  static func tensor(_ name: String, type: Int, dims: [Int], _ bytes: [UInt8]) -> [UInt8] {
    dims.flatMap { integer(1, $0) } + integer(2, type) + text(8, name) + field(9, bytes)
  }

  /// A model of input x [2] and output y.
  static func model(
    _ nodes: [[UInt8]], functions: [[UInt8]] = [], initializers: [[UInt8]] = [], type: Int = 1, opset: Int = 17
  ) -> Data {
    let shape = field(2, field(1, integer(1, 2)))
    let input = text(1, "x") + field(2, field(1, integer(1, type) + shape))
    let graph =
      nodes.flatMap { field(1, $0) } + initializers.flatMap { field(5, $0) } + field(11, input)
      + field(12, text(1, "y"))
    return Data(
      integer(1, 8) + field(7, graph) + field(8, integer(2, opset)) + field(8, text(1, "own") + integer(2, 1))
        + functions.flatMap { field(25, $0) })
  }
}
