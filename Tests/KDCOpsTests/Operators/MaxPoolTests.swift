import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MaxPoolTests {
  private let x = Tensor([1, 1, 4, 4], (1...16).map(Float.init))

  @Test("MaxPool takes the largest element of each window")
  func windows() throws {
    let two = OperatorCase("MaxPool", ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    #expect(try two.run([x])[0].floats == [6, 8, 14, 16])
    let dilated = OperatorCase("MaxPool", ["kernel_shape": .ints([2, 2]), "dilations": .ints([2, 2])])
    #expect(try dilated.run([x])[0].floats == [11, 12, 15, 16])
  }

  @Test("Padding never wins, even over negative elements")
  func padding() throws {
    let negative = Tensor([1, 1, 2, 2], [-1, -2, -3, -4] as [Float])
    let pool = OperatorCase(
      "MaxPool", ["kernel_shape": .ints([2, 2]), "pads": .ints([1, 1, 0, 0]), "strides": .ints([2, 2])])
    #expect(try pool.run([negative])[0].floats == [-1])
    let upper = OperatorCase("MaxPool", ["kernel_shape": .ints([3, 3]), "auto_pad": .string("SAME_UPPER")])
    #expect(try upper.run([negative])[0].floats == [-1, -1, -1, -1])
  }

  @Test("ceil_mode keeps the last partial window, unless it starts in the padding")
  func ceil() throws {
    let partial = OperatorCase(
      "MaxPool", ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1)])
    #expect(try partial.run([x])[0].floats == [11, 12, 15, 16])
    let line = Tensor([1, 1, 2], [1, 2] as [Float])
    let dropped = OperatorCase(
      "MaxPool", ["kernel_shape": .ints([1]), "strides": .ints([2]), "pads": .ints([0, 1]), "ceil_mode": .int(1)])
    #expect(try dropped.run([line])[0].floats == [1])
  }

  @Test("A missing kernel_shape is KDC2011, the output Indices KDC2013")
  func faults() {
    #expect(OperatorCase("MaxPool").fault([x])?.id == .invalidAttribute)
    var indices = OperatorCase("MaxPool", ["kernel_shape": .ints([2, 2])])
    indices.node.outputs = ["y", "indices"]
    #expect(indices.fault([x])?.id == .unsupportedAttribute)
  }
}
