import KDCGraph
import KDCOps
import KDCPasses
import KDCTensor
import KDCTestSupport
import Testing

/// Builds small graphs in a line or two and checks that a pass keeps their outputs.
struct GraphBuilder {
  var graph = Graph(name: "g", opset: 17, file: "g.onnx", inputs: [], outputs: [], nodes: [])
  private var generator: SeededGenerator

  init(seed: UInt64 = 1) { generator = SeededGenerator(seed: seed) }

  mutating func input(_ name: String, _ shape: Shape) {
    graph.inputs.append(ValueInfo(name: name, type: TensorType(.float32, shape)))
  }

  /// A random weight in −1...1.
  mutating func weight(_ name: String, _ shape: Shape) {
    let values = (0..<shape.count).map { _ in Float.random(in: -1...1, using: &generator) }
    graph.initializers[name] = Tensor(shape, values)
  }

  mutating func constant(_ name: String, _ shape: Shape, _ values: [Float]) {
    graph.initializers[name] = Tensor(shape, values)
  }

  mutating func integers(_ name: String, _ values: [Int64]) {
    graph.initializers[name] = Tensor([values.count], values)
  }

  /// A node named after its output.
  mutating func node(
    _ opType: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:], opset: Int = 17,
    domain: String = ""
  ) {
    graph.nodes.append(
      Node(
        name: output, opType: opType, domain: domain, opset: opset, inputs: inputs, outputs: [output],
        attributes: attributes))
  }

  /// BatchNormalization with random parameters.
  mutating func batchNormalization(_ input: String, _ output: String, channels: Int) {
    for part in ["scale", "bias", "mean"] { weight("\(output).\(part)", [channels]) }
    let variance = (0..<channels).map { _ in Float.random(in: 0.5...2, using: &generator) }
    constant("\(output).var", [channels], variance)
    node(
      "BatchNormalization", [input] + ["scale", "bias", "mean", "var"].map { "\(output).\($0)" }, output,
      ["epsilon": .float(1e-3)])
  }
}

extension Graph {
  var opTypes: [String] { nodes.map(\.opType) }
  func node(making value: String) -> Node? { nodes.first { $0.outputs.contains(value) } }
}

/// Random inputs in −2...2 (integers 0...1) for a graph.
func randomInputs(_ graph: Graph, seed: UInt64) -> [String: Tensor] {
  var generator = SeededGenerator(seed: seed)
  var result: [String: Tensor] = [:]
  for input in graph.inputs {
    let count = input.type.shape.count
    switch input.type.dataType {
    case .int64:
      result[input.name] = Tensor(input.type.shape, (0..<count).map { _ in Int64.random(in: 0...1, using: &generator) })
    case .int32:
      result[input.name] = Tensor(input.type.shape, (0..<count).map { _ in Int32.random(in: 0...1, using: &generator) })
    default:
      result[input.name] = Tensor(
        input.type.shape, (0..<count).map { _ in Float.random(in: -2...2, using: &generator) })
    }
  }
  return result
}

/// The largest difference of any output between two graphs on the same inputs, relative to the output's largest value.
func difference(_ a: Graph, _ b: Graph, inputs: [String: Tensor], threads: Threads = .single) throws -> Float {
  let first = try GraphEvaluator(a).run(inputs: inputs, threads: threads)
  let second = try GraphEvaluator(b).run(inputs: inputs, threads: threads)
  #expect(first.keys.sorted() == second.keys.sorted())
  var worst: Float = 0
  for (name, x) in first {
    let y = try #require(second[name])
    #expect(x.type == y.type, "\(name)")
    guard let xs = x.floats, let ys = y.floats, x.type == y.type else {
      #expect("\(x.elements)" == "\(y.elements)", "\(name)")
      continue
    }
    let largest = xs.reduce(1e-3) { max($0, abs($1)) }
    for (p, q) in zip(xs, ys) where !(p == q) {
      worst = max(worst, p.isNaN != q.isNaN ? .infinity : abs(p - q) / largest)
    }
  }
  return worst
}

/// Runs `passes` on `graph`; the graph must stay valid and its outputs the same. Returns it and the number of changes.
@discardableResult
func apply(
  _ passes: (any GraphPass.Type)..., to graph: Graph, tolerance: Float = 2e-5
) throws -> (graph: Graph, changes: Int) {
  var result = graph
  try result.inferTypes()
  let before = result
  var changes = 0
  for pass in passes { changes = try Passes.run(pass, on: &result) }
  #expect(result.verify().isEmpty)
  for seed in 1...3 as ClosedRange<UInt64> {
    let worst = try difference(before, result, inputs: randomInputs(before, seed: seed))
    #expect(worst <= tolerance, "seed \(seed)\n\(before)\n\(result)")
  }
  return (result, changes)
}
