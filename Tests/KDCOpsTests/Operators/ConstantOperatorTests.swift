import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ConstantOperatorTests {
  @Test("Constant takes its value from any of its attributes")
  func attributes() throws {
    let tensor = Tensor([2], [1, 2] as [Float])
    #expect(try OperatorCase("Constant", ["value": .tensor(tensor)]).run([])[0].floats == [1, 2])
    #expect(try OperatorCase("Constant", ["value_float": .float(3)]).run([])[0].type == TensorType(.float32, []))
    #expect(try OperatorCase("Constant", ["value_floats": .floats([3, 4])]).run([])[0].floats == [3, 4])
    #expect(try OperatorCase("Constant", ["value_int": .int(3)]).run([])[0].int64s == [3])
    #expect(try OperatorCase("Constant", ["value_ints": .ints([3, 4])]).run([])[0].shape == [2])
  }

  @Test("A Constant without value is KDC2011, of strings KDC2013")
  func faults() {
    #expect(OperatorCase("Constant").fault([])?.id == .invalidAttribute)
    #expect(OperatorCase("Constant", ["value_string": .string("a")]).fault([])?.id == .unsupportedAttribute)
  }
}
