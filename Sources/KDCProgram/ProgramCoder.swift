import Foundation
import KDCDiagnostics
import KDCTensor

/// The serial form of a program: JSON with sorted keys, without the constants' data, which are numbered streams.
package enum ProgramCoder {
  package static func encode(_ program: Program) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let form = SerialProgram(
      version: SerialProgram.currentVersion, name: program.name, inputs: program.inputs, outputs: program.outputs,
      buffers: program.buffers,
      constants: program.constants.map { .init(name: $0.name, type: $0.tensor.dataType, shape: $0.tensor.shape) },
      steps: program.steps.map(SerialStep.init))
    return [UInt8](try encoder.encode(form))
  }

  /// Reads a program; `data` gives the raw bytes of constant `index`. Throws `.invalidProgram` for anything that is not
  /// a valid program, and what `data` throws.
  package static func decode(
    _ bytes: [UInt8], data: (_ index: Int, _ type: TensorType) throws -> [UInt8]
  ) throws -> Program {
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
    for (index, constant) in form.constants.enumerated() {
      guard constant.shape.checkedCount(limit: 1 << 34) != nil else {
        throw fault("constant \(index) has the impossible shape \(constant.shape)")
      }
      let type = TensorType(constant.type, constant.shape)
      guard let tensor = Tensor(type, littleEndianBytes: try data(index, type)) else {
        throw fault("the data of constant \(index) do not fit \(type)")
      }
      program.constants.append(Constant(name: constant.name, tensor: tensor))
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
  struct ConstantType: Codable {
    var name: String
    var type: DataType
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
