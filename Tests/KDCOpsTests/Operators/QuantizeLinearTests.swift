import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QuantizeLinearTests {
  private static let x = Tensor([6], [0, 2, 3, 1000, -254, -1000] as [Float])

  @Test("One scale: halves go to even, what is beyond the type's ends is at them")
  func tensor() throws {
    let y = try OperatorCase("QuantizeLinear", opset: 21).run([
      Self.x, Tensor([], [2] as [Float]), Tensor([], .uint8([128])),
    ])
    // 3 / 2 is half way between 1 and 2.
    #expect(y[0].bytes == [128, 129, 130, 255, 1, 0])
    let half = try OperatorCase("QuantizeLinear", opset: 21).run([
      Tensor([2], [1, -5] as [Float]), Tensor([], [2] as [Float]), Tensor([], .int8([0])),
    ])
    #expect(half[0].type == TensorType(.int8, [2]))
    #expect(half[0].cast(to: .int64).int64s == [0, -2])
  }

  @Test("Without a zero point the result is uint8, or of output_dtype; 4 bits end at 15 and 7")
  func types() throws {
    let scale = Tensor([], [1] as [Float])
    #expect(try OperatorCase("QuantizeLinear", opset: 13).run([Self.x, scale])[0].bytes == [0, 2, 3, 255, 0, 0])
    let nibbles = OperatorCase("QuantizeLinear", opset: 21, ["output_dtype": .int(22)])
    #expect(try nibbles.run([Self.x, scale])[0].cast(to: .int64).int64s == [0, 2, 3, 7, -8, -8])
    let wide = OperatorCase("QuantizeLinear", opset: 21, ["output_dtype": .int(5)])
    #expect(try wide.run([Self.x, scale])[0].cast(to: .int64).int64s == [0, 2, 3, 1000, -254, -1000])
  }

  @Test("A scale for each position of an axis, and for each block of one, the last of which may be cut")
  func axes() throws {
    let x = Tensor([2, 3], [2, 4, 6, 8, 10, 12] as [Float])
    let rows = OperatorCase("QuantizeLinear", opset: 13, ["axis": .int(0)])
    let byRow = try rows.run([x, Tensor([2], [2, 4] as [Float]), Tensor([2], .uint8([0, 1]))])
    #expect(byRow[0].bytes == [1, 2, 3, 3, 3, 4])
    let blocks = OperatorCase("QuantizeLinear", opset: 21, ["axis": .int(1), "block_size": .int(2)])
    let byBlock = try blocks.run([x, Tensor([2, 2], [1, 2, 2, 4] as [Float])])
    #expect(byBlock[0].bytes == [2, 4, 3, 4, 5, 3])
  }

  @Test("Scales that do not fit the axis are KDC2014, zero points of another type than asked for KDC2015")
  func faults() {
    let x = Tensor([2, 3], [Float](repeating: 0, count: 6))
    let three = Tensor([3], [1, 1, 1] as [Float])
    #expect(OperatorCase("QuantizeLinear", opset: 13, ["axis": .int(0)]).fault([x, three])?.id == .shapeMismatch)
    let blocks = OperatorCase("QuantizeLinear", opset: 21, ["axis": .int(1), "block_size": .int(1)])
    #expect(blocks.fault([x, Tensor([2, 2], [1, 1, 1, 1] as [Float])])?.id == .shapeMismatch)
    let typed = OperatorCase("QuantizeLinear", opset: 21, ["output_dtype": .int(3)])
    #expect(typed.fault([x, Tensor([], [1] as [Float]), Tensor([], .uint8([0]))])?.id == .typeMismatch)
    let eighths = OperatorCase("QuantizeLinear", opset: 21, ["output_dtype": .int(17)])
    #expect(eighths.fault([x, Tensor([], [1] as [Float])])?.id == .unsupportedAttribute)
  }
}

extension Tensor {
  /// The elements of a uint8 tensor.
  var bytes: [UInt8]? { if case .uint8(let values) = elements { values } else { nil } }
}
