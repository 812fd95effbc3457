import KDCProgram
import KDCTensor
import KDCTestSupport

/// A program of one step made by hand: tensors become buffers and constants, the step is made from their ids.
struct StepBench {
  var program = Program(name: "bench")

  mutating func buffer(_ tensor: Tensor) -> BufferID {
    program.buffers.append(Buffer(name: "b", dataType: tensor.dataType, shape: tensor.shape))
    contents.append(tensor.littleEndianBytes)
    return BufferID(program.buffers.count - 1)
  }
  mutating func output(_ type: DataType, _ shape: Shape) -> BufferID {
    program.buffers.append(Buffer(name: "b", dataType: type, shape: shape))
    contents.append([UInt8](repeating: 0xA5, count: shape.count * type.byteCount))
    return BufferID(program.buffers.count - 1)
  }
  mutating func constant(_ tensor: Tensor) -> ConstantID {
    program.constants.append(Constant(name: "c", tensor: tensor))
    return ConstantID(program.constants.count - 1)
  }
  private var contents: [[UInt8]] = []

  /// Validates, runs and returns the contents of the step's first output.
  mutating func run(_ step: any Step, threads: Int = 1) throws -> [UInt8] {
    program.steps = [step]
    try program.validate()
    var memory = Memory(buffers: contents, constants: program.constants.map(\.tensor.littleEndianBytes))
    memory.threads = threads
    step.run(&memory)
    return memory[step.writes[0]]
  }
  mutating func int8(_ step: any Step, threads: Int = 1) throws -> [Int8] {
    try run(step, threads: threads).map { Int8(bitPattern: $0) }
  }
  mutating func float(_ step: any Step, threads: Int = 1) throws -> [Float] {
    let bytes = try run(step, threads: threads)
    return Tensor(TensorType(.float32, [bytes.count / 4]), littleEndianBytes: bytes)?.floats ?? []
  }
}

extension SeededGenerator {
  mutating func int8s(_ count: Int, in range: ClosedRange<Int> = -128...127) -> [Int8] {
    (0..<count).map { _ in Int8(Int.random(in: range, using: &self)) }
  }
  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// The requantisation by its definition, in exact integer arithmetic on Int.
func exactRequantization(_ accumulator: Int, _ multiplier: Int, _ r: Requantization, residual: Int = 0) -> Int8 {
  func wrap(_ x: Int) -> Int { Int(Int32(truncatingIfNeeded: x)) }
  func floorShift(_ x: Int, _ s: Int) -> Int { Int((Double(x) / Double(1 << s)).rounded(.down)) }
  func saturate(_ x: Int) -> Int { min(max(x, -32768), 32767) }
  let a = wrap(accumulator << r.preShift)
  let h = wrap(floorShift(2 * a * multiplier + (1 << 31), 32) + residual)
  let rounded = r.shift == 0 ? h : floorShift(h + (1 << (r.shift - 1)), r.shift)
  return Int8(min(max(saturate(saturate(rounded) + r.zeroPoint), r.low), r.high))
}
