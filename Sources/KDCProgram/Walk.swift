/// A nest of up to 8 loops over dense or strided tensors: the extents of the loops and, for each operand, the
/// distance in elements that one turn of each loop moves it (0 repeats: broadcasting). Extents are collapsed by
/// lowering as far as the strides allow, so that the innermost loop is as long as it can be.
package struct Walk: Hashable, Sendable, Codable {
  package var extents: [Int]
  /// strides[operand][loop], in elements.
  package var strides: [[Int]]
  package init(extents: [Int], strides: [[Int]]) {
    self.extents = extents
    self.strides = strides
  }
  package var count: Int { extents.reduce(1, *) }
}
