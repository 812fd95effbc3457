import Glibc
import KDCCodegen
import KDCCompression
import KDCGraph
import KDCOps
import KDCPasses
import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

/// A small model of standard operators, quantised on some random samples and run as a program on others.
struct QuantizedCase {
  var graph: Graph
  /// What each element of an input is multiplied by.
  var inputFactor: (Int) -> Float = { _ in 1 }
  private var generator: SeededGenerator

  init(seed: UInt64 = 1, input: Shape = [1, 8, 6, 6]) {
    graph = Graph(
      name: "g", opset: 13, inputs: [ValueInfo(name: "x", type: TensorType(.float32, input))], outputs: [], nodes: [])
    generator = SeededGenerator(seed: seed)
  }

  /// A random constant of about normal values times `scale`.
  @discardableResult
  mutating func weight(_ name: String, _ shape: Shape, scale: Float = 1) -> String {
    let values = (0..<shape.count).map { _ in
      scale * (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -0.87...0.87, using: &generator) }
    }
    graph.initializers[name] = Tensor(shape, values)
    return name
  }

  mutating func constant(_ name: String, _ shape: Shape, _ values: [Float]) {
    graph.initializers[name] = Tensor(shape, values)
  }

  mutating func integers(_ name: String, _ values: [Int64]) {
    graph.initializers[name] = Tensor([values.count], values)
  }

  /// A node named after its first output.
  mutating func node(
    _ opType: String, _ inputs: [String], _ outputs: String..., with attributes: [String: Attribute] = [:]
  ) {
    graph.nodes.append(
      Node(
        name: outputs[0], opType: opType, opset: 13, inputs: inputs, outputs: outputs, attributes: attributes))
  }

  /// Samples of about normal values.
  mutating func samples(_ count: Int) -> [[String: Tensor]] {
    (0..<count).map { _ in
      Dictionary(
        uniqueKeysWithValues: graph.inputs.map { input in
          let values = (0..<input.type.shape.count).map { index in
            inputFactor(index)
              * (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -0.87...0.87, using: &generator) }
          }
          return (input.name, Tensor(input.type.shape, values))
        })
    }
  }

  /// The graph after all passes.
  func canonical() throws -> Graph {
    var graph = graph
    try Passes.run(on: &graph)
    return graph
  }

  /// Signal over noise in decibels of each position along an axis of an output, on samples that quantisation has not seen. `prepare`
  /// rewrites the canonical graph, given the calibration samples.
  mutating func decibels(
    _ output: String, axis: Int, prepare: (Graph, [[String: Tensor]]) throws -> Graph = { graph, _ in graph }
  ) throws -> [Double] {
    let exact = try canonical()
    let calibration = samples(128)
    let graph = try prepare(exact, calibration)
    let quantized = try Quantizer.quantize(graph, samples: calibration, options: .init()).graph
    let evaluator = try GraphEvaluator(exact)
    let shape = try #require(exact.types[output]?.shape)
    var interpreter = try Interpreter(try lower(quantized))
    var (signal, noise) = ([Double](repeating: 0, count: shape[axis]), [Double](repeating: 0, count: shape[axis]))
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    for sample in samples(16) {
      let wanted = try #require(try evaluator.run(inputs: sample)[output]?.floats)
      let found = try #require(try interpreter.run(sample)[output]?.floats)
      for (index, (y, x)) in zip(wanted, found).enumerated() {
        signal[index / inner % shape[axis]] += Double(y) * Double(y)
        noise[index / inner % shape[axis]] += Double(y - x) * Double(y - x)
      }
    }
    return zip(signal, noise).map { 10 * log10($0 / max($1, 1e-30)) }
  }
}
