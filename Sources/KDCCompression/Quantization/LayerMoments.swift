import KDCDiagnostics
import KDCOps
import KDCTensor

/// Second moments of a layer's inputs and of what its outputs lack, per group of channels, about their means: what the
/// choice of its weights depends on.
///
/// The inputs are those under one output pixel, as im2col columns: [K] with K = weights of an output channel.
struct LayerMoments {
  struct Group: Sendable {
    /// Σ (x − mean)(x − mean)ᵀ, [K, K], symmetric.
    var inputs: [Double]
    /// Σ (d − mean)(x − mean)ᵀ, [rows, K]: d are the outputs wanted minus those of the float weights on these inputs.
    var lacks: [Double]
    /// Means of x, [K].
    var means: [Double]
  }
  let groups: [Group]
  /// K.
  let depth: Int
  /// Output channels of a group.
  let rows: Int
  /// Columns that were summed, for each group.
  let count: Int
  /// Whether anything was said about what outputs lack.
  let hasLacks: Bool

  /// At most this many multiply-adds are spent on a layer; beyond it samples are left out evenly.
  static let mostWork = 30_000_000_000
  /// Bytes of partial sums held at a time.
  private static let memoryLimit = 256 << 20

  /// - Parameters:
  ///   - part: FusedConv or FusedGemm; nil is returned for anything else.
  ///   - inputs: a tensor a sample, as the int8 model has them.
  ///   - lacks: for each, wanted minus present pre-activations, of the output's shape; nil where nothing is lacking.
  ///   - work: multiply-adds to spend.
  init?(
    _ part: WeightedNode, weights: Shape, inputs: [Tensor], lacks: [Tensor]?, work workLimit: Int = mostWork,
    threads: Threads
  ) throws {
    guard let first = inputs.first else { return nil }
    let columns: ColumnSource
    guard let layer = part.linear as? any FusedLayer else { return nil }
    if let geometry = try layer.patches(input: first.shape, weights: weights) {
      guard geometry.batch == 1 else { return nil }
      columns = .image(geometry)
    } else {
      columns = .rows(depth: weights[1], outputs: weights[0])
    }
    depth = columns.depth
    rows = columns.rows
    hasLacks = lacks != nil
    let (k, n, groupCount) = (depth, rows, columns.groups)
    let pixels = columns.count(first)
    guard k > 0, n > 0, pixels > 0 else { return nil }
    let work = groupCount * pixels * k * (k + n)
    let stride = max(1, inputs.count * work / workLimit)
    let chosen = Array(Swift.stride(from: 0, to: inputs.count, by: stride))
    count = chosen.count * pixels
    // Chunks do not depend on the threads, and their sums are added in order.
    let sumBytes = groupCount * k * (k + n) * 8
    let chunks = max(1, min(8, chosen.count, Self.memoryLimit / max(sumBytes, 1)))
    let parts = try parallelMap(chunks, threads: threads) { chunk in
      var sums = (0..<groupCount).map { _ in Sums(depth: k, rows: n) }
      let samples = try chosen[chosen.count * chunk / chunks..<chosen.count * (chunk + 1) / chunks].map { index in
        guard let x = inputs[index].floats, x.count == first.count else {
          throw InternalError("samples of one layer differ in shape")
        }
        return (x: x, d: lacks?[index].floats)
      }
      columns.add(samples, to: &sums)
      return sums
    }
    groups = (0..<groupCount).map { group in
      var total = parts[0][group]
      for part in parts.dropFirst() { total.add(part[group]) }
      return total.centered(count: chosen.count * pixels)
    }
  }
}

/// Uncentred sums over columns.
private struct Sums: Sendable {
  let depth, rows: Int
  var products: [Double]
  var cross: [Double]
  var inputs: [Double]
  var lacks: [Double]

  init(depth: Int, rows: Int) {
    self.depth = depth
    self.rows = rows
    products = .init(repeating: 0, count: depth * depth)
    cross = .init(repeating: 0, count: rows * depth)
    inputs = .init(repeating: 0, count: depth)
    lacks = .init(repeating: 0, count: rows)
  }

  /// Adds columns x and what they lack d, nil for nothing; x is [depth, columns] and d [rows, columns], or
  /// [columns, depth] and [columns, rows].
  mutating func add(
    _ d: UnsafePointer<Float>?, pitch: Int, isTransposed: Bool, _ x: UnsafePointer<Float>, columns: Int
  ) {
    let (depth, rows) = (depth, rows)
    let xPitch = isTransposed ? depth : columns
    let square = [Float](count: depth * depth) { target in
      BLAS.gemm(
        transposeA: isTransposed, transposeB: !isTransposed, m: depth, n: depth, k: columns, a: x, lda: xPitch, b: x,
        ldb: xPitch, c: target)
    }
    for i in square.indices { products[i] += Double(square[i]) }
    func addSums(_ from: UnsafePointer<Float>, _ count: Int, _ pitch: Int, to sums: inout [Double]) {
      for i in 0..<count {
        var sum = 0.0
        for column in 0..<columns { sum += Double(isTransposed ? from[column * pitch + i] : from[i * pitch + column]) }
        sums[i] += sum
      }
    }
    addSums(x, depth, xPitch, to: &inputs)
    guard let d else { return }
    let mixed = [Float](count: rows * depth) { target in
      BLAS.gemm(
        transposeA: isTransposed, transposeB: !isTransposed, m: rows, n: depth, k: columns, a: d, lda: pitch, b: x,
        ldb: xPitch, c: target)
    }
    for i in mixed.indices { cross[i] += Double(mixed[i]) }
    addSums(d, rows, pitch, to: &lacks)
  }

  mutating func add(_ other: Sums) {
    for i in products.indices { products[i] += other.products[i] }
    for i in cross.indices { cross[i] += other.cross[i] }
    for i in inputs.indices { inputs[i] += other.inputs[i] }
    for i in lacks.indices { lacks[i] += other.lacks[i] }
  }

  func centered(count: Int) -> LayerMoments.Group {
    let inverse = 1 / Double(max(count, 1))
    var result = LayerMoments.Group(inputs: products, lacks: cross, means: inputs.map { $0 * inverse })
    for i in 0..<depth {
      for j in 0..<depth { result.inputs[i * depth + j] -= inputs[i] * inputs[j] * inverse }
    }
    for n in 0..<rows {
      for k in 0..<depth { result.lacks[n * depth + k] -= lacks[n] * inputs[k] * inverse }
    }
    return result
  }
}

/// How a sample's values become columns.
private enum ColumnSource: Sendable {
  case image(ImageGeometry)
  /// Values [M, depth]: M columns.
  case rows(depth: Int, outputs: Int)

  var depth: Int {
    switch self {
    case .image(let g): g.depth
    case .rows(let depth, _): depth
    }
  }
  var rows: Int {
    switch self {
    case .image(let g): g.groupOutputs
    case .rows(_, let outputs): outputs
    }
  }
  var groups: Int { if case .image(let g) = self { g.groups } else { 1 } }

  func count(_ sample: Tensor) -> Int {
    switch self {
    case .image(let g): g.outputPixels
    case .rows(let depth, _): depth > 0 ? sample.count / depth : 0
    }
  }

  /// Adds samples' columns x and what they lack d: [rows, pixels] of a group for images, [M, outputs] else.
  func add(_ samples: [(x: [Float], d: [Float]?)], to sums: inout [Sums]) {
    switch self {
    case .rows(let depth, let outputs):
      // One product for all samples: a layer with one column a sample has nothing else to multiply.
      let x = samples.flatMap(\.x)
      let d = samples.contains { $0.d == nil } ? nil : samples.flatMap { $0.d ?? [] }
      x.withPointer { x in
        withOptional(d) { d in
          sums[0].add(
            d, pitch: outputs, isTransposed: true, x, columns: samples.reduce(0) { $0 + $1.x.count / max(depth, 1) })
        }
      }
    case .image(let g):
      var columns = [Float](repeating: 0, count: g.depth * g.outputPixels)
      for sample in samples {
        sample.x.withPointer { x in
          withOptional(sample.d) { d in
            columns.withUnsafeMutableBufferPointer { buffer in
              guard let base = buffer.baseAddress else { return }
              for group in 0..<g.groups {
                g.im2col(x + group * g.groupInputs * g.inputPixels, rows: 0..<g.y.output, into: base)
                sums[group].add(
                  d.map { $0 + group * g.groupOutputs * g.outputPixels }, pitch: g.outputPixels, isTransposed: false,
                  base, columns: g.outputPixels)
              }
            }
          }
        }
      }
    }
  }

  private func withOptional(_ values: [Float]?, _ body: (UnsafePointer<Float>?) -> Void) {
    if let values { values.withPointer { body($0) } } else { body(nil) }
  }
}
