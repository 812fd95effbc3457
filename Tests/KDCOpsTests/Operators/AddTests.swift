import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct AddTests {
  @Test("Add adds, with broadcasting")
  func broadcasting() throws {
    let a = Tensor([2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] as [Float])
    let b = Tensor([3], [10.0, -2.0, 0.5] as [Float])
    #expect(
      isClose(try OperatorCase("Add").run([a, b])[0], Tensor([2, 3], [11.0, 0.0, 3.5, 14.0, 3.0, 6.5] as [Float])))
  }

  @Test("Add of integers is exact")
  func integers() throws {
    let op = OperatorCase("Add")
    #expect(try op.run([Tensor([2], [1, 2] as [Int64]), Tensor([1], [10] as [Int64])])[0].int64s == [11, 12])
  }

  @Test("Add of int8 wraps")
  func narrow() throws {
    let y = try OperatorCase("Add").run([Tensor([1], [127] as [Int8]), Tensor([1], [1] as [Int8])])[0]
    #expect(y.dataType == .int8 && y.cast(to: .int64).int64s == [-128])
  }

  @Test("Add of different data types is KDC2015, of shapes that do not broadcast KDC2014")
  func faults() {
    let op = OperatorCase("Add")
    #expect(op.fault([Tensor([1], [1] as [Float]), Tensor([1], [1] as [Int64])])?.id == .typeMismatch)
    #expect(op.fault([Tensor([2], [1, 1] as [Float]), Tensor([3], [1, 1, 1] as [Float])])?.id == .shapeMismatch)
    #expect(op.fault([Tensor([2], [1, 1] as [Float])])?.id == .missingInput)
  }

  @Test("Every pattern of broadcasting gives what indexing element by element gives")
  func patterns() throws {
    let shapes: [[Int]] = [[2, 3, 4], [3, 4], [1, 3, 1], [2, 1, 4], [4], [1], [], [2, 3, 1], [1, 1, 4]]
    for aDims in shapes {
      for bDims in shapes {
        let (aShape, bShape) = (Shape(aDims), Shape(bDims))
        let a = Tensor(aShape, (0..<aShape.count).map { Float($0) })
        let b = Tensor(bShape, (0..<bShape.count).map { Float($0) * 100 })
        let y = try OperatorCase("Add").run([a, b])[0]
        let rank = y.shape.rank
        func element(_ tensor: Tensor, _ index: [Int]) throws -> Float {
          let own = index.suffix(tensor.shape.rank)
          let at = zip(zip(own, tensor.shape.dims), tensor.shape.strides).reduce(0) {
            $0 + ($1.0.1 == 1 ? 0 : $1.0.0) * $1.1
          }
          return try #require(tensor.floats)[at]
        }
        for flat in 0..<y.count {
          let index = (0..<rank).map { flat / y.shape.strides[$0] % y.shape[$0] }
          let expected = try element(a, index) + element(b, index)
          #expect(y.floats?[flat] == expected, "\(aShape) + \(bShape) at \(index)")
        }
      }
    }
  }

  @Test("Add of a tensor without elements gives none")
  func empty() throws {
    #expect(
      try OperatorCase("Add").run([Tensor([0, 3], [] as [Float]), Tensor([3], [1, 2, 3] as [Float])])[0].count == 0)
  }
}
