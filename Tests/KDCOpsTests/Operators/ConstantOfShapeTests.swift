import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ConstantOfShapeTests {
  @Test("ConstantOfShape fills the shape with its value, 0 by default")
  func fills() throws {
    let shape = Tensor([2], [2, 2] as [Int64])
    #expect(try OperatorCase("ConstantOfShape").run([shape])[0].floats == [0, 0, 0, 0])
    let seven = Attribute.tensor(Tensor([1], [7] as [Int64]))
    #expect(try OperatorCase("ConstantOfShape", ["value": seven]).run([shape])[0].int64s == [7, 7, 7, 7])
    #expect(try OperatorCase("ConstantOfShape", ["value": seven]).run([Tensor([0], [] as [Int64])])[0].shape == [])
  }

  @Test("A negative or immense shape is KDC2014, a value of two elements KDC2011")
  func faults() {
    #expect(OperatorCase("ConstantOfShape").fault([Tensor([1], [-1] as [Int64])])?.id == .shapeMismatch)
    #expect(OperatorCase("ConstantOfShape").fault([Tensor([2], [.max, .max] as [Int64])])?.id == .shapeMismatch)
    let two = Attribute.tensor(Tensor([2], [7, 7] as [Int64]))
    #expect(OperatorCase("ConstantOfShape", ["value": two]).fault([])?.id == .invalidAttribute)
  }
}
