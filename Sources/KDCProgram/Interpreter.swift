import KDCDiagnostics
import KDCTensor

/// Runs a program by its steps' defining formulas: what every device must compute, byte for byte.
package struct Interpreter {
  package let program: Program
  package private(set) var memory: Memory

  /// Validates the program. `threads` changes the speed only.
  package init(_ program: Program, threads: Int = 1) throws(Diagnostic) {
    try program.validate()
    self.program = program
    memory = Memory(for: program)
    memory.threads = threads
  }

  /// Outputs by name, in the ports' types. Throws `.inputMismatch` where an input is missing or of another type.
  package mutating func run(
    _ inputs: [String: Tensor], afterStep: ((Int, Memory) -> Void)? = nil
  ) throws(Diagnostic) -> [String: Tensor] {
    var raw: [[UInt8]] = []
    for port in program.inputs {
      guard let tensor = inputs[port.name] else {
        throw Diagnostic(.inputMismatch, "input '\(port.name)' has no data")
      }
      guard tensor.dataType == port.dataType, tensor.shape == port.shape else {
        throw Diagnostic(
          .inputMismatch, "input '\(port.name)' is \(tensor.type)",
          hint: "the model takes \(TensorType(port.dataType, port.shape))")
      }
      raw.append(tensor.littleEndianBytes)
    }
    let bytes = try run(raw: raw, afterStep: afterStep)
    var result: [String: Tensor] = [:]
    for (port, bytes) in zip(program.outputs, bytes) {
      result[port.name] = Tensor(TensorType(port.dataType, port.shape), littleEndianBytes: bytes)
    }
    return result
  }

  /// The same with bytes, in the order of the ports.
  package mutating func run(
    raw inputs: [[UInt8]], afterStep: ((Int, Memory) -> Void)? = nil
  ) throws(Diagnostic) -> [[UInt8]] {
    guard inputs.count == program.inputs.count else {
      throw Diagnostic(.inputMismatch, "\(inputs.count) inputs given", hint: "the model takes \(program.inputs.count)")
    }
    for (port, bytes) in zip(program.inputs, inputs) {
      guard bytes.count == program.buffers[port.buffer.index].byteCount else {
        throw Diagnostic(.inputMismatch, "input '\(port.name)' has \(bytes.count) bytes")
      }
      memory[port.buffer] = bytes
    }
    for (index, step) in program.steps.enumerated() {
      step.run(&memory)
      afterStep?(index, memory)
    }
    return program.outputs.map { memory[$0.buffer] }
  }
}
