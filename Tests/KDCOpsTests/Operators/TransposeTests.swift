import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct TransposeTests {
  @Test("Transpose permutes axes, reversing them by default")
  func permutations() throws {
    let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])
    let y = try OperatorCase("Transpose").run([x])[0]
    #expect(y.shape == [3, 2] && y.floats == [1, 4, 2, 5, 3, 6])
    let image = Tensor([1, 2, 2, 2], (0..<8).map { Float($0) })
    let last = try OperatorCase("Transpose", ["perm": .ints([0, 2, 3, 1])]).run([image])[0]
    #expect(last.floats == [0, 4, 1, 5, 2, 6, 3, 7])
  }

  @Test("Transposing twice with inverse permutations gives the input, for every permutation of four axes")
  func inverses() throws {
    let x = Tensor([2, 3, 4, 5], (0..<120).map { Float($0) })
    var tried = 0
    for code in 0..<256 {
      let order = (0..<4).map { code >> (2 * $0) & 3 }
      guard Set(order).count == 4 else { continue }
      let inverse = (0..<4).map { axis in Int64(order.firstIndex(of: axis) ?? 0) }
      let there = try OperatorCase("Transpose", ["perm": .ints(order.map { Int64($0) })]).run([x])[0]
      let back = try OperatorCase("Transpose", ["perm": .ints(inverse)]).run([there])[0]
      #expect(back.shape == x.shape && back.floats == x.floats, "\(order)")
      tried += 1
    }
    #expect(tried == 24)
  }

  @Test("A perm that is no permutation is KDC2011")
  func badPermutation() {
    let x = Tensor([2, 1], [1, 2] as [Float])
    #expect(OperatorCase("Transpose", ["perm": .ints([0, 0])]).fault([x])?.id == .invalidAttribute)
    #expect(OperatorCase("Transpose", ["perm": .ints([0])]).fault([x])?.id == .invalidAttribute)
  }
}
