import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct AveragePoolTests {
  private let x = Tensor([1, 1, 2, 2], [1, 2, 3, 4] as [Float])

  @Test("Padding counts only with count_include_pad")
  func padding() throws {
    let attributes: [String: Attribute] = ["kernel_shape": .ints([2, 2]), "pads": .ints([1, 1, 0, 0])]
    #expect(try OperatorCase("AveragePool", attributes).run([x])[0].floats == [1, 1.5, 2, 2.5])
    let counting = OperatorCase("AveragePool", attributes.merging(["count_include_pad": .int(1)]) { $1 })
    #expect(try counting.run([x])[0].floats == [0.25, 0.75, 1, 2.5])
  }

  @Test("What ceil_mode adds beyond the padding never counts")
  func ceil() throws {
    let line = Tensor([1, 1, 5], [1, 2, 3, 4, 5] as [Float])
    let attributes: [String: Attribute] = [
      "kernel_shape": .ints([2]), "strides": .ints([2]), "ceil_mode": .int(1), "count_include_pad": .int(1),
    ]
    #expect(try OperatorCase("AveragePool", opset: 19, attributes).run([line])[0].floats == [1.5, 3.5, 5])
  }

  @Test("A kernel larger than the padded input is KDC2014")
  func tooLarge() {
    #expect(OperatorCase("AveragePool", ["kernel_shape": .ints([3, 3])]).fault([x])?.id == .shapeMismatch)
  }

  @Test("Windows over three axes count what is inside of each")
  func threeAxes() throws {
    let x = Tensor([1, 1, 2, 1, 2], [1, 2, 3, 6] as [Float])
    let attributes: [String: Attribute] = ["kernel_shape": .ints([2, 1, 2]), "pads": .ints([1, 0, 0, 0, 0, 0])]
    #expect(try OperatorCase("AveragePool", attributes).run([x])[0].floats == [1.5, 3])
    let counted = OperatorCase("AveragePool", attributes.merging(["count_include_pad": .int(1)]) { $1 })
    #expect(try counted.run([x])[0].floats == [0.75, 3])
  }
}
