import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GroupNormalizationTests {
  /// Two groups of two channels: −1, 1, −1, 1 when normalised, as each has the values m ± d.
  private static let x = Tensor([1, 4, 1, 2], [1, 3, 1, 3, 10, 20, 10, 20] as [Float])

  @Test("Statistics are of groups, scale and bias of channels; in opset 18 of groups")
  func values() throws {
    let epsilon = Attribute.float(0)
    let channels = OperatorCase("GroupNormalization", opset: 21, ["num_groups": .int(2), "epsilon": epsilon])
    let y = try channels.run([Self.x, Tensor([4], [1, 2, 3, 4] as [Float]), Tensor([4], [0, 0, 0, 5] as [Float])])
    #expect(y[0].floats == [-1, 1, -2, 2, -3, 3, 1, 9])
    let groups = OperatorCase("GroupNormalization", opset: 18, ["num_groups": .int(2), "epsilon": epsilon])
    let z = try groups.run([Self.x, Tensor([2], [1, 2] as [Float]), Tensor([2], [0, 5] as [Float])])
    #expect(z[0].floats == [-1, 1, -1, 1, 3, 7, 3, 7])
  }

  @Test("Groups that do not divide the channels are KDC2014")
  func uneven() {
    let three = OperatorCase("GroupNormalization", opset: 21, ["num_groups": .int(3)])
    let affine = Tensor([4], [Float](repeating: 1, count: 4))
    #expect(three.fault([Self.x, affine, affine])?.id == .shapeMismatch)
  }
}
