import KDCDiagnostics
import KDCTensor

/// softmax(q · kᵀ · scale + bias) · v for each head, with what operators of that kind have in addition.
struct AttentionParts {
  /// [batch, heads, length, size].
  var query: String
  /// [batch, heads of keys, total length, size], and the same of values. Each may serve several heads.
  var key, value: String
  /// Terms of the scores that broadcast to [batch, heads, length, total length].
  var bias: [String] = []
  var scale: Float
  /// cap · tanh(scores / cap); 0: none.
  var cap: Float = 0

  /// What can be asked for besides the result.
  struct Results {
    /// [batch, heads, length, size of a value].
    var output: String
    /// q · kᵀ · scale, with bias, capped, and their softmax: [batch, heads, length, total length].
    var products, biased, capped, weights: String
  }

  func compute(_ expansion: inout Expansion) throws(Diagnostic) -> Results {
    let shape = expansion.shape(of: query)
    let (keys, values) = (expansion.shape(of: key), expansion.shape(of: value))
    let (batch, heads, length, size) = (shape[0], shape[1], shape[2], shape[3])
    let (groups, total) = (keys[1], keys[2])
    // Heads that share a key are rows of one product.
    let rows = heads / groups * length
    let scaled = try expansion.scale(query, by: scale)
    let grouped = try expansion.reshape(scaled, to: [batch, groups, rows, size])
    let product = try expansion.add("MatMul", [grouped, expansion.transpose(key, [0, 1, 3, 2])])
    let products = try expansion.reshape(product, to: [batch, heads, length, total])
    var biased = products
    for term in bias { biased = try expansion.add("Add", [biased, term]) }
    var capped = biased
    if cap > 0 {
      capped = try expansion.scale(expansion.add("Tanh", [expansion.scale(biased, by: 1 / cap)]), by: cap)
    }
    let weights = try expansion.add("Softmax", [capped], ["axis": .int(-1)])
    let sum = try expansion.add(
      "MatMul", [expansion.reshape(weights, to: [batch, groups, rows, total]), value])
    return Results(
      output: try expansion.reshape(sum, to: [batch, heads, length, values[3]]), products: products, biased: biased,
      capped: capped, weights: weights)
  }
}

extension Expansion {
  /// [batch, length, heads · size] as [batch, heads, length, size].
  mutating func splitHeads(_ value: String, _ heads: Int) throws(Diagnostic) -> String {
    let shape = shape(of: value)
    return try transpose(reshape(value, to: [shape[0], shape[1], heads, shape[2] / heads]), [0, 2, 1, 3])
  }

  /// [batch, heads, length, size] as [batch, length, heads · size].
  mutating func joinHeads(_ value: String) throws(Diagnostic) -> String {
    let shape = shape(of: value)
    return try reshape(transpose(value, [0, 2, 1, 3]), to: [shape[0], shape[2], shape[1] * shape[3]])
  }

  /// 0 where a bool is true, `masked` elsewhere.
  mutating func maskTerm(_ condition: String, masked: Float) throws(Diagnostic) -> String {
    try add("Where", [condition, scalar(0), scalar(masked)])
  }

  /// [length, total]: 0 for keys up to the query's own place, `masked` for later ones. The first query is at `past`.
  mutating func causalTerm(_ length: Int, _ total: Int, past: Int, masked: Float) throws(Diagnostic) -> String {
    try matrix(length, total) { $1 > past + $0 ? masked : 0 }
  }
}
