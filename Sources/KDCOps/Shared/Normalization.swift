import KDCGraph
import KDCProgram
import KDCTensor

extension Lowering {
  /// y = x · factor + offset into the value `output`; the operands' strides along rows and columns.
  mutating func affine(
    _ x: BufferID, _ factor: BufferID?, _ offset: BufferID?, rows: Int, columns: Int, stride: (row: Int, column: Int),
    to output: String, in layout: Layout
  ) throws {
    var x = x
    if let factor {
      let target = offset == nil ? try write(output, as: .native, in: layout) : nil
      x = binary(.multiply, x, factor, rows: rows, columns: columns, strideB: stride, to: target)
    }
    if let offset {
      let target = try write(output, as: .native, in: layout)
      x = binary(.add, x, offset, rows: rows, columns: columns, strideB: stride, to: target)
    }
    if factor == nil, offset == nil {
      try alias(output, Form(encoding: .native, layout: layout, buffer: x))
    }
  }
}

extension Lowering {
  /// (x − mean) / sqrt(variance + epsilon) of each row of a dense [rows, columns]; mean and root for each row.
  mutating func standardized(
    _ x: BufferID, rows: Int, columns: Int, epsilon: Float
  ) -> (result: BufferID, mean: BufferID, deviation: BufferID) {
    let sums = TensorType(.float32, [rows])
    let mean = temporary(sums)
    append {
      FloatReduceStep(
        name: $0, operation: .mean, input: x, output: mean, outer: rows, reduced: columns, inner: 1)
    }
    let centred = binary(.subtract, x, mean, rows: rows, columns: columns, strideB: (1, 0))
    let squares = unary(FloatFunction(.square), centred, count: rows * columns)
    let variance = temporary(sums)
    append {
      FloatReduceStep(
        name: $0, operation: .mean, input: squares, output: variance, outer: rows, reduced: columns, inner: 1)
    }
    let constant = loaded(Tensor([1], [epsilon]), "epsilon")
    let shifted = binary(.add, variance, constant, rows: 1, columns: rows, strideB: (0, 0))
    let deviation = unary(FloatFunction(.sqrt), shifted, count: rows)
    let result = binary(.divide, centred, deviation, rows: rows, columns: columns, strideB: (1, 0))
    return (result, mean, deviation)
  }
}

/// One row of x̂ = (x − mean) · inverse.
struct Normalized {
  let x: UnsafePointer<Float>
  let mean, inverse: Float
  let count: Int

  struct Sums {
    /// Σ g and Σ g · x̂.
    var plain, product: Float
    func divided(by count: Int) -> Sums {
      let size = Float(max(1, count))
      return Sums(plain: plain / size, product: product / size)
    }
  }

  func sums(_ g: UnsafePointer<Float>) -> Sums {
    // Σ g · x̂ = inverse · (Σ g · x − mean · Σ g) would cancel where the mean is large.
    var parts = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    let (rawX, rawG) = (UnsafeRawPointer(x), UnsafeRawPointer(g))
    var i = 0
    while i &+ 8 <= count {
      let slope = rawG.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
      parts.0 += slope
      parts.1 += slope * (rawX.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self) - mean)
      i &+= 8
    }
    var (plain, product) = (parts.0.sum(), parts.1.sum())
    while i < count {
      plain += g[i]
      product += g[i] * (x[i] - mean)
      i &+= 1
    }
    return Sums(plain: plain, product: product * inverse)
  }

  /// factor · (g − mean of g − x̂ · mean of g · x̂).
  func write(_ result: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, factor: Float, means: Sums) {
    let linear = means.product * inverse
    for i in 0..<count { result[i] = factor * (g[i] - means.plain - (x[i] - mean) * linear) }
  }
}

extension ChannelTrace {
  /// X [N, C, …] with one parameter of each kind for each channel.
  mutating func perChannel(_ node: Node, mixesPixels: Bool) {
    pass(node, mixing: { mixesPixels && $0 >= 2 })
    var x = labels(of: node.outputs[0])
    for name in node.inputs.dropFirst() where !name.isEmpty {
      x[1] = unify(x[1], labels(of: name).first ?? nil)
      if isWeight(name) { use(name, 0, .perChannel) }
    }
    labels[node.outputs[0]] = x
  }

  /// Statistics mix the axes from `axis` on; parameters stay as they are.
  mutating func standardize(_ node: Node, from axis: Int) {
    pass(node, mixing: { $0 >= axis })
    for name in node.inputs.dropFirst() where !name.isEmpty { pin(name) }
  }
}
