import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct CanonicalizeConvolutionTests {
  @Test(
    "Every padding mode becomes explicit", arguments: ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"], [1, 2, 3])
  func padding(_ mode: String, _ stride: Int64) throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 7, 8])
    b.weight("w", [3, 2, 3, 2])
    b.weight("b", [3])
    b.node("Conv", ["x", "w", "b"], "y", ["auto_pad": .string(mode), "strides": .ints([stride, stride])])
    b.graph.outputs = ["y"]
    let (result, _) = try apply(CanonicalizeConvolution.self, to: b.graph)
    #expect(result.opTypes == ["FusedConv"])
    #expect(result.nodes.first?.attributes["auto_pad"] == nil)
  }

  @Test("A one-dimensional convolution with dilations gets zeros for its bias")
  func line() throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 9])
    b.weight("w", [3, 2, 3])
    b.node("Conv", ["x", "w"], "y", ["dilations": .ints([2])])
    b.graph.outputs = ["y"]
    let (result, _) = try apply(CanonicalizeConvolution.self, to: b.graph)
    let bias = try #require(result.nodes.first?.input(2))
    #expect(result.initializers[bias]?.floats == [0, 0, 0])
  }

  @Test("A convolution with computed weights stays as it is")
  func computed() throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 5, 5])
    b.input("w", [3, 2, 3, 3])
    b.node("Conv", ["x", "w"], "y")
    b.graph.outputs = ["y"]
    #expect(try apply(CanonicalizeConvolution.self, to: b.graph).changes == 0)
  }
}
