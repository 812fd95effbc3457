import Foundation
import KDCCodegen
import KDCCompression
import KDCGraph
import KDCPasses
import KDCTargets
import KDCTensor
import Testing

/// From a graph to kernels, the time of which must grow with the model and not with its square.
@Suite("Long chains", .serialized)
struct LongChainTests {
  /// `count` nodes in a row; every kind of pass finds something to do in one of the kinds of chain.
  private func chain(_ kind: String, _ count: Int) -> Graph {
    var graph = Graph(
      name: kind, opset: 17, inputs: [ValueInfo(name: "v0", type: TensorType(.float32, [1, 4, 2, 2]))],
      outputs: ["v\(count)"], nodes: [],
      initializers: [
        "one": Tensor([1], [1.5 as Float]), "w": Tensor([4, 4, 1, 1], (0..<16).map { Float($0 % 5) / 8 }),
        "four": Tensor([4], [1, 2, 1, 2] as [Float]),
      ])
    for index in 0..<count {
      let (input, output) = ("v\(index)", "v\(index + 1)")
      let row: [(String, [String])] =
        switch kind {
        case "element-wise": [("Sigmoid", [input]), ("Add", [input, "one"])]
        case "no-ops": [("Identity", [input]), ("Sigmoid", [input])]
        case "convolutions":
          [
            ("Conv", [input, "w"]), ("BatchNormalization", [input, "four", "four", "four", "four"]), ("Relu", [input]),
          ]
        case "common": [("Relu", ["v0"]), ("Add", [input, "v\(max(index - 1, 0))"])]
        default: [("BatchNormalization", [input, "four", "four", "four", "four"]), ("Sigmoid", [input])]
        }
      let (opType, inputs) = row[index % row.count]
      graph.nodes.append(Node(name: "n\(index)", opType: opType, opset: 17, inputs: inputs, outputs: [output]))
    }
    return graph
  }

  private func seconds(_ kind: String, _ count: Int) throws -> Double {
    let start = Date()
    var graph = chain(kind, count)
    try Passes.run(on: &graph)
    var options = Quantizer.Options()
    options.rangeMethod = .minMax
    options.searchesWeightScales = false
    let sample = ["v0": Tensor([1, 4, 2, 2], (0..<16).map { Float($0) / 8 - 1 })]
    let program = try lower(try Quantizer.quantize(graph, samples: [sample], options: options).graph)
    _ = try KernelSelection(for: program, on: try Targets.builtIn().find(["pi4b"])[0])
    return Date().timeIntervalSince(start)
  }

  @Test(
    "Four times the nodes take little more than four times as long",
    arguments: ["element-wise", "no-ops", "convolutions", "common", "normalisations"])
  func growth(_ kind: String) throws {
    _ = try seconds(kind, 30)
    let short = try seconds(kind, 300)
    let long = try seconds(kind, 1200)
    #expect(long <= 8 * short + 0.5, "\(kind): \(short) s, then \(long) s")
  }
}
