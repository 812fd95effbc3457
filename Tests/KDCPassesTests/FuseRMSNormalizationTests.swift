import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FuseRMSNormalizationTests {
  private func fused(_ finish: (inout GraphBuilder) -> Void) throws -> [String] {
    var b = GraphBuilder()
    b.input("x", [2, 3, 6])
    b.weight("gamma", [6])
    for (name, value) in [("two", 2), ("minusHalf", -0.5), ("epsilon", 1e-3)] as [(String, Float)] {
      b.constant(name, [], [value])
    }
    b.node("Pow", ["x", "two"], "q")
    b.node("ReduceMean", ["q"], "v", ["axes": .ints([-1])])
    b.node("Add", ["v", "epsilon"], "e")
    finish(&b)
    b.graph.outputs = ["y"]
    return try apply(FuseRMSNormalization.self, to: b.graph).graph.opTypes
  }

  @Test("RMSNormalization in each of the ways it is written")
  func forms() throws {
    #expect(
      try fused { b in
        b.node("Sqrt", ["e"], "s")
        b.node("Div", ["x", "s"], "n")
        b.node("Mul", ["gamma", "n"], "y")
      } == ["RMSNormalization"])
    #expect(
      try fused { b in
        b.node("Sqrt", ["e"], "s")
        b.node("Reciprocal", ["s"], "r")
        b.node("Mul", ["x", "r"], "n")
        b.node("Mul", ["n", "gamma"], "y")
      } == ["RMSNormalization"])
    #expect(
      try fused { b in
        b.node("Pow", ["e", "minusHalf"], "r")
        b.node("Mul", ["r", "gamma"], "g")
        b.node("Mul", ["x", "g"], "y")
      } == ["RMSNormalization"])
  }

  @Test("The root mean square of another value is none")
  func others() throws {
    let types = try fused { b in
      b.node("Sqrt", ["e"], "s")
      b.node("Div", ["q", "s"], "y")
    }
    #expect(!types.contains("RMSNormalization"))
  }
}
