/// Rows picked by index: y[o, j, …] = x[o, index[j], …], x of shape [outer, rows, inner] in elements.
///
/// `indices` is a buffer of int32 or int64; negative ones count from the end, those outside are clamped to the ends.
/// `data` is a buffer, or a constant (an embedding table).
package struct GatherStep: Step {
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
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { table.map { [$0] } ?? [] }
}
