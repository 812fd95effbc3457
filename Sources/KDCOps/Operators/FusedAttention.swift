import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Attention of one sequence to itself with its projections. ONNX Runtime's `Attention` (com.microsoft).
///
/// input [batch, length, features] times weights [features, queries + keys + values], with bias; integer mask, past
/// [2, batch, heads, past length, size] and attention_bias may be absent. Outputs: the result, and past with the new keys.
package struct FusedAttention: Expanding {
  package static let onnxName = "Attention"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...7
  package static let outputCount = 1...2
  package let heads: Int
  package let sizes: [Int]?
  package let isCausal: Bool
  package let scale: Float?
  package let masked: Float

  package init(decoding node: Node) throws(Diagnostic) {
    heads = try node.requiredInt("num_heads")
    sizes = try node.optionalInts("qkv_hidden_sizes")
    isCausal = try node.flag("unidirectional", default: false)
    scale = try node.optionalFloat("scale")
    masked = try node.float("mask_filter_value", default: -10000)
    guard heads > 0 else { throw node.invalid("num_heads", "is \(heads), must be positive") }
    if try node.flag("do_rotary", default: false) { throw node.unsupported("'Attention' with do_rotary 1") }
    if try node.flag("past_present_share_buffer", default: false) {
      throw node.unsupported("'Attention' with past_present_share_buffer 1")
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "input", &expansion)
    let weights = try float(inputs, 1, "weights", &expansion)
    let bias = try floatIfPresent(inputs, 2, "bias", &expansion)
    let (shape, w) = (expansion.shape(of: x), expansion.shape(of: weights))
    guard shape.rank == 3, w.rank == 2, w[0] == shape[2] else {
      throw shapeMismatch("input \(shape) and weights \(w) must be [batch, length, features] and [features, any]")
    }
    let sizes = self.sizes ?? [Int](repeating: w[1] / 3, count: 3)
    guard sizes.count == 3, sizes.allSatisfy({ $0 > 0 && $0 <= w[1] && $0 % heads == 0 }), sizes[0] == sizes[1],
      sizes.reduce(0, +) == w[1], bias.map({ expansion.shape(of: $0).dims == [w[1]] }) ?? true
    else { throw shapeMismatch("weights \(w) must make queries, keys and values of \(heads) heads, as must the bias") }
    var parts: [String] = []
    var start = 0
    for size in sizes {
      let range = start..<start + size
      var part = try expansion.add("MatMul", [x, expansion.slice(weights, axis: 1, range)])
      if let bias { part = try expansion.add("Add", [part, expansion.slice(bias, axis: 0, range)]) }
      parts.append(try expansion.splitHeads(part, heads))
      start += size
    }
    var past = 0
    if let earlier = try floatIfPresent(inputs, 4, "past", &expansion) {
      let dims = expansion.shape(of: earlier)
      guard dims.rank == 5, dims[0] == 2 else {
        throw shapeMismatch("past \(dims) must be [2,batch,heads,length,size]")
      }
      past = dims[3]
      for index in 0..<2 {
        let own = try expansion.reshape(
          expansion.slice(earlier, axis: 0, index..<index + 1), to: Shape(Array(dims.dims[1...])))
        parts[index + 1] = try expansion.concat([own, parts[index + 1]], axis: 2)
      }
    }
    let total = past + shape[1]
    var terms: [String] = []
    if let mask = try paddingTerm(inputs, 3, batch: shape[0], total: total, masked: masked, &expansion) {
      terms.append(mask)
    }
    if isCausal { terms.append(try expansion.causalTerm(shape[1], total, past: past, masked: masked)) }
    if let term = try floatIfPresent(inputs, 5, "attention_bias", &expansion) { terms.append(term) }
    let size = Float(sizes[0] / heads)
    let results = try AttentionParts(
      query: parts[0], key: parts[1], value: parts[2], bias: terms, scale: scale ?? 1 / size.squareRoot()
    ).compute(&expansion)
    let y = try expansion.joinHeads(results.output)
    // Keys and values are one output only where they have one size.
    guard sizes[1] == sizes[2] else { return try finish(inputs, [y], &expansion) }
    var both: [String] = []
    for part in parts[1...] {
      both.append(try expansion.reshape(part, to: Shape([1] + expansion.shape(of: part).dims)))
    }
    try finish(inputs, [y, expansion.concat(both, axis: 0)], &expansion)
  }
}
