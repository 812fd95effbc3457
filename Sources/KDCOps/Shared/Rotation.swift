import KDCDiagnostics
import KDCGraph
import KDCTensor

/// What rotary embeddings share.
package struct Rotation: Sendable {
  /// Pairs are neighbours, otherwise elements of the two halves.
  package let isInterleaved: Bool
  /// 0: as the input's shape says.
  package let heads: Int
  /// Features of a head that are turned; 0: all.
  package let features: Int

  init(decoding node: Node) throws(Diagnostic) {
    isInterleaved = try node.flag("interleaved", default: false)
    heads = try node.int("num_heads", default: 0)
    features = try node.int("rotary_embedding_dim", default: 0)
    guard heads >= 0, heads < 1 << 20 else { throw node.invalid("num_heads", "is \(heads)") }
    guard features >= 0, features % 2 == 0 else {
      throw node.invalid("rotary_embedding_dim", "is \(features), must be even")
    }
  }

  /// x of the operator's two layouts, cosines and sines [batch, length, pairs] (or 1 for batch); `size` is a head's, where
  /// the number of heads does not say it.
  func apply(
    _ op: some Operator, _ x: String, cosines: String, sines: String, size: Int?, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    let shape = expansion.shape(of: x)
    var heads = x
    if shape.rank == 3 {
      let count = self.heads > 0 ? self.heads : size.map { $0 > 0 ? shape[2] / $0 : 0 } ?? 0
      guard count > 0, shape[2] % count == 0 else {
        throw op.shapeMismatch("X \(shape) does not consist of \(count) heads", hint: "num_heads says how many")
      }
      heads = try expansion.reshape(x, to: [shape[0], shape[1], count, shape[2] / count])
    } else {
      guard shape.rank == 4 else { throw op.shapeMismatch("X \(shape) must have rank 3 or 4") }
      // Cosines then have an axis of 1 for the heads.
      heads = try expansion.transpose(x, [0, 2, 1, 3])
    }
    let whole = expansion.shape(of: heads)
    let turned = features > 0 ? features : whole[3]
    let table = expansion.shape(of: cosines)
    guard turned <= whole[3], table == expansion.shape(of: sines), table.rank == 3, table[2] * 2 == turned,
      table[1] == whole[1], table[0] == whole[0] || table[0] == 1
    else {
      throw op.shapeMismatch(
        "cosines \(table) and sines \(expansion.shape(of: sines)) must be [\(whole[0]),\(whole[1]),\(turned / 2)]")
    }
    var parts = [try turn(heads, turned, cosines, sines, &expansion)]
    if turned < whole[3] { parts.append(try expansion.slice(heads, axis: 3, turned..<whole[3])) }
    let y = try expansion.concat(parts, axis: 3)
    return shape.rank == 3 ? try expansion.reshape(y, to: shape) : try expansion.transpose(y, [0, 2, 1, 3])
  }

  private func turn(
    _ heads: String, _ turned: Int, _ cosines: String, _ sines: String, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    let shape = expansion.shape(of: heads)
    let pairs = turned / 2
    // [..., 2, pairs] or [..., pairs, 2], so that an index takes one of each pair.
    let dims = shape.dims.dropLast() + (isInterleaved ? [pairs, 2] : [2, pairs])
    let axis = isInterleaved ? 4 : 3
    let all = turned < shape[3] ? try expansion.slice(heads, axis: 3, 0..<turned) : heads
    let split = try expansion.reshape(all, to: Shape(Array(dims)))
    let single = Shape(shape.dims.dropLast() + [pairs])
    let first = try expansion.reshape(expansion.slice(split, axis: axis, 0..<1), to: single)
    let second = try expansion.reshape(expansion.slice(split, axis: axis, 1..<2), to: single)
    let table = expansion.shape(of: cosines)
    let spread: Shape = [table[0], table[1], 1, table[2]]
    let cosine = try expansion.reshape(cosines, to: spread)
    let sine = try expansion.reshape(sines, to: spread)
    let real = try expansion.add(
      "Sub", [expansion.add("Mul", [first, cosine]), expansion.add("Mul", [second, sine])])
    let imaginary = try expansion.add(
      "Add", [expansion.add("Mul", [first, sine]), expansion.add("Mul", [second, cosine])])
    let part = Shape(shape.dims.dropLast() + (isInterleaved ? [pairs, 1] : [1, pairs]))
    let joined = try expansion.concat(
      [expansion.reshape(real, to: part), expansion.reshape(imaginary, to: part)], axis: axis)
    return try expansion.reshape(joined, to: Shape(shape.dims.dropLast() + [turned]))
  }
}
