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

  @Test("An input without room for batch and channels is refused", arguments: [Shape([]), [3], [2, 3]])
  func rank(shape: Shape) {
    let x = Tensor(shape, [Float](repeating: 1, count: shape.count))
    for kernel in [[], [2], [2, 2]] as [[Int64]] {
      #expect(OperatorCase("MaxPool", ["kernel_shape": .ints(kernel)]).fault([x]) != nil, "\(shape) \(kernel)")
    }
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

  @Test("A missing kernel_shape is KDC2011")
  func faults() {
    #expect(OperatorCase("MaxPool").fault([x])?.id == .invalidAttribute)
  }

  @Test("The second output says where the largest are, by rows or by columns, also as a program")
  func indices() throws {
    let x = Tensor([1, 2, 2, 3], [1, 9, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11] as [Float])
    for (order, expected) in [(0, [1, 1, 10, 10]), (1, [2, 2, 9, 9])] as [(Int64, [Int64])] {
      var op = OperatorCase("MaxPool", ["kernel_shape": .ints([2, 2]), "storage_order": .int(order)])
      op.node.outputs = ["y", "indices"]
      for results in [try op.run([x]), try op.lowered([x])] {
        #expect(results[0].floats == [9, 9, 11, 11])
        #expect(results[1].int64s == expected)
      }
    }
  }

  @Test("Bytes are pooled too")
  func bytes() throws {
    let x = Tensor([1, 1, 1, 3], .uint8([1, 200, 3]))
    let op = OperatorCase("MaxPool", ["kernel_shape": .ints([1, 2])])
    for result in [try op.run([x])[0], try op.lowered([x])[0]] { #expect(result.littleEndianBytes == [200, 200]) }
  }

  @Test("Over three axes, in float and bytes, also with places and as a program")
  func volumes() throws {
    let values: [Float] = [1, 9, 3, 4, 5, 6, 7, 8, 2, 0, 11, 10, -1, -2, -3, -4]
    let attributes: [String: Attribute] = [
      "kernel_shape": .ints([2, 2, 2]), "strides": .ints([1, 1, 2]), "pads": .ints([1, 0, 0, 0, 0, 0]),
    ]
    let x = Tensor([1, 1, 2, 2, 4], values)
    let plain = OperatorCase("MaxPool", attributes)
    #expect(try plain.run([x])[0].shape == [1, 1, 2, 1, 2])
    #expect(try plain.run([x])[0].floats == [9, 8, 9, 11])
    let bytes = Tensor([1, 1, 2, 2, 4], .int8(values.map { Int8($0) }))
    #expect(try plain.run([bytes])[0].littleEndianBytes == [9, 8, 9, 11])
    var places = plain
    places.node.outputs = ["y", "indices"]
    for results in [try places.run([x]), try places.lowered([x])] {
      #expect(results[0].floats == [9, 8, 9, 11])
      #expect(results[1].int64s == [1, 7, 1, 10])
    }
  }

  @Test("Places over four axes are KDC2013")
  func manyAxes() {
    var op = OperatorCase("MaxPool", ["kernel_shape": .ints([1, 1, 1, 1])])
    let x = Tensor([1, 1, 1, 1, 1, 1], [1] as [Float])
    #expect(op.fault([x]) == nil)
    op.node.outputs = ["y", "indices"]
    #expect(op.fault([x])?.id == .unsupportedAttribute)
  }
}
