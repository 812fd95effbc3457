import KDCProgram
import KDCTensor

/// Random steps of every kind but integer convolution, each a program of its own with data, for kernel tests.
package struct StepCases {
  package struct Made {
    package var title: String
    package var program: Program
    package var memory: Memory
  }

  var generator: SeededGenerator
  /// int8 data only from the ends of the range.
  var isExtreme = false
  var program = Program(name: "case")
  var bytes: [[UInt8]] = []

  package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Every kind of step that `make` knows.
  package static let kinds = [
    "add", "extreme", "multiply", "table", "quantize", "dequantize", "cast", "move", "maxPool", "averagePool",
    "floatPool",
    "resizeLinear", "floatResize", "fill", "load", "gather", "floatUnary", "floatBinary", "floatReduce", "softmax",
    "floatConvolution", "floatWinograd", "floatMatMul", "recurrent", "integerBinary", "compare", "select",
    "gatherElements", "argReduce",
    "cumulative", "integerReduce", "scatter", "topK", "gridSample", "roiAlign", "maxPoolIndices", "suppression",
    "determinant",
  ]

  package mutating func make(_ kind: String, extreme: Bool) -> Made {
    program = Program(name: "case")
    bytes = []
    isExtreme = extreme
    let step: any Step =
      switch kind {
      case "add", "extreme", "multiply", "table": integer(kind)
      case "quantize", "dequantize", "cast", "move": convert(kind)
      case "maxPool", "averagePool", "floatPool": pool(kind)
      case "resizeLinear", "floatResize": resize(kind)
      case "fill", "load", "gather": data(kind)
      case "floatConvolution": floatConvolution()
      case "floatWinograd": floatWinograd()
      case "recurrent": recurrent()
      case "integerBinary", "compare", "select", "gatherElements", "argReduce", "cumulative", "integerReduce",
        "scatter", "topK":
        choice(kind)
      case "gridSample", "roiAlign", "maxPoolIndices", "suppression", "determinant": sampling(kind)
      default: float(kind)
      }
    program.steps = [step]
    let memory = Memory(buffers: bytes, constants: program.constants.map { $0.tensor.littleEndianBytes })
    return Made(title: "\(step)", program: program, memory: memory)
  }

  // MARK: Draws

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
  mutating func pick<T>(_ values: [T]) -> T { values[int(0...values.count - 1)] }
  mutating func coin() -> Bool { Bool.random(using: &generator) }
  mutating func zeroPoint() -> Int { isExtreme ? pick([-128, 127, 0]) : int(-128...127) }
  /// Sizes with and without tails of whole vectors.
  mutating func size() -> Int { pick([1, 2, 3, 5, 7, 8, 16, 17, 31, 32, 33, 48, 64, 70]) }

  mutating func float() -> Float {
    if isExtreme { return pick([0, -0.0, 1, -1, 0.5, 1.5, 2.5, 87, -87, 1e-40, -1e-40, 3e4, -3e4, 1e-3]) }
    return Float(int(-400_000...400_000)) / 50_000
  }

  // MARK: Buffers and constants

  mutating func buffer(_ type: DataType, _ shape: Shape, _ content: [UInt8]? = nil) -> BufferID {
    program.buffers.append(Buffer(name: "v\(bytes.count)", dataType: type, shape: shape))
    bytes.append(content ?? [UInt8](repeating: 0, count: shape.count * type.byteCount))
    return BufferID(bytes.count - 1)
  }

  mutating func int8s(_ shape: Shape) -> BufferID {
    let values = (0..<shape.count).map { _ in
      UInt8(truncatingIfNeeded: isExtreme ? pick([-128, 127, 0]) : int(-128...127))
    }
    return buffer(.int8, shape, values)
  }

  private static let edges: [Float] = [
    .infinity, -.infinity, .nan, -.nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNormalMagnitude,
    .leastNonzeroMagnitude, -.leastNonzeroMagnitude, -104, 88.8, 3, -3, 2, 16_777_216, 1e10, -0.5,
  ]

  /// With `edges` also infinities, NaN and the ends of the normal and denormal numbers.
  mutating func floats(_ shape: Shape, positive: Bool = false, edges: Bool = false) -> BufferID {
    let values = (0..<shape.count).map { _ in
      let value = edges && coin() ? pick(Self.edges) : float()
      return positive ? abs(value) + 0.01 : value
    }
    return buffer(.float32, shape, Tensor(shape, values).littleEndianBytes)
  }

  mutating func constant(_ tensor: Tensor) -> ConstantID {
    program.constants.append(Constant(name: "c\(program.constants.count)", tensor: tensor))
    return ConstantID(program.constants.count - 1)
  }

  mutating func floatConstant(_ shape: Shape, scale: Float = 1) -> ConstantID {
    constant(Tensor(shape, (0..<shape.count).map { _ in Float(int(-1000...1000)) / 1000 * scale }))
  }

  mutating func requantization(shift: ClosedRange<Int>, preShift: ClosedRange<Int> = 0...0) -> Requantization {
    Requantization(
      preShift: int(preShift), shift: int(shift), zeroPoint: zeroPoint(), low: coin() ? -128 : int(-128...0),
      high: coin() ? 127 : int(1...127))
  }

  // MARK: Walks

  /// A walk over a dense output of `shape`, whose `operands` inputs are broadcast along some dimensions.
  mutating func broadcast(_ shape: Shape, operands: Int) -> (walk: Walk, shapes: [Shape]) {
    var strides: [[Int]] = []
    var shapes: [Shape] = []
    for operand in 0..<operands {
      let kept = shape.dims.map { operand == 0 && int(0...3) > 0 || int(0...2) > 0 ? $0 : 1 }
      shapes.append(Shape(kept))
      strides.append(zip(Shape(kept).strides, zip(kept, shape.dims)).map { $1.0 == $1.1 ? $0 : 0 })
    }
    return (Walk(extents: shape.dims, strides: strides + [shape.strides]), shapes)
  }

  /// A walk that writes a dense output while it reads a permuted input.
  mutating func permuted(_ shape: Shape) -> Walk {
    var axes = Array(0..<shape.rank)
    if coin() { axes.shuffle(using: &generator) } else if shape.rank == 3 { axes = pick([[1, 2, 0], [2, 0, 1]]) }
    let extents = axes.map { shape[$0] }
    return Walk(extents: extents, strides: [axes.map { shape.strides[$0] }, Shape(extents).strides])
  }

  mutating func shape() -> Shape {
    switch int(0...3) {
    case 0: [size() * size()]
    case 1: [int(1...9), size()]
    case 2: [int(1...5), int(1...9), size()]
    default: [pick([1, 3, 4, 8, 16, 24]), int(1...20), int(1...20)]
    }
  }
}
