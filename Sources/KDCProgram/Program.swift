import KDCTensor

/// What the device does: buffers, constants and steps with exact semantics, in order of execution.
///
/// Lowering makes it from a graph; the reference interpreter runs it, code generation emits it, the memory plan
/// places its buffers and the bundle carries it.
package struct Program: Sendable {
  package var name: String
  package var inputs: [Port]
  package var outputs: [Port]
  package var buffers: [Buffer]
  package var constants: [Constant]
  package var steps: [any Step]
  /// See `withRanges`; not true any more once inputs or steps change.
  fileprivate var knownRanges: ValueRanges?

  package init(name: String) {
    self.name = name
    inputs = []
    outputs = []
    buffers = []
    constants = []
    steps = []
  }

  /// What each buffer can hold.
  package var ranges: ValueRanges { knownRanges ?? ValueRanges(of: self) }

  /// Multiply-accumulates of one inference.
  package var macs: Int { steps.reduce(0) { $0 + $1.macs } }

  /// The same program, to be read only, with its ranges found once: for those who ask at every step.
  package var withRanges: Program {
    var copy = self
    copy.knownRanges = ranges
    return copy
  }
}

/// A model input or output as the application sees it: row-major, ONNX shape, in buffer `buffer`.
package struct Port: Hashable, Sendable, Codable {
  package var name: String
  package var dataType: DataType
  package var shape: Shape
  package var buffer: BufferID
  package init(name: String, dataType: DataType, shape: Shape, buffer: BufferID) {
    self.name = name
    self.dataType = dataType
    self.shape = shape
    self.buffer = buffer
  }
}

/// Index into `Program.buffers`.
package struct BufferID: Hashable, Sendable, Codable {
  package var index: Int
  package init(_ index: Int) { self.index = index }
  package init(from decoder: any Decoder) throws { index = try Int(from: decoder) }
  package func encode(to encoder: any Encoder) throws { try index.encode(to: encoder) }
}

/// Index into `Program.constants`.
package struct ConstantID: Hashable, Sendable, Codable {
  package var index: Int
  package init(_ index: Int) { self.index = index }
  package init(from decoder: any Decoder) throws { index = try Int(from: decoder) }
  package func encode(to encoder: any Encoder) throws { try index.encode(to: encoder) }
}

/// A mutable tensor of a program. Elements lie densely in the order of `shape`; a channels-last activation of the
/// graph value [1,C,H,W] has the shape [1,H,W,C].
package struct Buffer: Hashable, Sendable, Codable {
  /// The graph value it holds, for people.
  package var name: String
  package var dataType: DataType
  package var shape: Shape
  /// For int8 buffers: real = scale · (q − zeroPoint). Information only: steps carry their own numbers.
  package var scale: Float?
  package var zeroPoint: Int?

  package init(name: String, dataType: DataType, shape: Shape, scale: Float? = nil, zeroPoint: Int? = nil) {
    self.name = name
    self.dataType = dataType
    self.shape = shape
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
  package var byteCount: Int { shape.count * dataType.byteCount }
}

/// Immutable data of a program in logical order; kernels may ask for another packing of it, made at load time.
package struct Constant: Sendable {
  package var name: String
  package var tensor: Tensor
  /// The elements are int8 in −8...7 that a bundle stores two a byte; steps see int8 all the same.
  package var isInt4: Bool
  package init(name: String, tensor: Tensor, isInt4: Bool = false) {
    self.name = name
    self.tensor = tensor
    self.isInt4 = isInt4
  }
}
