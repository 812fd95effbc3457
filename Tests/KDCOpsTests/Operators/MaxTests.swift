import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MaxTests {
  @Test("Max takes the larger, with broadcasting")
  func broadcasting() throws {
    let a = Tensor([2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] as [Float])
    let b = Tensor([3], [10.0, -2.0, 0.5] as [Float])
    #expect(
      isClose(try OperatorCase("Max").run([a, b])[0], Tensor([2, 3], [10.0, 2.0, 3.0, 10.0, 5.0, 6.0] as [Float])))
  }

  @Test("Max of integers")
  func integers() throws {
    let op = OperatorCase("Max")
    #expect(try op.run([Tensor([2], [1, 20] as [Int64]), Tensor([1], [10] as [Int64])])[0].int64s == [10, 20])
  }

  @Test("Max of different data types is KDC2015, of shapes that do not broadcast KDC2014")
  func faults() {
    let op = OperatorCase("Max")
    #expect(op.fault([Tensor([1], [1] as [Float]), Tensor([1], [1] as [Int64])])?.id == .typeMismatch)
    #expect(op.fault([Tensor([2], [1, 1] as [Float]), Tensor([3], [1, 1, 1] as [Float])])?.id == .shapeMismatch)
    #expect(op.fault([])?.id == .missingInput)
  }

  @Test("Max with a NaN is NaN, whichever side it is on")
  func notANumber() throws {
    let (a, b) = (Tensor([2], [.nan, 1] as [Float]), Tensor([2], [1, .nan] as [Float]))
    #expect(try OperatorCase("Max").run([a, b])[0].floats?.allSatisfy { $0.isNaN } == true)
  }

  @Test("Max takes one input, and more than two")
  func variadic() throws {
    let x = [1, 5, 3].map { Tensor([1], [$0] as [Float]) }
    #expect(try OperatorCase("Max").run([x[1]])[0].floats == [5])
    #expect(try OperatorCase("Max").run(x)[0].floats == [5])
  }
}
