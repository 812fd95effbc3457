import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FoldPaddingTests {
  private func padded(_ pads: [Int64], value: Float? = nil, relu: Bool = false) -> GraphBuilder {
    var b = GraphBuilder()
    b.input("x", [1, 2, 6, 6])
    b.integers("pads", pads)
    if let value { b.constant("v", [], [value]) }
    if relu { b.node("Relu", ["x"], "r") }
    b.node("Pad", [relu ? "r" : "x", "pads"] + (value == nil ? [] : ["v"]), "t")
    b.graph.outputs = ["y"]
    return b
  }
  private let sides: [Int64] = [0, 0, 1, 0, 0, 0, 2, 1]

  @Test("Zeros around an image become a convolution's own padding")
  func convolution() throws {
    var b = padded(sides)
    b.weight("w", [3, 2, 3, 3])
    b.node("Conv", ["t", "w"], "y", ["pads": .ints([1, 1, 1, 1])])
    let (result, _) = try apply(CanonicalizeConvolution.self, FoldPadding.self, to: b.graph)
    #expect(result.opTypes == ["FusedConv"])
    #expect(result.nodes.first?.attributes["pads"].map(\.text) == "[2,1,3,2]")
  }

  @Test("Zeros before an average become padding that counts")
  func average() throws {
    var b = padded(sides)
    b.node("AveragePool", ["t"], "y", ["kernel_shape": .ints([3, 3])])
    let (result, _) = try apply(FoldPadding.self, to: b.graph)
    #expect(result.opTypes == ["AveragePool"])
  }

  @Test("Zeros before a maximum become padding only where no value is negative")
  func maximum() throws {
    for relu in [false, true] {
      var b = padded(sides, relu: relu)
      b.node("MaxPool", ["t"], "y", ["kernel_shape": .ints([3, 3])])
      #expect(try apply(FoldPadding.self, to: b.graph).changes == (relu ? 1 : 0))
    }
    var b = padded(sides, value: -.greatestFiniteMagnitude)
    b.node("MaxPool", ["t"], "y", ["kernel_shape": .ints([3, 3])])
    #expect(try apply(FoldPadding.self, to: b.graph).changes == 1)
  }

  @Test("Padding with another value, of channels, or by reflection stays")
  func unfit() throws {
    for (pads, value, mode) in [
      (sides, 1, "constant"), ([0, 1, 0, 0, 0, 1, 0, 0], 0, "constant"), (sides, 0, "reflect"),
    ] as [([Int64], Float, String)] {
      var b = padded(pads, value: value)
      b.graph.nodes[0].attributes["mode"] = .string(mode)
      b.weight("w", [3, mode == "constant" && pads[1] == 1 ? 4 : 2, 3, 3])
      b.node("Conv", ["t", "w"], "y")
      #expect(try apply(CanonicalizeConvolution.self, FoldPadding.self, to: b.graph).changes == 0)
    }
  }
}
