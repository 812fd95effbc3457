import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCProgram
import KDCTensor

/// The activations of a model that is being quantised, as its program computes them: for each sample the bytes of every
/// form in which lowering has a value.
struct ProgramValues {
  private struct Value {
    var forms: [ValueForm] = []
    /// By form and sample.
    var bytes: [[[UInt8]]] = []
  }
  private var values: [String: Value] = [:]
  /// Values that are known without samples, besides initializers.
  private let constants: [String: Tensor]
  private let sampleCount: Int
  private let threads: Threads

  init(constants: [String: Tensor], sampleCount: Int, threads: Threads) {
    self.constants = constants
    self.sampleCount = sampleCount
    self.threads = threads
  }

  /// Whether the value is here: computed from samples, and still needed.
  func isComputed(_ name: String) -> Bool { values[name] != nil }

  /// An input of the graph, a tensor a sample.
  mutating func set(_ name: String, _ tensors: [Tensor]) {
    values[name] = Value(
      forms: [ValueForm(encoding: .native, layout: .rowMajor)], bytes: [tensors.map(\.littleEndianBytes)])
  }

  mutating func remove(_ name: String) { values[name] = nil }

  /// Runs the node's steps on every sample. `graph` has the parameters of the values that the node reads and computes.
  mutating func run(_ node: Node, of graph: Graph) throws {
    guard !node.outputs.allSatisfy({ $0.isEmpty || constants[$0] != nil }) else { return }
    let given: [String: [ValueForm]] = node.inputs.reduce(into: [:]) { $0[$1] = values[$1]?.forms }
    let part = try NodeProgram(node, of: graph, constants: constants, given: given)
    let results = try run(part)
    for (index, place) in part.outputs.enumerated() {
      values[place.value, default: Value()].forms.append(place.form)
      values[place.value, default: Value()].bytes.append(results.map { $0[index] })
    }
  }

  /// The value as an output of the model would show it, for the first so many samples (nil: all).
  func tensors(_ name: String, first count: Int? = nil, of graph: Graph) throws -> [Tensor] {
    let part = try reading(name, of: graph, given: values[name]?.forms)
    return try run(part, values[name]?.bytes ?? [], samples: min(count ?? sampleCount, sampleCount)).map {
      try tensor(name, $0[0], of: graph)
    }
  }

  /// The value as a layer of integers reads it, for the first so many samples: rounded, though it may lie in float so far.
  func tensorsRead(_ name: String, first count: Int, of graph: Graph) throws -> [Tensor] {
    let tensors = try tensors(name, first: count, of: graph)
    guard let rounding = rounding(of: name, graph) else { return tensors }
    return tensors.map(rounding.fakeQuantized)
  }

  /// The mean over the first so many samples of a value as a layer of integers reads it.
  ///
  /// Taken in int8 where the value is int8: the dequantised mean is the mean of what was dequantised.
  func mean(_ name: String, first count: Int, of graph: Graph) throws -> Tensor {
    if values[name] == nil, let constant = constants[name] ?? graph.initializers[name] { return constant }
    guard let value = values[name], count > 0,
      let form = value.forms.firstIndex(where: { $0.encoding != .native }) ?? value.forms.indices.first
    else { throw InternalError("'\(name)' has no value whose mean could be taken") }
    let samples = value.bytes[form].prefix(count)
    let means: [Float]
    if case .int8(let affine) = value.forms[form].encoding {
      means = Self.sums(samples).map { sum in
        Float((Double(sum) / Double(samples.count) - Double(affine.zeroPoint)) * Double(affine.scale))
      }
    } else {
      let rounding = rounding(of: name, graph)
      means = Self.floatSums(samples, rounding).map { Float($0 / Double(samples.count)) }
    }
    let native = ValueForm(encoding: .native, layout: value.forms[form].layout)
    let bytes = Tensor([means.count], means).littleEndianBytes
    let read = try run(reading(name, of: graph, given: [native]), [[bytes]], samples: 1)
    return try tensor(name, read[0][0], of: graph)
  }

  /// How a value that lies in float alone is rounded once integers read it.
  private func rounding(of name: String, _ graph: Graph) -> QuantizationParameters? {
    guard let value = values[name], value.forms.allSatisfy({ $0.encoding == .native }) else { return nil }
    return graph.quantization[name]
  }

  // MARK: Programs

  private func reading(_ name: String, of graph: Graph, given forms: [ValueForm]?) throws -> NodeProgram {
    try NodeProgram(reading: name, of: graph, constants: constants, given: forms.map { [name: $0] } ?? [:])
  }

  private func tensor(_ name: String, _ bytes: [UInt8], of graph: Graph) throws -> Tensor {
    guard let type = graph.types[name], let tensor = Tensor(type, littleEndianBytes: bytes) else {
      throw InternalError("'\(name)' is not of its type")
    }
    return tensor
  }

  /// Outputs by sample and port, from what the values are.
  private func run(_ part: NodeProgram) throws -> [[[UInt8]]] {
    let inputs = try part.inputs.map { place in
      guard let value = values[place.value], let form = value.forms.firstIndex(of: place.form) else {
        throw InternalError("'\(place.value)' has not the form that is read")
      }
      return value.bytes[form]
    }
    return try run(part, inputs, samples: sampleCount)
  }

  /// Outputs by sample and port; `inputs` are by port and sample.
  private func run(_ part: NodeProgram, _ inputs: [[[UInt8]]], samples count: Int) throws -> [[[UInt8]]] {
    // An interpreter for each thread: constants and buffers are made once.
    let pieces = max(1, min(threads.count, count))
    let parts = try parallelMap(pieces, threads: threads) { piece in
      var interpreter = try Interpreter(part.program, threads: threads.count / pieces)
      return try (count * piece / pieces..<count * (piece + 1) / pieces).map { sample in
        try interpreter.run(raw: inputs.map { $0[sample] })
      }
    }
    return Array(parts.joined())
  }

  private static func sums(_ samples: ArraySlice<[UInt8]>) -> [Int32] {
    var sums = [Int32](repeating: 0, count: samples.first?.count ?? 0)
    for sample in samples {
      for index in 0..<min(sums.count, sample.count) { sums[index] &+= Int32(Int8(bitPattern: sample[index])) }
    }
    return sums
  }

  private static func floatSums(_ samples: ArraySlice<[UInt8]>, _ rounding: QuantizationParameters?) -> [Double] {
    let count = (samples.first?.count ?? 0) / 4
    var sums = [Double](repeating: 0, count: count)
    for sample in samples {
      guard let tensor = Tensor(TensorType(.float32, [count]), littleEndianBytes: sample) else { continue }
      for (index, value) in (rounding.map { $0.fakeQuantized(tensor) } ?? tensor).asFloats.enumerated() {
        sums[index] += Double(value)
      }
    }
    return sums
  }
}
