import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Attention of queries to keys and values that are projected already. ONNX Runtime's `MultiHeadAttention` (com.microsoft).
///
/// query [batch, length, features], key and value [batch, total, features] or [batch, heads, total, size]; or query
/// [batch, length, heads, 3, size] with all three; or key [batch, total, heads, 2, size] with values. bias is added before
/// the heads; integer mask, attention_bias, past_key and past_value may be absent.
package struct MultiHeadAttention: Expanding {
  package static let onnxName = "MultiHeadAttention"
  package static let domain = "com.microsoft"
  package static let inputCount = 1...8
  package static let outputCount = 1...3
  package let heads: Int
  package let isCausal: Bool
  package let scale: Float?
  package let masked: Float

  package init(decoding node: Node) throws(Diagnostic) {
    heads = try node.requiredInt("num_heads")
    isCausal = try node.flag("unidirectional", default: false)
    scale = try node.optionalFloat("scale")
    masked = try node.float("mask_filter_value", default: -10000)
    guard heads > 0 else { throw node.invalid("num_heads", "is \(heads), must be positive") }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    var parts = try operands(inputs, &expansion)
    if let bias = try floatIfPresent(inputs, 3, "bias", &expansion) {
      var start = 0
      for index in 0..<3 {
        let shape = expansion.shape(of: parts[index])
        let range = start..<start + heads * shape[3]
        guard expansion.shape(of: bias).rank == 1, range.upperBound <= expansion.shape(of: bias)[0] else {
          throw shapeMismatch("bias \(expansion.shape(of: bias)) must be for queries, keys and values")
        }
        let own = try expansion.reshape(expansion.slice(bias, axis: 0, range), to: [heads, 1, shape[3]])
        parts[index] = try expansion.add("Add", [parts[index], own])
        start = range.upperBound
      }
    }
    var past = 0
    for (index, name) in [(6, "past_key"), (7, "past_value")] {
      guard let earlier = try floatIfPresent(inputs, index, name, &expansion) else { continue }
      guard expansion.shape(of: earlier).rank == 4 else { throw shapeMismatch("\(name) must have rank 4") }
      past = expansion.shape(of: earlier)[2]
      parts[index - 5] = try expansion.concat([earlier, parts[index - 5]], axis: 2)
    }
    let (q, k, v) = (expansion.shape(of: parts[0]), expansion.shape(of: parts[1]), expansion.shape(of: parts[2]))
    guard q[0] == k[0], k[0] == v[0], q[1] == k[1], k[1] == v[1], k[2] == v[2], q[3] == k[3] else {
      throw shapeMismatch("queries \(q), keys \(k) and values \(v), as [batch, heads, length, size], do not match")
    }
    var terms: [String] = []
    if let mask = try paddingTerm(inputs, 4, batch: q[0], total: k[2], masked: masked, &expansion) {
      terms.append(mask)
    }
    if let term = try floatIfPresent(inputs, 5, "attention_bias", &expansion) { terms.append(term) }
    if isCausal { terms.append(try expansion.causalTerm(q[2], k[2], past: past, masked: masked)) }
    let results = try AttentionParts(
      query: parts[0], key: parts[1], value: parts[2], bias: terms,
      scale: scale ?? 1 / Float(max(1, q[3])).squareRoot()
    ).compute(&expansion)
    var present: [String] = []
    for part in parts[1...] {
      present.append(expansion.inputs.contains(part) ? try expansion.add("Identity", [part]) : part)
    }
    try finish(inputs, [expansion.joinHeads(results.output)] + present, &expansion)
  }

  /// Queries, keys and values as [batch, heads, length, size].
  private func operands(
    _ inputs: [OperatorInput?], _ expansion: inout Expansion
  ) throws(Diagnostic) -> [String] {
    let query = try float(inputs, 0, "query", &expansion)
    if expansion.shape(of: query).rank == 5 { return try unpacked(query, 3, "query", &expansion) }
    let queries = try split(query, "query", &expansion)
    let key = try float(inputs, 1, "key", &expansion)
    if expansion.shape(of: key).rank == 5 { return [queries] + (try unpacked(key, 2, "key", &expansion)) }
    return [
      queries, try split(key, "key", &expansion), try split(float(inputs, 2, "value", &expansion), "value", &expansion),
    ]
  }

  private func split(_ value: String, _ name: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    let shape = expansion.shape(of: value)
    if shape.rank == 4, shape[1] == heads { return value }
    guard shape.rank == 3, shape[2] % heads == 0 else {
      throw shapeMismatch("\(name) \(shape) must be [batch, length, features] with features of \(heads) heads")
    }
    return try expansion.splitHeads(value, heads)
  }

  /// [batch, length, heads, count, size] as `count` values.
  private func unpacked(
    _ value: String, _ count: Int, _ name: String, _ expansion: inout Expansion
  ) throws(Diagnostic) -> [String] {
    let shape = expansion.shape(of: value)
    guard shape[2] == heads, shape[3] == count else {
      throw shapeMismatch("\(name) \(shape) must be [batch, length, \(heads), \(count), size]")
    }
    let moved = try expansion.transpose(value, [3, 0, 2, 1, 4])
    var parts: [String] = []
    for index in 0..<count {
      parts.append(
        try expansion.reshape(
          expansion.slice(moved, axis: 0, index..<index + 1), to: [shape[0], heads, shape[1], shape[4]]))
    }
    return parts
  }
}
