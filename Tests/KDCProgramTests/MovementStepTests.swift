import KDCProgram
import KDCTensor
import Testing

@Suite("Data movement steps")
struct MovementStepTests {
  private func bytes(_ values: [UInt8]) -> Tensor { Tensor([values.count], .uint8(values)) }

  @Test("move transposes, slices backwards and leaves the rest of the output alone", arguments: [1, 2, 4, 8])
  func move(elementBytes: Int) throws {
    // A 2×3 matrix of elements, each its number repeated.
    let input = (0..<6).flatMap { [UInt8](repeating: UInt8($0), count: elementBytes) }
    var bench = StepBench()
    let transpose = MoveStep(
      name: "m", input: bench.buffer(bytes(input)), output: bench.output(.uint8, [6 * elementBytes]),
      elementBytes: elementBytes, inputOffset: 0, outputOffset: 0,
      walk: Walk(extents: [3, 2], strides: [[1, 3], [2, 1]]))
    let turned = try bench.run(transpose)
    #expect(stride(from: 0, to: turned.count, by: elementBytes).map { turned[$0] } == [0, 3, 1, 4, 2, 5])
    bench = StepBench()
    let backwards = MoveStep(
      name: "m", input: bench.buffer(bytes(input)), output: bench.output(.uint8, [6 * elementBytes]),
      elementBytes: elementBytes, inputOffset: 5, outputOffset: 1, walk: Walk(extents: [3], strides: [[-2], [1]]))
    let part = try bench.run(backwards)
    #expect(stride(from: 0, to: part.count, by: elementBytes).map { part[$0] } == [0xA5, 5, 3, 1, 0xA5, 0xA5])
  }

  @Test("fill writes the low bytes of its value, load the constant")
  func fillAndLoad() throws {
    var bench = StepBench()
    let fill = FillStep(name: "f", output: bench.output(.uint16, [2]), count: 2, elementBytes: 2, bits: 0x12_3456)
    #expect(try bench.run(fill) == [0x56, 0x34, 0x56, 0x34])
    bench = StepBench()
    let constant = bench.constant(Tensor([2], [1.5, -2] as [Float]))
    let load = LoadStep(name: "l", constant: constant, output: bench.output(.float32, [2]), byteCount: 8)
    #expect(try bench.float(load) == [1.5, -2])
  }

  @Test("gather counts negative indices from the end and clamps those outside")
  func gather() throws {
    var bench = StepBench()
    let indices = bench.buffer(Tensor([4], [1, -1, 9, -9] as [Int64]))
    let data = bench.buffer(bytes([0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]))
    let step = GatherStep(
      name: "g", data: data, table: nil, indices: indices, indexBytes: 8, output: bench.output(.uint8, [16]), outer: 2,
      rows: 3, inner: 2, picks: 4, elementBytes: 1)
    #expect(try bench.run(step) == [2, 3, 4, 5, 4, 5, 0, 1, 12, 13, 14, 15, 14, 15, 10, 11])
    bench = StepBench()
    let table = bench.constant(bytes([0, 1, 2, 3, 4, 5]))
    let fromTable = GatherStep(
      name: "g", data: nil, table: table, indices: bench.buffer(Tensor([2], [2, 0] as [Int32])), indexBytes: 4,
      output: bench.output(.uint8, [4]), outer: 1, rows: 3, inner: 2, picks: 2, elementBytes: 1)
    #expect(try bench.run(fromTable) == [4, 5, 0, 1])
  }

  @Test("collapsing joins loops that continue one another and drops single turns")
  func collapse() {
    let dense = Walk(extents: [2, 1, 3, 4], strides: [[12, 12, 4, 1], [12, 7, 4, 1]]).collapsed
    #expect(dense == Walk(extents: [24], strides: [[1], [1]]))
    let broadcast = Walk(extents: [2, 3, 4], strides: [[12, 4, 1], [0, 4, 1]]).collapsed
    #expect(broadcast == Walk(extents: [2, 12], strides: [[12, 1], [0, 1]]))
    #expect(Walk(extents: [1, 1], strides: [[3, 1]]).collapsed.count == 1)
  }
}
