import Foundation
import KDCDiagnostics
import KDCTensor

/// The serial form of a program: JSON with sorted keys, without the constants' data, which are streams beside it.
package enum ProgramCoder {
  package static func encode(_ program: Program) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let form = SerialProgram(
      version: SerialProgram.currentVersion, name: program.name, inputs: program.inputs, outputs: program.outputs,
      buffers: program.buffers,
      constants: program.constants.map {
        .init(name: $0.name, type: $0.isInt4 ? SerialProgram.int4 : $0.tensor.dataType.rawValue, shape: $0.tensor.shape)
      },
      steps: program.steps.map(SerialStep.init))
    return [UInt8](try encoder.encode(form))
  }

  /// Reads a program; `stream` gives the bytes of one of the program's `constantStreams`. Throws `.invalidProgram` for
  /// anything that is not a valid program, and what `stream` throws.
  package static func decode(_ bytes: [UInt8], stream: (_ index: Int) throws -> [UInt8]) throws -> Program {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let form: SerialProgram
    do {
      form = try decoder.decode(SerialProgram.self, from: Data(bytes))
    } catch {
      throw fault("the program cannot be read: \(String(describing: error).prefix(300))")
    }
    guard form.version == SerialProgram.currentVersion else { throw fault("program version \(form.version)") }
    var program = Program(name: form.name)
    program.inputs = form.inputs
    program.outputs = form.outputs
    program.buffers = form.buffers
    program.steps = form.steps.map(\.step)
    program.constants = try form.constants.enumerated().map { index, constant in
      guard constant.shape.checkedCount(limit: 1 << 34) != nil else {
        throw fault("constant \(index) has the impossible shape \(constant.shape)")
      }
      guard DataType(rawValue: constant.type) != nil || constant.type == SerialProgram.int4 else {
        throw fault("constant \(index) has the unknown type \(constant.type)")
      }
      return Constant(name: constant.name, tensor: Tensor([0], [Int8]()))
    }
    for (index, ids) in program.constantStreams.enumerated() {
      var rest = try stream(index)[...]
      for id in ids {
        guard form.constants.indices.contains(id.index) else { throw fault("a step reads constant \(id.index)") }
        let constant = form.constants[id.index]
        let isInt4 = constant.type == SerialProgram.int4
        let type = TensorType(isInt4 ? .int8 : DataType(rawValue: constant.type) ?? .int8, constant.shape)
        let stored = rest.prefix(Constant.storedByteCount(type, isInt4: isInt4))
        guard let decoded = Constant(name: constant.name, type: type, isInt4: isInt4, storedBytes: Array(stored)) else {
          throw fault("the data of constant \(id.index) do not fit \(constant.type)\(constant.shape)")
        }
        program.constants[id.index] = decoded
        rest = rest.dropFirst(stored.count)
      }
      guard rest.isEmpty else { throw fault("stream \(index) is longer than its constants") }
    }
    try program.validate()
    return program
  }

  private static func fault(_ message: String) -> Diagnostic {
    Diagnostic(.invalidProgram, message, hint: "the bundle is damaged or was made by another version of kdc")
  }
}

private struct SerialProgram: Codable {
  static let currentVersion = 1
  /// The type of constants with two elements a byte.
  static let int4 = "int4"
  struct ConstantType: Codable {
    var name: String
    /// That of the elements, or "int4".
    var type: String
    var shape: Shape
  }
  var version: Int
  var name: String
  var inputs: [Port]
  var outputs: [Port]
  var buffers: [Buffer]
  var constants: [ConstantType]
  var steps: [SerialStep]
}

/// A step's own keys and "kind" in one object.
private struct SerialStep: Codable {
  enum Key: String, CodingKey { case kind }
  let step: any Step

  init(_ step: any Step) { self.step = step }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let kind = try container.decode(String.self, forKey: .kind)
    guard let type = Steps.type(of: kind) else {
      throw DecodingError.dataCorruptedError(forKey: .kind, in: container, debugDescription: "no step '\(kind)'")
    }
    step = try type.init(from: decoder)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(type(of: step).kind, forKey: .kind)
    try step.encode(to: encoder)
  }
}
