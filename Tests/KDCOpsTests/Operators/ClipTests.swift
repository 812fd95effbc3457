import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ClipTests {
  @Test("Clip takes its bounds from attributes before opset 11 and from inputs after")
  func bounds() throws {
    let x = Tensor([3], [-5, 0.5, 5] as [Float])
    let old = OperatorCase("Clip", opset: 10, ["min": .float(-1), "max": .float(1)])
    #expect(try old.run([x])[0].floats == [-1, 0.5, 1])
    let new = OperatorCase("Clip")
    #expect(try new.run([x, Tensor([], [-1] as [Float]), Tensor([], [1] as [Float])])[0].floats == [-1, 0.5, 1])
    #expect(try new.run([x, nil, Tensor([], [1] as [Float])])[0].floats == [-5, 0.5, 1])
    #expect(try new.run([x, Tensor([], [0] as [Float])])[0].floats == [0, 0.5, 5])
    #expect(try new.run([x])[0].floats == [-5, 0.5, 5])
  }

  @Test("Clip takes integers, and a minimum above the maximum gives the maximum")
  func integers() throws {
    let x = Tensor([3], [-5, 0, 5] as [Int64])
    let bound = { (value: Int64) in Tensor([], [value]) }
    #expect(try OperatorCase("Clip").run([x, bound(-1), bound(3)])[0].int64s == [-1, 0, 3])
    #expect(try OperatorCase("Clip").run([x, bound(3), bound(1)])[0].int64s == [1, 1, 1])
  }

  @Test("The constant bounds are known; a bound computed from data is not")
  func knownBounds() throws {
    let node = OperatorCase("Clip").node
    let op = try #require(try Operators.decode(node) as? Clip)
    let six = OperatorInput(type: TensorType(.float32, []), constant: Tensor([], [6] as [Float]))
    let known = try #require(op.bounds(min: nil, max: six))
    #expect(known == (-.infinity, 6))
    #expect(op.bounds(min: OperatorInput(type: TensorType(.float32, [])), max: six) == nil)
  }

  @Test("A bound of another type is KDC2015, one with several elements KDC2014")
  func faults() {
    let x = Tensor([2], [0, 1] as [Float])
    #expect(OperatorCase("Clip").fault([x, Tensor([], [0] as [Int64])])?.id == .typeMismatch)
    #expect(OperatorCase("Clip").fault([x, x])?.id == .shapeMismatch)
  }
}
