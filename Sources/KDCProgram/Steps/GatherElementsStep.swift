/// Elements picked by indices along one or more axes: y[…] = x[… + Σ index[j]·axisStrides[j]], where the indices of one place lie
/// one after the other.
///
/// `walk` operands: [x, index, y], y dense; x does not move along the axes that are indexed. Negative indices count from the
/// end of their axis, those outside are clamped to the ends.
package struct GatherElementsStep: SingleOutputStep {
  package static let kind = "gatherElements"
  package var name: String
  package var data: BufferID
  package var indices: BufferID
  /// 4 or 8.
  package var indexBytes: Int
  package var output: BufferID
  package var elementBytes: Int
  /// Of x along each indexed axis.
  package var rows: [Int]
  package var axisStrides: [Int]
  package var walk: Walk

  package init(
    name: String, data: BufferID, indices: BufferID, indexBytes: Int, output: BufferID, elementBytes: Int, rows: [Int],
    axisStrides: [Int], walk: Walk
  ) {
    self.name = name
    self.data = data
    self.indices = indices
    self.indexBytes = indexBytes
    self.output = output
    self.elementBytes = elementBytes
    self.rows = rows
    self.axisStrides = axisStrides
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
    let index = IndexReader(UnsafeRawPointer(memory.pointer(indices, as: UInt8.self)), bytes: indexBytes)
    let y = memory.pointer(output, as: T.self)
    let (strideX, strideIndex) = (walk.innerStride(0), walk.innerStride(1))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (x, y) = (x + offsets[0], y + offsets[2])
      for i in 0..<count {
        var place = i &* strideX
        for axis in rows.indices {
          var row = index[offsets[1] &+ i &* strideIndex &+ axis]
          if row < 0 { row = row &+ rows[axis] }
          place = place &+ min(max(row, 0), rows[axis] - 1) &* axisStrides[axis]
        }
        y[i] = x[place]
      }
    }
  }

  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    elementBytes == 1 ? ranges[data] : nil
  }

  package func check(_ check: inout StepCheck) {
    let reach = check.indexing(rows, axisStrides, indexBytes)
    check.require(data != output && indices != output, "input and output are the same buffer")
    guard check.faults.isEmpty else { return }
    // With the first rows and with the last.
    for (offset, index) in [(0, 0), (reach, rows.count - 1)] {
      check.walk(walk, [(data, offset, elementBytes), (indices, index, indexBytes), (output, 0, elementBytes)])
    }
  }
}

/// Indices of 4 or 8 bytes.
struct IndexReader {
  private let address: UnsafeRawPointer
  private let isWide: Bool

  init(_ address: UnsafeRawPointer, bytes: Int) { (self.address, isWide) = (address, bytes == 8) }

  subscript(_ at: Int) -> Int {
    isWide
      ? Int(address.assumingMemoryBound(to: Int64.self)[at]) : Int(address.assumingMemoryBound(to: Int32.self)[at])
  }
}

extension StepCheck {
  /// Indices along axes are well formed; gives how far the last rows are from the first.
  mutating func indexing(_ rows: [Int], _ strides: [Int], _ indexBytes: Int) -> Int {
    require([4, 8].contains(indexBytes), "index size \(indexBytes)")
    require(!rows.isEmpty && rows.count <= 8 && rows.count == strides.count, "\(rows.count) indexed axes")
    for (row, stride) in zip(rows, strides) { positive(row, stride, named: "rows") }
    guard faults.isEmpty else { return 0 }
    let reach = zip(rows, strides).reduce(0.0) { $0 + Double($1.0 - 1) * Double($1.1) }
    require(reach <= Double(Self.limit), "indexed axes reach too far")
    return faults.isEmpty ? Int(reach) : 0
  }
}
