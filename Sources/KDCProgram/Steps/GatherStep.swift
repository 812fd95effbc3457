/// Rows picked by index: y[o, j, …] = x[o, index[j], …], x of shape [outer, rows, inner] in elements.
///
/// `indices` is a buffer of int32 or int64; negative ones count from the end, those outside are clamped to the ends.
/// `data` is a buffer, or a constant (an embedding table).
package struct GatherStep: SingleOutputStep {
  package static let kind = "gather"
  package var name: String
  package var data: BufferID?
  package var table: ConstantID?
  package var indices: BufferID
  /// 4 or 8.
  package var indexBytes: Int
  package var output: BufferID
  package var outer, rows, inner, picks: Int
  package var elementBytes: Int

  package init(
    name: String, data: BufferID?, table: ConstantID?, indices: BufferID, indexBytes: Int, output: BufferID,
    outer: Int, rows: Int, inner: Int, picks: Int, elementBytes: Int
  ) {
    self.name = name
    self.data = data
    self.table = table
    self.indices = indices
    self.indexBytes = indexBytes
    self.output = output
    self.outer = outer
    self.rows = rows
    self.inner = inner
    self.picks = picks
    self.elementBytes = elementBytes
  }
  package var reads: [BufferID] { [indices] + (data.map { [$0] } ?? []) }
  package var constants: [ConstantID] { table.map { [$0] } ?? [] }
}

extension GatherStep {
  package var detail: String { "\(picks) of \(rows) rows, [\(outer),·,\(inner)] × \(elementBytes) bytes" }

  package func run(_ memory: inout Memory) {
    let index = UnsafeRawPointer(memory.pointer(indices, as: UInt8.self))
    let y = memory.pointer(output, as: UInt8.self)
    let x: UnsafePointer<UInt8>
    if let data {
      x = UnsafePointer(memory.pointer(data, as: UInt8.self))
    } else if let table {
      x = memory.pointer(table, as: UInt8.self)
    } else {
      return
    }
    let rowBytes = inner &* elementBytes
    for o in 0..<outer {
      for j in 0..<picks {
        var row =
          indexBytes == 8
          ? Int(index.assumingMemoryBound(to: Int64.self)[j]) : Int(index.assumingMemoryBound(to: Int32.self)[j])
        if row < 0 { row = row &+ rows }
        row = min(max(row, 0), rows - 1)
        (y + (o &* picks &+ j) &* rowBytes).update(from: x + (o &* rows &+ row) &* rowBytes, count: rowBytes)
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.positive(rows, named: "rows")
    check.require([4, 8].contains(indexBytes), "index size \(indexBytes)")
    check.require([1, 2, 4, 8].contains(elementBytes), "element size \(elementBytes)")
    check.require((data == nil) != (table == nil), "data and table: one of them")
    check.require(data != output && indices != output, "input and output are the same buffer")
    check.buffer(indices, picks, bytes: indexBytes, named: "indices")
    check.buffer(data, outer, rows, inner, bytes: elementBytes, named: "data")
    if let table { check.constantBytes(table, outer, rows, inner, elementBytes, named: "table") }
    check.buffer(output, outer, picks, inner, bytes: elementBytes, named: "output")
  }
}
