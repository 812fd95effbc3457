import KDCDiagnostics
import KDCProgram
import KDCTensor
import Testing

@Suite("Programs")
struct ProgramTests {
  /// float input → int8 → doubled by a table → float.
  private func sample() -> Program {
    var program = Program(name: "sample")
    for (name, type) in [("x", DataType.float32), ("xq", .int8), ("yq", .int8), ("y", .float32)] {
      program.buffers.append(Buffer(name: name, dataType: type, shape: [2, 2]))
    }
    let table = (-128...127).map { Int8(clamping: $0 * 2) }
    program.constants = [Constant(name: "table", tensor: Tensor([1, 256], table))]
    program.inputs = [Port(name: "x", dataType: .float32, shape: [2, 2], buffer: BufferID(0))]
    program.outputs = [Port(name: "y", dataType: .float32, shape: [2, 2], buffer: BufferID(3))]
    let walk = Walk(extents: [4], strides: [[1], [1]])
    program.steps = [
      QuantizeStep(
        name: "x", input: BufferID(0), output: BufferID(1), walk: walk, inverseScale: 10, zeroPoint: 0),
      TableStep(
        name: "double", input: BufferID(1), output: BufferID(2), count: 4, channels: 1, table: ConstantID(0)),
      DequantizeStep(name: "y", input: BufferID(2), output: BufferID(3), walk: walk, scale: 0.125, zeroPoint: 0),
    ]
    return program
  }

  @Test("the interpreter runs a program from its inputs to its outputs")
  func interpreter() throws {
    var interpreter = try Interpreter(sample())
    var seen: [Int] = []
    let outputs = try interpreter.run(["x": Tensor([2, 2], [0.1, -0.5, 100, 0] as [Float])]) { step, _ in
      seen.append(step)
    }
    #expect(outputs["y"]?.floats == [0.25, -1.25, 15.875, 0])
    #expect(seen == [0, 1, 2])
  }

  @Test("data that do not fit the inputs are refused")
  func wrongInputs() throws {
    var interpreter = try Interpreter(sample())
    for inputs in [[:], ["x": Tensor([4], [0, 0, 0, 0] as [Float])], ["x": Tensor([2, 2], [0, 0, 0, 0] as [Int32])]] {
      let error = #expect(throws: Diagnostic.self) { try interpreter.run(inputs) }
      #expect(error?.id == .inputMismatch)
    }
    #expect(throws: Diagnostic.self) { try interpreter.run(raw: [[1, 2]]) }
  }

  @Test("a program comes back from its serial form, which is the same every time")
  func roundTrip() throws {
    var program = sample()
    program.buffers[1].scale = 0.1
    let bytes = try ProgramCoder.encode(program)
    let decoded = try ProgramCoder.decode(bytes) { program.storedBytes(of: program.constantStreams[$0]) }
    #expect(try ProgramCoder.encode(decoded) == bytes)
    #expect(decoded.listing == program.listing)
    #expect(decoded.constants[0].tensor.littleEndianBytes == program.constants[0].tensor.littleEndianBytes)
    #expect(decoded.buffers == program.buffers)
  }

  @Test("4-bit constants keep their values in half the bytes, and nothing else passes for them")
  func int4() throws {
    let values = (0..<257).map { Int8($0 % 16 - 8) }
    var program = Program(name: "int4")
    program.buffers = [Buffer(name: "y", dataType: .int8, shape: [257])]
    program.constants = [Constant(name: "w", tensor: Tensor([257], values), isInt4: true)]
    program.steps = [LoadStep(name: "load", constant: ConstantID(0), output: BufferID(0), byteCount: 257)]
    let stored = program.constants[0].storedBytes
    #expect(stored.count == 129 && program.constants[0].storedByteCount == 129)
    #expect(Array(stored[..<2]) == [0x98, 0xBA])
    let bytes = try ProgramCoder.encode(program)
    let decoded = try ProgramCoder.decode(bytes) { _ in stored }
    #expect(decoded.constants[0].isInt4)
    #expect(decoded.constants[0].tensor.littleEndianBytes == program.constants[0].tensor.littleEndianBytes)
    #expect(decoded.listing.contains("int4"))
    let short = #expect(throws: Diagnostic.self) { try ProgramCoder.decode(bytes) { _ in stored.dropLast() } }
    #expect(short?.id == .invalidProgram)
    program.constants[0].tensor = Tensor([257], values.map { $0 &* 2 })
    #expect(throws: Diagnostic.self) { try program.validate() }
  }

  @Test("the constants of a step are one stream, numbers of four bytes in planes, shared ones in the first")
  func streams() throws {
    var program = Program(name: "streams")
    program.buffers = (0..<3).map { Buffer(name: "b\($0)", dataType: .int32, shape: [2]) }
    program.constants = [
      Constant(name: "unused", tensor: Tensor([0], [Int8]())),
      Constant(name: "a", tensor: Tensor([2], [Int32(0x0403_0201), 0x0807_0605])),
      Constant(name: "b", tensor: Tensor([2], [Int32(1), 2])),
    ]
    program.steps = [1, 2, 1].enumerated().map { index, constant in
      LoadStep(name: "l", constant: ConstantID(constant), output: BufferID(index), byteCount: 8)
    }
    #expect(program.constantStreams == [[ConstantID(1)], [ConstantID(2)]])
    let first = program.storedBytes(of: [ConstantID(1)])
    #expect(first == [1, 5, 2, 6, 3, 7, 4, 8])
    let decoded = try ProgramCoder.decode(ProgramCoder.encode(program)) {
      program.storedBytes(of: program.constantStreams[$0])
    }
    for (one, other) in zip(program.constants, decoded.constants) {
      #expect(one.tensor.littleEndianBytes == other.tensor.littleEndianBytes)
    }
    let long = #expect(throws: Diagnostic.self) {
      try ProgramCoder.decode(ProgramCoder.encode(program)) { _ in first + [0] }
    }
    #expect(long?.id == .invalidProgram)
  }

  @Test("infinite bounds of a clip survive the serial form")
  func infinity() throws {
    var program = sample()
    program.steps = [
      FloatUnaryStep(
        name: "clip", function: FloatFunction(.clip, a: 0, b: .infinity), input: BufferID(0), output: BufferID(3),
        count: 4)
    ]
    let decoded = try ProgramCoder.decode(ProgramCoder.encode(program)) { _ in [] }
    #expect((decoded.steps.first as? FloatUnaryStep)?.function == FloatFunction(.clip, a: 0, b: .infinity))
  }

  @Test("damaged serial forms are diagnosed, whatever byte is changed")
  func damage() throws {
    let program = sample()
    let bytes = try ProgramCoder.encode(program)
    let streams = program.constantStreams.map(program.storedBytes)
    let data = { (index: Int) in streams.indices.contains(index) ? streams[index] : [] }
    for length in stride(from: 0, to: bytes.count, by: 37) {
      let error = #expect(throws: Diagnostic.self) { try ProgramCoder.decode(Array(bytes[..<length]), stream: data) }
      #expect(error?.id == .invalidProgram)
    }
    for position in bytes.indices {
      var copy = bytes
      copy[position] = copy[position] == UInt8(ascii: "9") ? UInt8(ascii: "-") : UInt8(ascii: "9")
      do {
        // Whatever is still accepted must also run.
        let decoded = try ProgramCoder.decode(copy, stream: data)
        var interpreter = try Interpreter(decoded)
        _ = try interpreter.run(raw: decoded.inputs.map { _ in [UInt8](repeating: 0, count: 16) })
      } catch let error as Diagnostic {
        #expect(error.id == .invalidProgram || error.id == .inputMismatch)
      }
    }
    #expect(throws: Diagnostic.self) { try ProgramCoder.decode(bytes) { _ in [] } }
  }

  @Test("the listing shows every step with its buffers and numbers")
  func listing() {
    #expect(
      sample().listing == """
        program 'sample': 3 steps, 4 buffers, 1 constants
        input 'x' float32[2,2] in b0
        0: quantize 'x' b0 float32[2,2] → b1 int8[2,2], scale 1/10.0 zp 0
        1: table 'double' b1 int8[2,2] → b2 int8[2,2], 4 values
        2: dequantize 'y' b2 int8[2,2] → b3 float32[2,2], scale 0.125 zp 0
        output 'y' float32[2,2] in b3

        """)
  }

  @Test("steps that would leave their buffers are refused")
  func outOfBounds() {
    let geometry = ConvolutionGeometry(input: (2, 2, 1), output: (2, 2, 1), kernel: (1, 1))
    func pool(_ change: (inout ConvolutionGeometry) -> Void) -> any Step {
      var copy = geometry
      change(&copy)
      return MaxPoolStep(name: "p", input: BufferID(1), output: BufferID(2), geometry: copy)
    }
    func move(_ walk: Walk, offset: Int = 0) -> any Step {
      MoveStep(
        name: "m", input: BufferID(1), output: BufferID(2), elementBytes: 1, inputOffset: offset, outputOffset: 0,
        walk: walk)
    }
    let faulty: [any Step] = [
      TableStep(name: "t", input: BufferID(1), output: BufferID(2), count: 5, channels: 1, table: ConstantID(0)),
      TableStep(name: "t", input: BufferID(9), output: BufferID(2), count: 4, channels: 1, table: ConstantID(0)),
      TableStep(name: "t", input: BufferID(1), output: BufferID(-1), count: 4, channels: 1, table: ConstantID(0)),
      TableStep(name: "t", input: BufferID(1), output: BufferID(2), count: 4, channels: 2, table: ConstantID(0)),
      TableStep(name: "t", input: BufferID(1), output: BufferID(2), count: 4, channels: 1, table: ConstantID(1)),
      FillStep(name: "f", output: BufferID(0), count: .max, elementBytes: 8, bits: 0),
      FillStep(name: "f", output: BufferID(0), count: 1, elementBytes: 3, bits: 0),
      pool { $0.inputHeight = 3 }, pool { $0.padTop = 5 }, pool { $0.strideX = .max }, pool { $0.strideX = 2 },
      pool { $0.outputChannels = 2 }, pool { $0.kernelWidth = 0 },
      move(Walk(extents: [5], strides: [[1], [1]])), move(Walk(extents: [4], strides: [[-1], [1]])),
      move(Walk(extents: [4], strides: [[1], [1]]), offset: 1), move(Walk(extents: [4], strides: [[1]])),
      move(Walk(extents: [2, 2], strides: [[Int.min, 1], [2, 1]])),
      move(Walk(extents: [.max, .max], strides: [[1, 1], [2, 1]])),
      SoftmaxStep(name: "s", input: BufferID(0), output: BufferID(3), outer: 1, count: 0, inner: 1),
      LoadStep(name: "l", constant: ConstantID(0), output: BufferID(0), byteCount: 17),
    ]
    for step in faulty {
      var program = sample()
      program.steps = [step]
      let error = #expect(throws: Diagnostic.self) { try program.validate() }
      #expect(error?.id == .invalidProgram, "\(step)")
    }
  }

  @Test("every step kind has its own name")
  func kinds() {
    #expect(Set(Steps.all.map { $0.kind }).count == Steps.all.count)
    #expect(Steps.type(of: "convolution") == ConvolutionStep.self)
  }
}
