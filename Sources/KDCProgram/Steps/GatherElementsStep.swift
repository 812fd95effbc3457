/// Elements picked one by one along an axis: y[i₀, …] = x[i₀, …, index[i₀, …], …], the index in place of the axis's own.
///
/// `walk` operands: [x, index, y], y dense; x does not move along the axis, but by `axisStride` elements a row.
/// Negative indices count from the end, those outside are clamped to the ends.
package struct GatherElementsStep: SingleOutputStep {
  package static let kind = "gatherElements"
  package var name: String
  package var data: BufferID
  package var indices: BufferID
  /// 4 or 8.
  package var indexBytes: Int
  package var output: BufferID
  package var elementBytes: Int
  /// Of x along the axis.
  package var rows: Int
  package var axisStride: Int
  package var walk: Walk

  package init(
    name: String, data: BufferID, indices: BufferID, indexBytes: Int, output: BufferID, elementBytes: Int, rows: Int,
    axisStride: Int, walk: Walk
  ) {
    self.name = name
    self.data = data
    self.indices = indices
    self.indexBytes = indexBytes
    self.output = output
    self.elementBytes = elementBytes
    self.rows = rows
    self.axisStride = axisStride
    self.walk = walk
  }
  package var reads: [BufferID] { [data, indices] }
}

extension GatherElementsStep {
  package var detail: String { "\(walk.count) of \(rows) rows × \(elementBytes) bytes" }

  package func run(_ memory: inout Memory) {
    switch elementBytes {
    case 1: gather(&memory, UInt8.self)
    case 2: gather(&memory, UInt16.self)
    case 4: gather(&memory, UInt32.self)
    default: gather(&memory, UInt64.self)
    }
  }

  private func gather<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) {
    let x = UnsafePointer(memory.pointer(data, as: T.self))
    let index = UnsafeRawPointer(memory.pointer(indices, as: UInt8.self))
    let y = memory.pointer(output, as: T.self)
    let (strideX, strideIndex) = (walk.innerStride(0), walk.innerStride(1))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (x, y) = (x + offsets[0], y + offsets[2])
      for i in 0..<count {
        let at = offsets[1] &+ i &* strideIndex
        var row =
          indexBytes == 8
          ? Int(index.assumingMemoryBound(to: Int64.self)[at]) : Int(index.assumingMemoryBound(to: Int32.self)[at])
        if row < 0 { row = row &+ rows }
        row = min(max(row, 0), rows - 1)
        y[i] = x[i &* strideX &+ row &* axisStride]
      }
    }
  }

  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    elementBytes == 1 ? ranges[data] : nil
  }

  package func check(_ check: inout StepCheck) {
    check.positive(rows, axisStride, named: "rows")
    check.require([4, 8].contains(indexBytes), "index size \(indexBytes)")
    check.require(data != output && indices != output, "input and output are the same buffer")
    guard check.faults.isEmpty else { return }
    // With the first row and with the last.
    for row in [0, rows - 1] {
      check.walk(walk, [(data, row * axisStride, elementBytes), (indices, 0, indexBytes), (output, 0, elementBytes)])
    }
  }
}
