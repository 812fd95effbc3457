import KDCTensor
import Testing

@Suite("Lowering of Pow")
struct LoweringPowTests {
  @Test(
    "negative bases: integer exponents are right, others NaN, scalars, tensors and integers alike",
    arguments: [
      Tensor([], [4 as Float]), Tensor([], [0 as Float]), Tensor([], [-2 as Float]), Tensor([], [3 as Float]),
      Tensor([], [0.5 as Float]), Tensor([1, 1, 1], [2 as Float]), Tensor([3], [2, 5, -1] as [Float]),
      Tensor([2, 1], [0.5, -3] as [Float]), Tensor([], [4 as Int64]), Tensor([3], [2, -1, 7] as [Int32]),
    ])
  func exponents(_ exponents: Tensor) throws {
    var bench = LoweringBench()
    bench.input("x", [2, 3], in: -3...3)
    bench.constant("e", exponents)
    bench.node("Pow", ["x", "e"], ["y"])
    let (_, error) = try bench.float(comparesNaN: true)
    #expect(error <= 1e-6)
  }

  @Test("a constant base, and two computed operands")
  func bases() throws {
    var bench = LoweringBench()
    bench.input("x", [2, 3], in: -3...3)
    bench.constant("b", Tensor([3], [-2, 0, 7] as [Float]))
    bench.node("Ceil", ["x"], ["c"])
    bench.node("Pow", ["b", "c"], ["y"])
    #expect(try bench.float(comparesNaN: true).error <= 1e-6)
    bench.node("Pow", ["x", "c"], ["z"])
    #expect(try bench.float(comparesNaN: true).error <= 1e-6)
  }
}
