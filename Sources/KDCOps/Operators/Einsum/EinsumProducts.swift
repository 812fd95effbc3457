import KDCDiagnostics
import KDCTensor

/// The steps of which an equation consists.
extension Einsum {
  /// Elements of equal indices where a term has one several times: "ii" is the diagonal.
  func diagonal(_ term: Term, _ expansion: inout Expansion) throws(Diagnostic) -> Term {
    var term = term
    while let (first, second) = repeated(term.labels) {
      let dims = expansion.shape(of: term.value).dims
      guard dims[first] == dims[second] else {
        throw shapeMismatch("a repeated index has \(dims[first]) and \(dims[second]) values")
      }
      let (size, rest) = (dims[first], dims.indices.filter { $0 != first && $0 != second })
      let last = try expansion.permute(term.value, rest + [first, second])
      let outer = rest.map { dims[$0] }
      let flat = try expansion.reshape(last, to: Shape(outer + [size * size]))
      let value = try expansion.slice(flat, axis: outer.count, from: 0, to: size * size, step: size + 1)
      term = Term(value: value, labels: rest.map { term.labels[$0] } + [term.labels[first]])
    }
    return term
  }

  private func repeated(_ labels: [Int]) -> (Int, Int)? {
    for (place, label) in labels.enumerated() {
      if let other = labels[(place + 1)...].firstIndex(of: label) { return (place, other) }
    }
    return nil
  }

  /// Without axes of 1 whose index has more values in other terms.
  func squeezed(_ term: Term, _ sizes: [Int: Int], _ expansion: inout Expansion) throws(Diagnostic) -> Term {
    let dims = expansion.shape(of: term.value).dims
    let kept = dims.indices.filter { dims[$0] != 1 || sizes[term.labels[$0]] == 1 }
    guard kept.count < dims.count else { return term }
    let value = try expansion.reshape(term.value, to: Shape(kept.map { dims[$0] }))
    return Term(value: value, labels: kept.map { term.labels[$0] })
  }

  /// The sum over indices that are not in `labels`.
  func summed(_ term: Term, keeping labels: Set<Int>, _ expansion: inout Expansion) throws(Diagnostic) -> Term {
    let axes = term.labels.indices.filter { !labels.contains(term.labels[$0]) }
    guard !axes.isEmpty else { return term }
    let value = try expansion.reduce("ReduceSum", term.value, axes: axes, keeps: false)
    return Term(value: value, labels: term.labels.filter { labels.contains($0) })
  }

  /// The term with its axes in the order of `labels`, which are all of its.
  func ordered(_ term: Term, _ labels: [Int], _ expansion: inout Expansion) throws(Diagnostic) -> String {
    try expansion.permute(term.value, labels.compactMap { term.labels.firstIndex(of: $0) })
  }

  /// The product of two terms, summed over what is not in `wanted`.
  func product(_ a: Term, _ b: Term, _ wanted: Set<Int>, _ expansion: inout Expansion) throws(Diagnostic) -> Term {
    let a = try summed(a, keeping: wanted.union(b.labels), &expansion)
    let b = try summed(b, keeping: wanted.union(a.labels), &expansion)
    let common = a.labels.filter { b.labels.contains($0) }
    let (batch, inner) = (common.filter { wanted.contains($0) }, common.filter { !wanted.contains($0) })
    let left = a.labels.filter { !b.labels.contains($0) }
    let right = b.labels.filter { !a.labels.contains($0) }
    func dims(_ labels: [Int], _ term: Term) -> [Int] {
      let shape = expansion.shape(of: term.value)
      return labels.compactMap { term.labels.firstIndex(of: $0) }.map { shape[$0] }
    }
    let (outer, rows, columns) = (dims(batch, a), dims(left, a), dims(right, b))
    let depth = dims(inner, a).reduce(1, *)
    let labels = batch + left + right
    let first = try ordered(a, batch + left + inner, &expansion)
    guard !inner.isEmpty else {
      let second = try ordered(b, batch + right, &expansion)
      let spread = Shape(outer + rows + [Int](repeating: 1, count: columns.count))
      let other = Shape(outer + [Int](repeating: 1, count: rows.count) + columns)
      let value = try expansion.add(
        "Mul", [expansion.reshape(first, to: spread), expansion.reshape(second, to: other)])
      return Term(value: value, labels: labels)
    }
    let second = try ordered(b, batch + inner + right, &expansion)
    let matrix = try expansion.reshape(first, to: Shape(outer + [rows.reduce(1, *), depth]))
    let other = try expansion.reshape(second, to: Shape(outer + [depth, columns.reduce(1, *)]))
    let value = try expansion.reshape(expansion.add("MatMul", [matrix, other]), to: Shape(outer + rows + columns))
    return Term(value: value, labels: labels)
  }
}
