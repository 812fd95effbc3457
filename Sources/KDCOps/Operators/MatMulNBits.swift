import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A · Bᵀ + bias in float32, B [N, K] being stored in 2, 4 or 8 bits with a scale for each block of a row.
/// `com.microsoft.MatMulNBits`: A, B [N, blocks, bytes], scales, zero_points, g_idx, bias.
///
/// Everything but A and the bias must be known when compiling: B becomes a float matrix, which quantisation starts from.
package struct MatMulNBits: Expanding {
  package static let onnxName = "MatMulNBits"
  package static let domain = "com.microsoft"
  package static let inputCount = 3...6
  private let depth: Int
  private let columns: Int
  private let bits: Int
  private let block: Int

  package init(decoding node: Node) throws(Diagnostic) {
    depth = try node.requiredInt("K")
    columns = try node.requiredInt("N")
    bits = try node.int("bits", default: 4)
    block = try node.requiredInt("block_size")
    guard depth > 0, columns > 0, depth < 1 << 24, columns < 1 << 24 else {
      throw node.invalid("K", "and N are \(depth) and \(columns), must be positive and less than 2^24")
    }
    guard [2, 4, 8].contains(bits) else { throw node.unsupported("'MatMulNBits' with \(bits) bits") }
    guard block >= 8, block <= 1 << 16, block * bits % 8 == 0 else { throw node.invalid("block_size", "is \(block)") }
    if node.input(4) != nil { throw node.unsupported("input g_idx of 'MatMulNBits'") }
  }

  private var blocks: Int { (depth + block - 1) / block }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let a = try requiredFloat(inputs, 0, "A")
    guard a.rank >= 1, a.dims.last == depth else { throw shapeMismatch("A \(a) must end in K = \(depth)") }
    _ = try weights(inputs, shapesOnly: true)
    if let bias = try optionalFloat(inputs, 5, "bias"), bias.dims != [columns] {
      throw shapeMismatch("bias \(bias) must be [\(columns)]")
    }
    return [TensorType(.float32, Shape(a.dims.dropLast() + [columns]))]
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try outputTypes(inputs)
    let matrix = expansion.constant(Tensor([depth, columns], try weights(inputs)))
    let product = try expansion.add("MatMul", [expansion.inputs[0], matrix])
    guard let bias = expansion.operand(5) else { return expansion.outputs = [product] }
    expansion.outputs = [try expansion.add("Add", [product, bias])]
  }

  /// Bᵀ as reals, [K, N]; nothing with `shapesOnly`, which checks what is given.
  private func weights(_ inputs: [OperatorInput?], shapesOnly: Bool = false) throws(Diagnostic) -> [Float] {
    let bytesOfBlock = block * bits / 8
    guard case .uint8(let bytes)? = try constant(inputs, 1, "B")?.elements,
      let scales = try constant(inputs, 2, "scales")?.floats
    else { throw typeMismatch("B must be uint8, the scales float32") }
    guard bytes.count == columns * blocks * bytesOfBlock, scales.count == columns * blocks else {
      throw shapeMismatch(
        "\(bytes.count) bytes and \(scales.count) scales are not those of [\(columns),\(depth)] in blocks of \(block)")
    }
    let zeros = try zeroPoints(inputs)
    if shapesOnly { return [] }
    var result = [Float](repeating: 0, count: depth * columns)
    let mask = UInt8((1 << bits) - 1)
    for n in 0..<columns {
      for k in 0..<depth {
        let group = n * blocks + k / block
        let bit = k % block * bits
        let q = bytes[group * bytesOfBlock + bit / 8] >> UInt8(bit % 8) & mask
        result[k * columns + n] = (Float(q) - zeros(n, k / block)) * scales[group]
      }
    }
    return result
  }

  /// The zero point of a block of a row: given in as many bits as the weights, as reals, or the middle.
  private func zeroPoints(_ inputs: [OperatorInput?]) throws(Diagnostic) -> (Int, Int) -> Float {
    guard let tensor = try constant(inputs, 3, "zero_points") else {
      let middle = Float(1 << (bits - 1))
      return { _, _ in middle }
    }
    let (blocks, bits) = (blocks, bits)
    switch tensor.elements {
    case .float32(let values) where values.count == columns * blocks: return { values[$0 * blocks + $1] }
    case .uint8(let bytes):
      let row = (blocks * bits + 7) / 8
      guard bytes.count == columns * row else { break }
      let mask = UInt8((1 << bits) - 1)
      return { n, at in Float(bytes[n * row + at * bits / 8] >> UInt8(at * bits % 8) & mask) }
    default: break
    }
    throw shapeMismatch("zero_points \(tensor.type) are not one for each of \(columns)·\(blocks) blocks")
  }
}
