import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct CastTests {
  private func cast(_ to: Int64, _ x: Tensor) throws -> Tensor {
    try OperatorCase("Cast", ["to": .int(to)]).run([x])[0]
  }

  @Test("Casting floats to integers truncates and saturates, NaN gives 0")
  func toIntegers() throws {
    let x = Tensor([6], [1.9, -1.9, 300, -300, .nan, .infinity] as [Float])
    #expect(try cast(3, x).cast(to: .int64).int64s == [1, -1, 127, -128, 0, 127])
    #expect(try cast(2, x).cast(to: .int64).int64s == [1, 0, 255, 0, 0, 255])
    #expect(try cast(7, x).int64s == [1, -1, 300, -300, 0, .max])
  }

  @Test("Casting integers wraps, to bool is x ≠ 0, to float rounds")
  func fromIntegers() throws {
    let x = Tensor([3], [-1, 256, 16_777_217] as [Int64])
    #expect(try cast(2, x).cast(to: .int64).int64s == [255, 0, 1])
    #expect(try cast(9, x).cast(to: .int64).int64s == [1, 1, 1])
    #expect(try cast(1, x).floats == [-1, 256, 16_777_216])
    #expect(try cast(7, Tensor([2], [true, false])).int64s == [1, 0])
  }

  @Test("Every numeric type casts to every other and keeps small values")
  func all() throws {
    let codes: [(Int64, DataType)] = [
      (1, .float32), (2, .uint8), (3, .int8), (4, .uint16), (5, .int16), (6, .int32), (7, .int64), (9, .bool),
      (10, .float16), (11, .float64), (12, .uint32), (13, .uint64),
    ]
    for (from, _) in codes {
      let x = try cast(from, Tensor([2], [0, 1] as [Int64]))
      for (to, type) in codes {
        let y = try cast(to, x)
        #expect(y.dataType == type && y.cast(to: .int64).int64s == [0, 1], "\(x.type) to \(type)")
      }
    }
  }

  @Test("Casting to 4 and 2 bits keeps the lowest bits, with their sign", arguments: [22, 21, 26, 25] as [Int64])
  func small(_ to: Int64) throws {
    let x = Tensor([6], [-9, -8.7, -1, 0, 7.9, 17] as [Float])
    let expected: [Int64: [Int64]] = [
      22: [7, -8, -1, 0, 7, 1], 21: [7, 8, 15, 0, 7, 1], 26: [-1, 0, -1, 0, -1, 1], 25: [3, 0, 3, 0, 3, 1],
    ]
    let y = try cast(to, x)
    #expect(y.dataType == ([21, 25].contains(to) ? .uint8 : .int8))
    #expect(y.cast(to: .int64).int64s == expected[to])
  }

  @Test("Casting to strings is KDC2013, to no type KDC2011, without to KDC2011")
  func faults() {
    let x = Tensor([1], [1] as [Float])
    #expect(OperatorCase("Cast", ["to": .int(8)]).fault([x])?.id == .unsupportedAttribute)
    #expect(OperatorCase("Cast", ["to": .int(99)]).fault([x])?.id == .invalidAttribute)
    #expect(OperatorCase("Cast").fault([x])?.id == .invalidAttribute)
  }
}
