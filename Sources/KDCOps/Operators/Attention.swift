import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Scaled dot-product attention of Q, K and V with heads in an axis of their own (rank 4) or in the features (rank 3).
/// ONNX `Attention`, opsets 23, 24.
///
/// attn_mask is added, or says where (bool); past_key and past_value come before K and V. Outputs Y, present_key,
/// present_value, and the scores at one of four places (qk_matmul_output_mode).
package struct Attention: Expanding {
  package static let onnxName = "Attention"
  package static let inputCount = 3...7
  package static let outputCount = 1...4
  package let isCausal: Bool
  package let heads, keyHeads: Int?
  package let scale: Float?
  package let cap: Float
  package let mode: Int

  package init(decoding node: Node) throws(Diagnostic) {
    isCausal = try node.flag("is_causal", default: false)
    heads = try node.optionalInt("q_num_heads")
    keyHeads = try node.optionalInt("kv_num_heads")
    scale = try node.optionalFloat("scale")
    cap = try node.float("softcap", default: 0)
    mode = try node.int("qk_matmul_output_mode", default: 0)
    guard (0...3).contains(mode) else { throw node.invalid("qk_matmul_output_mode", "is \(mode), must be 0 to 3") }
    for (name, count) in [("q_num_heads", heads), ("kv_num_heads", keyHeads)] {
      if let count, count < 1 { throw node.invalid(name, "is \(count), must be positive") }
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let query = try split(inputs, 0, "Q", heads, &expansion)
    var key = try split(inputs, 1, "K", keyHeads, &expansion)
    var value = try split(inputs, 2, "V", keyHeads, &expansion)
    var past = 0
    if let earlier = try floatIfPresent(inputs, 4, "past_key", &expansion) {
      guard expansion.shape(of: earlier).rank == 4 else { throw shapeMismatch("past_key must have rank 4") }
      past = expansion.shape(of: earlier)[2]
      key = try expansion.concat([earlier, key], axis: 2)
    }
    if let earlier = try floatIfPresent(inputs, 5, "past_value", &expansion) {
      value = try expansion.concat([earlier, value], axis: 2)
    }
    let (q, k, v) = (expansion.shape(of: query), expansion.shape(of: key), expansion.shape(of: value))
    guard q[0] == k[0], k[0] == v[0], k[1] > 0, q[1] % k[1] == 0, k[1] == v[1], k[2] == v[2], q[3] == k[3] else {
      throw shapeMismatch("Q \(q), K \(k) and V \(v), as [batch, heads, length, size], do not match")
    }
    let bias = try bias(inputs, q, total: k[2], past: past, &expansion)
    let parts = AttentionParts(
      query: query, key: key, value: value, bias: bias, scale: scale ?? 1 / Float(max(1, q[3])).squareRoot(), cap: cap)
    let results = try parts.compute(&expansion)
    let isFlat = inputs[0]?.type.shape.rank == 3
    let y = isFlat ? try expansion.joinHeads(results.output) : results.output
    let scores = [results.products, results.biased, results.capped, results.weights][mode]
    try finish(inputs, [y, own(key, &expansion), own(value, &expansion), scores], &expansion)
  }

  /// An output that is an operand as it is needs a node.
  private func own(_ value: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    expansion.inputs.contains(value) ? try expansion.add("Identity", [value]) : value
  }

  private func split(
    _ inputs: [OperatorInput?], _ index: Int, _ name: String, _ heads: Int?, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    let value = try float(inputs, index, name, &expansion)
    let shape = expansion.shape(of: value)
    guard shape.rank == 3 else {
      guard shape.rank == 4 else { throw shapeMismatch("\(name) \(shape) must have rank 3 or 4") }
      return value
    }
    guard let heads, shape[2] % heads == 0 else {
      throw shapeMismatch(
        "\(name) \(shape) does not consist of heads", hint: "q_num_heads and kv_num_heads say how many")
    }
    return try expansion.splitHeads(value, heads)
  }

  /// What is added to the scores.
  private func bias(
    _ inputs: [OperatorInput?], _ query: Shape, total: Int, past: Int, _ expansion: inout Expansion
  ) throws(Diagnostic) -> [String] {
    let masked = -Float.infinity
    var terms: [String] = []
    if inputs.count > 3, let type = inputs[3]?.type {
      var mask = expansion.inputs[3] ?? ""
      if type.dataType == .bool {
        mask = try expansion.maskTerm(mask, masked: masked)
      } else {
        mask = try float(inputs, 3, "attn_mask", &expansion)
      }
      guard type.shape.rank >= 1, type.shape.rank <= 4, case let given = type.shape[type.shape.rank - 1], given <= total
      else { throw shapeMismatch("attn_mask \(type.shape) for \(total) keys") }
      if given < total {
        let pads = [Int](repeating: 0, count: 2 * type.shape.rank - 1) + [total - given]
        mask = try expansion.add("Pad", [mask, expansion.integers(pads), expansion.scalar(masked)])
      }
      terms.append(mask)
    }
    if isCausal { terms.append(try expansion.causalTerm(query[2], total, past: past, masked: masked)) }
    if inputs.count > 6, let lengths = inputs[6]?.type {
      guard lengths.shape.dims == [query[0]] else {
        throw shapeMismatch("nonpad_kv_seqlen \(lengths.shape) must be [\(query[0])]")
      }
      let ends = try expansion.reshape(
        expansion.cast(expansion.inputs[6] ?? "", to: .int64), to: [query[0], 1, 1, 1])
      let isInside = try expansion.add("Less", [expansion.integers(Array(0..<total)), ends])
      terms.append(try expansion.maskTerm(isInside, masked: masked))
    }
    return terms
  }
}
