import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct CenterCropPadTests {
  @Test("One axis is cropped and another padded, odd elements at the end; types stay")
  func both() throws {
    let x = Tensor([1, 4], [1, 2, 3, 4] as [Int64])
    let y = try OperatorCase("CenterCropPad", opset: 18).run([x, Tensor([2], [2, 1] as [Int64])])[0]
    #expect(y.shape == [2, 1] && y.int64s == [2, 0])
    let same = try OperatorCase("CenterCropPad", opset: 18, ["axes": .ints([-1])]).run([x, Tensor([1], [4] as [Int64])])
    #expect(same[0].int64s == [1, 2, 3, 4])
  }

  @Test("A size for each axis must be there")
  func counts() {
    let x = Tensor([1, 4], [1, 2, 3, 4] as [Int64])
    #expect(OperatorCase("CenterCropPad", opset: 18).fault([x, Tensor([1], [4] as [Int64])])?.id == .shapeMismatch)
  }
}
