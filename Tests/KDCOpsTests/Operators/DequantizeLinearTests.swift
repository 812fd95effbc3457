import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DequantizeLinearTests {
  @Test("(x − zeroPoint) · scale of each integer type", arguments: [DataType.int8, .uint8, .int16, .uint16])
  func types(_ type: DataType) throws {
    let x = Tensor([3], [0, 3, 100] as [Float]).cast(to: type)
    let zero = Tensor([], [3] as [Float]).cast(to: type)
    let y = try OperatorCase("DequantizeLinear", opset: 21).run([x, Tensor([], [0.5] as [Float]), zero])
    #expect(y[0].floats == [-1.5, 0, 48.5])
  }

  @Test("int32 has no zero point, and the axis may be any")
  func integers() throws {
    let x = Tensor([2, 2], [1, 2, 3, 4] as [Int32])
    let columns = OperatorCase("DequantizeLinear", opset: 13, ["axis": .int(-1)])
    #expect(try columns.run([x, Tensor([2], [1, 10] as [Float])])[0].floats == [1, 20, 3, 40])
  }

  @Test("Blocks along the first axis")
  func blocks() throws {
    let x = Tensor([3, 2], .int8([1, 2, 3, 4, 5, 6]))
    let op = OperatorCase("DequantizeLinear", opset: 21, ["axis": .int(0), "block_size": .int(2)])
    let y = try op.run([x, Tensor([2, 2], [1, 10, 2, 20] as [Float]), Tensor([2, 2], .int8([0, 0, 1, 1]))])
    #expect(y[0].floats == [1, 20, 3, 40, 8, 100])
  }

  @Test("Reals are KDC2015, a zero point of another type too")
  func faults() {
    let scale = Tensor([], [1] as [Float])
    let op = OperatorCase("DequantizeLinear", opset: 21)
    #expect(op.fault([Tensor([1], [1] as [Float]), scale])?.id == .typeMismatch)
    #expect(op.fault([Tensor([1], .int8([1])), scale, Tensor([], .uint8([1]))])?.id == .typeMismatch)
  }
}
