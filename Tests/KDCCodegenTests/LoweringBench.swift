import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

/// Builds small graphs, lowers them and compares the program with the graph's float evaluation.
struct LoweringBench {
  var graph = Graph(name: "bench", opset: 17, inputs: [], outputs: [], nodes: [])
  private var random: SeededGenerator
  private var ranges: [String: ClosedRange<Float>] = [:]

  init(seed: UInt64 = 1) { random = SeededGenerator(seed: seed) }

  mutating func input(_ name: String, _ shape: Shape, in range: ClosedRange<Float> = -2...2) {
    graph.inputs.append(ValueInfo(name: name, type: TensorType(.float32, shape)))
    ranges[name] = range
  }

  mutating func weights(_ name: String, _ shape: Shape, in range: ClosedRange<Float> = -0.5...0.5) {
    graph.initializers[name] = tensor(shape, range)
  }

  mutating func constant(_ name: String, _ tensor: Tensor) { graph.initializers[name] = tensor }

  mutating func node(
    _ opType: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Attribute] = [:],
    opset: Int = 17
  ) {
    let domain = opType.hasPrefix("Fused") ? "com.microsoft" : ""
    graph.nodes.append(
      Node(
        name: "n\(graph.nodes.count)", opType: opType, domain: domain, opset: domain.isEmpty ? opset : 1,
        inputs: inputs, outputs: outputs, attributes: attributes))
    graph.outputs = outputs.filter { !$0.isEmpty }
  }

  private mutating func tensor(_ shape: Shape, _ range: ClosedRange<Float>) -> Tensor {
    Tensor(shape, (0..<shape.count).map { _ in Float.random(in: range, using: &random) })
  }

  private mutating func sample() -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for input in graph.inputs { result[input.name] = tensor(input.type.shape, ranges[input.name] ?? -1...1) }
    return result
  }

  /// The float program, and its largest difference from the evaluator relative to max(1, |y|).
  /// NaN must be where the evaluator's is with `comparesNaN`.
  mutating func float(comparesNaN: Bool = false) throws -> (program: Program, error: Float) {
    let program = try lower(graph)
    var interpreter = try Interpreter(program)
    let inputs = sample()
    let want = try GraphEvaluator(graph).run(inputs: inputs)
    let got = try interpreter.run(inputs)
    var worst: Float = 0
    for name in graph.outputs {
      guard let expected = want[name], let actual = got[name], expected.type == actual.type else {
        return (program, .infinity)
      }
      if let a = expected.floats, let b = actual.floats {
        for (x, y) in zip(a, b) {
          if comparesNaN && x.isNaN != y.isNaN { worst = .infinity }
          worst = max(worst, x == y || x.isNaN ? 0 : abs(x - y) / max(1, abs(x)))
        }
      } else if expected.littleEndianBytes != actual.littleEndianBytes {
        worst = .infinity
      }
    }
    return (program, worst)
  }

  /// Quantises every float value by its range on one sample (`shared` values take the parameters of another) and all
  /// FusedConv, FusedGemm and ConvTranspose weights. Returns the program and the largest difference from the evaluator
  /// (of the dequantised weights and inputs) in units of each output's scale.
  mutating func int8(shared: [String: String] = [:], floats: Set<String> = []) throws -> (
    program: Program, error: Float
  ) {
    var inputs = sample()
    for name in inputs.keys.sorted() where !floats.contains(name) {
      guard let values = inputs[name]?.floats else { continue }
      let parameters = Self.parameters(values)
      graph.quantization[name] = parameters
      inputs[name] = Tensor(
        inputs[name]?.shape ?? [], values.map { Self.rounded($0, parameters) })
    }
    for node in graph.nodes {
      let axis = node.opType == "ConvTranspose" ? 1 : 0
      guard ["FusedConv", "FusedGemm", "ConvTranspose"].contains(node.opType) else { continue }
      quantizeWeights(node.inputs[1], axis: axis)
    }
    var reference = graph
    for (name, tensor) in graph.initializers {
      guard case .int8(let values) = tensor.elements, let parameters = graph.quantization[name] else { continue }
      reference.initializers[name] = Tensor(tensor.shape, parameters.dequantized(values, tensor.shape))
    }
    var ranges: [String: QuantizationParameters] = [:]
    let want = try GraphEvaluator(reference).run(inputs: inputs) { name, tensor in
      if let values = tensor.floats { ranges[name] = Self.parameters(values) }
    }
    for (name, parameters) in ranges where !floats.contains(name) { graph.quantization[name] = parameters }
    for (name, other) in shared { graph.quantization[name] = graph.quantization[other] }
    let program = try lower(graph)
    var interpreter = try Interpreter(program)
    let got = try interpreter.run(inputs)
    var worst: Float = 0
    for name in graph.outputs {
      guard let a = want[name]?.floats, let b = got[name]?.floats, a.count == b.count else {
        return (program, .infinity)
      }
      let scale = graph.quantization[name]?.scale ?? 1
      for (x, y) in zip(a, b) { worst = max(worst, abs(x - y) / scale) }
    }
    return (program, worst)
  }

  private mutating func quantizeWeights(_ name: String, axis: Int) {
    guard let tensor = graph.initializers[name], let values = tensor.floats else { return }
    let shape = tensor.shape
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    func channel(_ index: Int) -> Int { index / inner % shape[axis] }
    var scales = [Float](repeating: 0, count: shape[axis])
    for (index, value) in values.enumerated() {
      scales[channel(index)] = max(scales[channel(index)], abs(value) / 127)
    }
    scales = scales.map { $0 == 0 ? 1e-9 : $0 }
    let integers = values.indices.map { Int8((values[$0] / scales[channel($0)]).rounded()) }
    graph.initializers[name] = Tensor(shape, integers)
    graph.quantization[name] = QuantizationParameters(perChannel: scales, axis: axis)
  }

  private static func parameters(_ values: [Float]) -> QuantizationParameters {
    let low = min(values.min() ?? 0, 0)
    let high = max(values.max() ?? 0, 0)
    let scale = max((high - low) / 255, 1e-6)
    return QuantizationParameters(scale: scale, zeroPoint: Int((-128 - low / scale).rounded()))
  }

  private static func rounded(_ value: Float, _ p: QuantizationParameters) -> Float {
    let q = QuantizeStep.quantize(value, inverseScale: 1 / p.scale, zeroPoint: p.zeroPoint)
    return Float(Int(q) - p.zeroPoint) * p.scale
  }
}

extension Program {
  var kinds: [String] { steps.map { type(of: $0).kind } }
}

extension Attribute {
  static func pads(_ values: Int64...) -> Attribute { .ints(values) }
}
