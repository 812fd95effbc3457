import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MinTests {
  @Test("Min takes the smaller, with broadcasting")
  func broadcasting() throws {
    let a = Tensor([2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] as [Float])
    let b = Tensor([3], [10.0, -2.0, 0.5] as [Float])
    #expect(
      isClose(try OperatorCase("Min").run([a, b])[0], Tensor([2, 3], [1.0, -2.0, 0.5, 4.0, -2.0, 0.5] as [Float])))
  }

  @Test("Min of integers")
  func integers() throws {
    let op = OperatorCase("Min")
    #expect(try op.run([Tensor([2], [1, 20] as [Int64]), Tensor([1], [10] as [Int64])])[0].int64s == [1, 10])
  }

  @Test("Min with a NaN is NaN, whichever side it is on")
  func notANumber() throws {
    let (a, b) = (Tensor([2], [.nan, 1] as [Float]), Tensor([2], [1, .nan] as [Float]))
    #expect(try OperatorCase("Min").run([a, b])[0].floats?.allSatisfy { $0.isNaN } == true)
  }

  @Test("Min takes one input, and more than two")
  func variadic() throws {
    let x = [1, 5, 3].map { Tensor([1], [$0] as [Float]) }
    #expect(try OperatorCase("Min").run([x[1]])[0].floats == [5])
    #expect(try OperatorCase("Min").run(x)[0].floats == [1])
  }
}
