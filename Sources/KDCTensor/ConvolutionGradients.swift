/// The backward pass of convolutions over NCHW images, on the calling thread: batches are spread over threads in chunks.
extension Convolution {
  /// Which gradients are of use.
  package struct Wanted: Sendable {
    package var input, weights, bias, residual: Bool
    package init(input: Bool = false, weights: Bool = false, bias: Bool = false, residual: Bool = false) {
      self.input = input
      self.weights = weights
      self.bias = bias
      self.residual = residual
    }
  }

  /// Those that are not wanted are nil.
  package struct Gradients: Sendable {
    package var input, weights, bias, residual: [Float]?
  }

  /// The gradients of `forward`, from that of its result [batch, outputChannels, y.output, x.output].
  ///
  /// `output` and the bounds are given where an activation clamped the result: there the gradient passes where the
  /// output lies strictly between them. The residual's gradient is that of the sum before the activation.
  package static func gradients(
    input: [Float], weights: [Float], outputGradient: [Float], output: [Float]? = nil, low: Float = -.infinity,
    high: Float = .infinity, _ g: ImageGeometry, wanted: Wanted
  ) -> Gradients {
    Memory.keep()
    var result = Gradients()
    var weightGradient = [Float](repeating: 0, count: wanted.weights ? g.outputChannels * g.depth : 0)
    var biasGradient = [Float](repeating: 0, count: wanted.bias ? g.outputChannels : 0)
    let sums = wanted.residual && output != nil ? outputGradient.count : 0
    var residualGradient: [Float] = []
    let inputCount = wanted.input ? g.batch * g.inputChannels * g.inputPixels : 0
    let inputGradient = [Float](count: inputCount) { inputGradient in
      residualGradient = [Float](count: sums) { residualGradient in
        weightGradient.withUnsafeMutableBufferPointer { weightGradient in
          biasGradient.withUnsafeMutableBufferPointer { biasGradient in
            input.withPointer { input in
              weights.withPointer { weights in
                outputGradient.withPointer { outputGradient in
                  (output ?? []).withPointer { outputs in
                    let job = Backward(
                      input: input, weights: weights, outputGradient: outputGradient,
                      output: output == nil ? nil : outputs, low: low, high: high,
                      inputGradient: wanted.input ? inputGradient : nil,
                      weightGradient: wanted.weights ? weightGradient.baseAddress : nil,
                      biasGradient: wanted.bias ? biasGradient.baseAddress : nil,
                      residualGradient: sums > 0 ? residualGradient : nil, g: g)
                    if inputCount > 0, !job.writesInput {
                      inputGradient.initialize(repeating: 0, count: inputCount)
                    }
                    if g.isDepthwise { job.depthwise() } else { job.general() }
                  }
                }
              }
            }
          }
        }
      }
    }
    if wanted.input { result.input = inputGradient }
    if wanted.weights { result.weights = weightGradient }
    if wanted.bias { result.bias = biasGradient }
    if wanted.residual { result.residual = sums > 0 ? residualGradient : outputGradient }
    return result
  }

  /// Σ over images and pixels of [batch, channels, pixels] for each channel.
  package static func channelSums(_ values: [Float], batch: Int, channels: Int, pixels: Int) -> [Float] {
    var sums = [Float](repeating: 0, count: channels)
    values.withPointer { values in
      for image in 0..<batch {
        for channel in 0..<channels {
          sums[channel] += VectorSums.sum(values + (image &* channels &+ channel) &* pixels, pixels)
        }
      }
    }
    return sums
  }
}

/// The backward pass of one call.
struct Backward {
  let input, weights, outputGradient: UnsafePointer<Float>
  /// Where an activation clamped it.
  let output: UnsafePointer<Float>?
  let low, high: Float
  /// nil where not wanted; those of weights and bias are zeros at first.
  let inputGradient, weightGradient, biasGradient, residualGradient: UnsafeMutablePointer<Float>?
  let g: ImageGeometry

  /// Every element of the input's gradient is written, so that it need not be zero before.
  var writesInput: Bool {
    g.outputPixels > 0 && g.depth > 0 && g.outputChannels > 0 && (g.isDepthwise || route != .columns)
  }

  /// Writes the gradient of the sums at `at` of the output, masked by the activation, and returns its sum.
  @inline(__always)
  func mask(_ at: Int, _ result: UnsafeMutablePointer<Float>, _ count: Int) -> Float {
    let gradient = outputGradient + at
    guard let output else {
      for i in 0..<count { result[i] = gradient[i] }
      return VectorSums.sum(gradient, count)
    }
    let (y, low, high) = (output + at, low, high)
    for i in 0..<count {
      // Two selections rather than one condition: they become vector instructions.
      let slope = gradient[i]
      let below = y[i] < high ? slope : 0
      result[i] = y[i] > low ? below : 0
    }
    if let residualGradient { (residualGradient + at).update(from: result, count: count) }
    return VectorSums.sum(result, count)
  }

  /// How the products are formed.
  enum Route {
    /// ∂w = ∂y · xᵀ and ∂x = wᵀ · ∂y.
    case pointwise
    /// Stride 1: ∂x is the convolution of ∂y with the weights transposed and mirrored, and ∂w follows from the same
    /// im2col matrix of ∂y: ∂w mirrored = x · colᵀ. One im2col, no col2im.
    case mirrored
    /// ∂w = ∂y · col(x)ᵀ, ∂x = col2im(wᵀ · ∂y).
    case columns
  }

  var route: Route {
    if g.isPointwise { return .pointwise }
    let small = g.groupOutputs * 2 <= g.groupInputs * 5
    return inputGradient != nil && g.y.stride == 1 && g.x.stride == 1 && small ? .mirrored : .columns
  }

  func general() {
    guard g.outputPixels > 0, g.depth > 0, g.groupOutputs > 0 else { return }
    switch route {
    case .pointwise: products(g, matrixRows: g.groupInputs + g.groupOutputs, joins: 128, pointwise)
    case .columns: products(g, matrixRows: g.depth + g.groupOutputs, joins: 256, columns)
    case .mirrored: mirrored()
    }
  }

  /// One block: images of a group, and the output rows to work on.
  struct Block {
    var images: Range<Int>
    var group: Int
    var rows: Range<Int>
    var isJoined: Bool
    var isFirst: Bool { rows.lowerBound == 0 }
  }

  /// The gradient of the sums of one image and group: [groupOutputs, outputPixels], `distance` apart for images.
  struct Sums {
    var base: UnsafePointer<Float>
    var distance: Int
    func image(_ index: Int, of block: Block) -> UnsafePointer<Float> {
      base + (index - block.images.lowerBound) * distance
    }
  }

  /// Runs `body` on every block of the pixels of `shape`'s output.
  private func products(
    _ shape: ImageGeometry, matrixRows: Int, joins: Int,
    _ body: (Block, Sums, _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>) -> Void
  ) {
    let plan = Convolution.Blocks(
      batch: g.batch, height: shape.y.output, width: shape.x.output, matrixRows: matrixRows, joins: joins)
    let pixels = plan.images * plan.rows * shape.x.output
    let size = g.groupOutputs * g.outputPixels
    withScratch(plan.images * size) { masked in
      withScratch(pixels * shape.depth) { first in
        withScratch(plan.images > 1 ? pixels * max(g.groupInputs, g.groupOutputs) : 0) { second in
          for image in stride(from: 0, to: g.batch, by: plan.images) {
            let images = image..<min(g.batch, image + plan.images)
            for group in 0..<g.groups {
              let sums = sums(images, group, masked)
              for row in stride(from: 0, to: shape.y.output, by: plan.rows) {
                let rows = row..<min(shape.y.output, row + plan.rows)
                body(Block(images: images, group: group, rows: rows, isJoined: plan.images > 1), sums, first, second)
              }
            }
          }
        }
      }
    }
  }

  /// Masks the gradient where there is an activation, and adds to the bias' gradient.
  private func sums(_ images: Range<Int>, _ group: Int, _ masked: UnsafeMutablePointer<Float>) -> Sums {
    let size = g.groupOutputs * g.outputPixels
    let start = (images.lowerBound * g.groups + group) * size
    var sums = Sums(base: outputGradient + start, distance: g.groups * size)
    if output != nil { sums = Sums(base: UnsafePointer(masked), distance: size) }
    guard output != nil || biasGradient != nil else { return sums }
    for index in 0..<images.count {
      for channel in 0..<g.groupOutputs {
        let plane = index * size + channel * g.outputPixels
        let at = ((images.lowerBound + index) * g.groups + group) * size + channel * g.outputPixels
        let sum =
          output == nil
          ? VectorSums.sum(outputGradient + at, g.outputPixels) : mask(at, masked + plane, g.outputPixels)
        biasGradient?[group * g.groupOutputs + channel] += sum
      }
    }
    return sums
  }

  /// Rows [channels, pixels of all images], copied together where there are several.
  private func matrix(
    _ block: Block, channels: Int, planeSize: Int, from start: Int, count: Int, joined: UnsafeMutablePointer<Float>,
    _ image: (Int) -> UnsafePointer<Float>
  ) -> (base: UnsafePointer<Float>, distance: Int) {
    guard block.isJoined else { return (image(block.images.lowerBound) + start, planeSize) }
    let all = block.images.count * count
    for index in block.images {
      let source = image(index) + start
      let target = joined + (index - block.images.lowerBound) * count
      for channel in 0..<channels { (target + channel * all).update(from: source + channel * planeSize, count: count) }
    }
    return (UnsafePointer(joined), all)
  }

  /// The output's gradient as such rows.
  private func gradientMatrix(
    _ block: Block, _ sums: Sums, from start: Int, count: Int, joined: UnsafeMutablePointer<Float>
  ) -> (base: UnsafePointer<Float>, distance: Int) {
    matrix(block, channels: g.groupOutputs, planeSize: g.outputPixels, from: start, count: count, joined: joined) {
      sums.image($0, of: block)
    }
  }

  private func inputImage(_ index: Int, _ group: Int) -> Int {
    (index * g.groups + group) * g.groupInputs * g.inputPixels
  }

  private func pointwise(
    _ block: Block, _ sums: Sums, _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>
  ) {
    let (start, count) = (block.rows.lowerBound * g.x.output, block.rows.count * g.x.output)
    let all = block.images.count * count
    let groupWeights = block.group * g.groupOutputs * g.depth
    let gradient = gradientMatrix(block, sums, from: start, count: count, joined: second)
    if let weightGradient {
      let x = matrix(
        block, channels: g.groupInputs, planeSize: g.inputPixels, from: start, count: count, joined: first
      ) { input + inputImage($0, block.group) }
      BLAS.gemm(
        transposeB: true, m: g.groupOutputs, n: g.groupInputs, k: all, a: gradient.base, lda: gradient.distance,
        b: x.base, ldb: x.distance, beta: 1, c: weightGradient + groupWeights)
    }
    guard let inputGradient else { return }
    let target = block.isJoined ? first : inputGradient + (inputImage(block.images.lowerBound, block.group) + start)
    let distance = block.isJoined ? all : g.inputPixels
    BLAS.gemm(
      transposeA: true, m: g.groupInputs, n: all, k: g.groupOutputs, a: weights + groupWeights, b: gradient.base,
      ldb: gradient.distance, c: target, ldc: distance)
    if block.isJoined { spread(block, first, start, count, into: inputGradient) }
  }

  /// The columns of a matrix [groupInputs, pixels of all images] to the images of the input's gradient.
  private func spread(
    _ block: Block, _ matrix: UnsafePointer<Float>, _ start: Int, _ count: Int,
    into result: UnsafeMutablePointer<Float>
  ) {
    let all = block.images.count * count
    for index in block.images {
      let target = result + (inputImage(index, block.group) + start)
      let source = matrix + (index - block.images.lowerBound) * count
      for channel in 0..<g.groupInputs {
        (target + channel * g.inputPixels).update(from: source + channel * all, count: count)
      }
    }
  }

  private func columns(
    _ block: Block, _ sums: Sums, _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>
  ) {
    let (start, count) = (block.rows.lowerBound * g.x.output, block.rows.count * g.x.output)
    let all = block.images.count * count
    let groupWeights = block.group * g.groupOutputs * g.depth
    let gradient = gradientMatrix(block, sums, from: start, count: count, joined: second)
    func offset(_ index: Int) -> Int { (index - block.images.lowerBound) * count }
    if let weightGradient {
      for index in block.images {
        g.im2col(input + inputImage(index, block.group), rows: block.rows, into: first + offset(index), distance: all)
      }
      BLAS.gemm(
        transposeB: true, m: g.groupOutputs, n: g.depth, k: all, a: gradient.base, lda: gradient.distance,
        b: first, ldb: all, beta: 1, c: weightGradient + groupWeights)
    }
    guard let inputGradient else { return }
    BLAS.gemm(
      transposeA: true, m: g.depth, n: all, k: g.groupOutputs, a: weights + groupWeights, b: gradient.base,
      ldb: gradient.distance, c: first)
    for index in block.images {
      g.col2im(
        first + offset(index), rows: block.rows, distance: all, channels: g.groupInputs,
        into: inputGradient + inputImage(index, block.group))
    }
  }

  private func mirrored() {
    guard let inputGradient else { return }
    let taps = g.y.kernel * g.x.kernel
    let depth = g.groupOutputs * taps
    let size = g.groupInputs * depth
    func axis(_ a: ImageGeometry.Axis) -> ImageGeometry.Axis {
      ImageGeometry.Axis(
        input: a.output, output: a.input, kernel: a.kernel, stride: 1, dilation: a.dilation,
        padBegin: (a.kernel - 1) * a.dilation - a.padBegin)
    }
    let back = ImageGeometry(
      batch: g.batch, inputChannels: g.outputChannels, outputChannels: g.inputChannels, groups: g.groups,
      y: axis(g.y), x: axis(g.x))
    /// Calls `body` with the place of each weight, and that of it transposed and mirrored.
    func forEachWeight(_ body: (_ own: Int, _ mirrored: Int) -> Void) {
      for group in 0..<g.groups {
        for m in 0..<g.groupOutputs {
          for c in 0..<g.groupInputs {
            let own = ((group &* g.groupOutputs &+ m) &* g.groupInputs &+ c) &* taps
            let other = group &* size &+ c &* depth &+ m &* taps
            for t in 0..<taps { body(own &+ t, other &+ taps &- 1 &- t) }
          }
        }
      }
    }
    withScratch(2 * g.groups * size) { mirrored in
      let found = mirrored + g.groups * size
      forEachWeight { mirrored[$1] = weights[$0] }
      found.initialize(repeating: 0, count: g.groups * size)
      products(back, matrixRows: depth + g.groupInputs, joins: 256) { block, sums, columns, joined in
        let (start, count) = (block.rows.lowerBound * g.x.input, block.rows.count * g.x.input)
        let all = block.images.count * count
        for index in block.images {
          back.im2col(
            sums.image(index, of: block), rows: block.rows,
            into: columns + (index - block.images.lowerBound) * count, distance: all)
        }
        if weightGradient != nil {
          let x = matrix(
            block, channels: g.groupInputs, planeSize: g.inputPixels, from: start, count: count, joined: joined
          ) { input + inputImage($0, block.group) }
          BLAS.gemm(
            transposeB: true, m: g.groupInputs, n: depth, k: all, a: x.base, lda: x.distance, b: columns, ldb: all,
            beta: 1, c: found + block.group * size)
        }
        let target =
          block.isJoined ? joined : inputGradient + (inputImage(block.images.lowerBound, block.group) + start)
        BLAS.gemm(
          m: g.groupInputs, n: all, k: depth, a: mirrored + block.group * size, b: columns, ldb: all, c: target,
          ldc: block.isJoined ? all : g.inputPixels)
        if block.isJoined { spread(block, joined, start, count, into: inputGradient) }
      }
      if let weightGradient { forEachWeight { weightGradient[$0] = found[$1] } }
    }
  }
}
