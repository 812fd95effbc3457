import KDCTensor

/// A copy of `data` with elements replaced by or combined with `updates`, at places that indices give along one or more axes:
/// y[… + Σ index[j]·axisStrides[j]] = f(y[…], u[…]), update by update in the order of the loops.
///
/// `walk` operands: [y, index, u]; y does not move along the axes that are indexed, the indices of one place lie one after the
/// other. Negative indices count from the end of their axis; updates with an index outside are left out. maximum and minimum
/// are those of `FloatBinaryStep`; integers wrap.
package struct ScatterStep: SingleOutputStep {
  package static let kind = "scatter"
  package enum Operation: String, Sendable, Codable, CaseIterable { case replace, add, multiply, maximum, minimum }
  package var name: String
  package var operation: Operation
  package var type: DataType
  package var data: BufferID
  package var indices: BufferID
  package var updates: BufferID
  /// 4 or 8.
  package var indexBytes: Int
  package var output: BufferID
  /// Elements of data.
  package var count: Int
  /// Of y along each indexed axis.
  package var rows: [Int]
  package var axisStrides: [Int]
  package var walk: Walk

  package init(
    name: String, operation: Operation, type: DataType, data: BufferID, indices: BufferID, updates: BufferID,
    indexBytes: Int, output: BufferID, count: Int, rows: [Int], axisStrides: [Int], walk: Walk
  ) {
    self.name = name
    self.operation = operation
    self.type = type
    self.data = data
    self.indices = indices
    self.updates = updates
    self.indexBytes = indexBytes
    self.output = output
    self.count = count
    self.rows = rows
    self.axisStrides = axisStrides
    self.walk = walk
  }
  package var reads: [BufferID] { [data, indices, updates] }
}

extension ScatterStep {
  package var detail: String { "\(operation.rawValue) \(walk.count) of \(count) \(type.rawValue) by \(rows) rows" }

  package func run(_ memory: inout Memory) {
    switch (operation, type, type.byteCount) {
    case (.replace, _, 1): scatter(&memory) { (_: UInt8, u: UInt8) in u }
    case (.replace, _, 2): scatter(&memory) { (_: UInt16, u: UInt16) in u }
    case (.replace, _, 4): scatter(&memory) { (_: UInt32, u: UInt32) in u }
    case (.replace, _, _): scatter(&memory) { (_: UInt64, u: UInt64) in u }
    case (_, .float32, _): floats(&memory)
    case (_, .int8, _): integers(&memory, Int8.self)
    case (_, .uint8, _): integers(&memory, UInt8.self)
    case (_, .int16, _): integers(&memory, Int16.self)
    case (_, .uint16, _): integers(&memory, UInt16.self)
    case (_, .int32, _): integers(&memory, Int32.self)
    case (_, .uint32, _): integers(&memory, UInt32.self)
    case (_, .int64, _): integers(&memory, Int64.self)
    default: integers(&memory, UInt64.self)
    }
  }

  private func floats(_ memory: inout Memory) {
    switch operation {
    case .add: scatter(&memory) { (y: Float, u: Float) in FloatMath.number(y + u) }
    case .multiply: scatter(&memory) { (y: Float, u: Float) in FloatMath.number(y * u) }
    case .maximum: scatter(&memory) { (y: Float, u: Float) in y > u || y != y ? y : u }
    default: scatter(&memory) { (y: Float, u: Float) in y < u || y != y ? y : u }
    }
  }

  private func integers<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) {
    switch operation {
    case .add: scatter(&memory) { (y: T, u: T) in y &+ u }
    case .multiply: scatter(&memory) { (y: T, u: T) in y &* u }
    case .maximum: scatter(&memory) { (y: T, u: T) in y > u ? y : u }
    default: scatter(&memory) { (y: T, u: T) in y < u ? y : u }
    }
  }

  @inline(__always)
  private func scatter<T>(_ memory: inout Memory, _ combine: (T, T) -> T) {
    let y = memory.pointer(output, as: T.self)
    y.update(from: memory.pointer(data, as: T.self), count: count)
    let index = IndexReader(UnsafeRawPointer(memory.pointer(indices, as: UInt8.self)), bytes: indexBytes)
    let u = UnsafePointer(memory.pointer(updates, as: T.self))
    let (strideY, strideIndex, strideU) = (walk.innerStride(0), walk.innerStride(1), walk.innerStride(2))
    let turns = walk.innerCount
    walk.forEachRun { offsets in
      for i in 0..<turns {
        var (place, isInside) = (offsets[0] &+ i &* strideY, true)
        for axis in rows.indices {
          var row = index[offsets[1] &+ i &* strideIndex &+ axis]
          if row < 0 { row = row &+ rows[axis] }
          isInside = isInside && row >= 0 && row < rows[axis]
          place = place &+ row &* axisStrides[axis]
        }
        if isInside { y[place] = combine(y[place], u[offsets[2] &+ i &* strideU]) }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require(
      operation == .replace || type == .float32 || !type.isFloat && type != .bool,
      "no \(operation.rawValue) of \(type.rawValue)")
    let reach = check.indexing(rows, axisStrides, indexBytes)
    check.buffer(data, count, bytes: type.byteCount, named: "data")
    check.buffer(output, count, bytes: type.byteCount, named: "output")
    check.require(!reads.contains(output), "input and output are the same buffer")
    guard check.faults.isEmpty else { return }
    for (offset, index) in [(0, 0), (reach, rows.count - 1)] {
      check.walk(
        walk, [(output, offset, type.byteCount), (indices, index, indexBytes), (updates, 0, type.byteCount)],
        denseOutput: false)
    }
  }
}
