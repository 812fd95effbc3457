import KDCProgram
import KDCTensor

/// Steps that take values from between the elements of an image, and those of detectors.
extension StepCases {
  mutating func sampling(_ kind: String) -> any Step {
    switch kind {
    case "gridSample": return gridSample()
    case "roiAlign": return roiAlign()
    case "maxPoolIndices": return maxPoolIndices()
    case "suppression": return suppression()
    default:
      let (batch, size) = (int(1...3), int(1...6))
      // Zeros make pivots that vanish.
      let values = (0..<batch * size * size).map { _ in Float(int(-2...2)) * (isExtreme ? 1e12 : 0.75) }
      let shape: Shape = [batch, size, size]
      return DeterminantStep(
        name: "d", input: buffer(.float32, shape, Tensor(shape, values).littleEndianBytes),
        output: buffer(.float32, [batch]), batch: batch, size: size)
    }
  }

  private mutating func gridSample() -> any Step {
    let (batch, channels, points) = (int(1...2), int(1...5), size())
    let sizes = (0..<int(2...3)).map { _ in int(1...6) }
    let places = (0..<batch * points * sizes.count).map { _ in
      isExtreme ? pick([-1, 1, 0, 1e9, -1e30, .infinity, .nan, 0.5]) : Float(int(-300...300)) / 200
    }
    return GridSampleStep(
      name: "g",
      sampling: GridSampling(
        mode: pick(GridSampling.Mode.allCases), padding: pick(GridSampling.Padding.allCases), alignsCorners: coin()),
      input: floats(Shape([batch, channels] + sizes)),
      grid: buffer(
        .float32, [batch, points, sizes.count], Tensor([places.count], places).littleEndianBytes),
      output: buffer(.float32, [batch, channels, points]), batch: batch, channels: channels, points: points,
      sizes: sizes)
  }

  private mutating func roiAlign() -> any Step {
    let (batch, channels, height, width) = (int(1...3), int(1...4), int(1...9), int(1...9))
    let regions = int(1...4)
    let corners = (0..<regions * 4).map { _ in
      isExtreme ? pick([-5, 0, 3, 40, .nan, 1e20, -1e20]) : Float(int(-40...400)) / 20
    }
    let images = (0..<regions).map { _ in Int64(int(-1...batch)) }
    let (outputHeight, outputWidth) = (int(1...4), int(1...4))
    return RoiAlignStep(
      name: "r", isMaximum: coin(), input: floats([batch, channels, height, width]),
      rois: buffer(.float32, [regions, 4], Tensor([corners.count], corners).littleEndianBytes),
      batches: buffer(.int64, [regions], Tensor([regions], images).littleEndianBytes),
      output: buffer(.float32, [regions, channels, outputHeight, outputWidth]),
      image: (batch: batch, channels: channels, height: height, width: width), regions: regions,
      outputHeight: outputHeight, outputWidth: outputWidth, ratio: isExtreme ? 2 : int(0...2),
      scale: pick([1, 0.5, 0.3]), halfPixel: coin())
  }

  private mutating func maxPoolIndices() -> any Step {
    let type: DataType = pick([.float32, .int8, .uint8])
    var axes: [MaxPoolIndicesStep.Axis] = []
    for axis in 0..<3 {
      let trivial = axis == 0 && coin()
      let (kernel, pad) = (trivial ? 1 : int(1...3), trivial ? 0 : int(0...1))
      let (stride, input) = (int(1...2), trivial ? 1 : int(kernel...8))
      let padding = pad < kernel ? pad : 0
      axes.append(
        .init(
          input: input, output: (input + 2 * padding - kernel) / stride + 1, kernel: kernel, stride: stride,
          dilation: 1, pad: padding))
    }
    let planes = int(1...3)
    let (shape, result) = (Shape([planes] + axes.map(\.input)), Shape([planes] + axes.map(\.output)))
    return MaxPoolIndicesStep(
      name: "m", type: type, input: type == .float32 ? floats(shape, edges: isExtreme) : int8s(shape),
      output: buffer(type, result), indices: coin() ? buffer(.int64, result) : nil, planes: planes, axes: axes,
      columnMajor: coin())
  }

  private mutating func suppression() -> any Step {
    let (images, classes, boxes) = (int(1...2), int(1...3), int(1...40))
    let corners = (0..<images * boxes * 4).map { _ in Float(int(0...20)) / 2 }
    // Few scores, so that some are equal.
    let scores = (0..<images * classes * boxes).map { _ in Float(int(0...9)) / 10 }
    let most = int(1...boxes)
    return SuppressionStep(
      name: "s", boxes: buffer(.float32, [images, boxes, 4], Tensor([corners.count], corners).littleEndianBytes),
      scores: buffer(.float32, [images, classes, boxes], Tensor([scores.count], scores).littleEndianBytes),
      selected: buffer(.int64, [images * classes * most, 3]), count: buffer(.int64, [1]), images: images,
      classes: classes, boxCount: boxes, most: most, overlap: pick([0, 0.3, 0.5]),
      scoreThreshold: pick([-.infinity, 0.25]), centered: coin())
  }
}
