import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining
import Testing

@Suite("Saliency")
struct SaliencyTests {
  /// A model whose only logit is the brightness of the top left quarter, less a constant.
  private func corner() throws -> Graph {
    var weights = [Float](repeating: 0, count: 36)
    for y in 0..<3 { for x in 0..<3 { weights[6 * y + x] = 1 } }
    var graph = Graph(
      name: "corner", opset: 17, inputs: [ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 6, 6]))],
      outputs: ["y"],
      nodes: [
        Node(name: "flat", opType: "Flatten", opset: 17, inputs: ["image"], outputs: ["flat"]),
        Node(
          name: "y", opType: "Gemm", opset: 17, inputs: ["flat", "w", "b"], outputs: ["y"],
          attributes: ["transB": .int(1)]),
      ], initializers: ["w": Tensor([1, 36], weights), "b": Tensor([1], [-4.5] as [Float])])
    try graph.inferTypes()
    return graph
  }

  @Test("The pixels that a model reads are found, alike for every number of threads")
  func finds() throws {
    var options = Saliency.Options()
    options.masks = 600
    options.cells = 3
    let image = ["image": Tensor([1, 1, 6, 6], [Float](repeating: 1, count: 36))]
    let maps = try [1, 2].map {
      try Saliency(of: corner(), output: "y", image: image, options: options, threads: Threads($0))
    }
    let map = maps[0].map
    #expect(maps[1].map == map && maps[1].insertion == maps[0].insertion)
    func mean(_ isChosen: (_ y: Int, _ x: Int) -> Bool) -> Float {
      let chosen: [Float] = map.indices.filter { isChosen($0 / 6, $0 % 6) }.map { map[$0] }
      let sum: Float = chosen.reduce(0, +)
      return sum / Float(chosen.count)
    }
    let inside = mean { y, x in y < 3 && x < 3 }
    let outside = mean { y, x in y > 3 || x > 3 }
    #expect(inside > 1.1 * outside)
    #expect(maps[0].label == 1 && maps[0].insertion > 0.7 && maps[0].deletion < 0.3)
  }

  @Test("A class that the model lacks, and inputs that are no image, are diagnostics")
  func faults() throws {
    let image = ["image": Tensor([1, 1, 6, 6], [Float](repeating: 1, count: 36))]
    #expect(throws: DiagnosticList.self) {
      try Saliency(of: corner(), output: "y", image: image, label: 2, threads: 1)
    }
    #expect(throws: DiagnosticList.self) {
      try Saliency(
        of: corner(), output: "y", image: ["image": Tensor([1, 36], [Float](repeating: 1, count: 36))], threads: 1)
    }
    var broken = try corner()
    broken.initializers["b"] = Tensor([1], [Float.nan])
    let fault = #expect(throws: DiagnosticList.self) {
      try Saliency(of: broken, output: "y", image: image, threads: 1)
    }
    #expect(fault?.all.map(\.id) == [.nonFiniteActivation])
  }

  @Test("A picture comes back from its PNG")
  func png() throws {
    let image = Image(width: 3, height: 2, channels: 3, pixels: (0..<18).map { UInt8($0 * 14) })
    let bytes = try image.png()
    #expect(Array(bytes.prefix(4)) == [0x89, 0x50, 0x4E, 0x47])
  }
}
