/// Dimensions of a tensor, outermost first; all known and non-negative. A scalar has none.
package struct Shape: Hashable, Sendable, Codable, ExpressibleByArrayLiteral, CustomStringConvertible {
  package var dims: [Int]

  package init(_ dims: [Int]) { self.dims = dims }
  package init(arrayLiteral dims: Int...) { self.dims = dims }
  package init(from decoder: any Decoder) throws { dims = try [Int](from: decoder) }
  package func encode(to encoder: any Encoder) throws { try dims.encode(to: encoder) }

  package var rank: Int { dims.count }
  package subscript(axis: Int) -> Int { dims[axis] }

  /// Number of elements. Shapes from files are checked by `checkedCount` first; after that this cannot overflow.
  package var count: Int { dims.reduce(1, *) }

  /// Number of elements, or nil where a dimension is negative or the product of the non-zero ones exceeds `limit`.
  package func checkedCount(limit: Int = 1 << 40) -> Int? {
    var product = 1
    for dim in dims {
      guard dim >= 0 else { return nil }
      let (value, overflow) = product.multipliedReportingOverflow(by: max(dim, 1))
      guard !overflow, value <= limit else { return nil }
      product = value
    }
    return dims.contains(0) ? 0 : product
  }

  /// Row-major strides in elements.
  package var strides: [Int] {
    var result = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { result[axis] = result[axis + 1] * dims[axis + 1] }
    return result
  }

  package var description: String { "[" + dims.map(String.init).joined(separator: ",") + "]" }
}
