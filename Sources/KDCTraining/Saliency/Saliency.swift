import KDCDiagnostics
import KDCGraph
import KDCTensor

/// RISE: which pixels an image model's answer rests on, from its answers to the image under random masks.
///
/// The importance of a pixel is the mean of the answers, weighted by the masks' values at the pixel, over the masks' mean value.
/// Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", 2018, equation 6; insertion
/// and deletion: section 4.1.
package struct Saliency: Sendable {
  package struct Options: Sendable {
    package var masks = 4000
    /// Cells of a mask along each axis, before it is enlarged.
    package var cells = 7
    /// Share of the cells that are seen.
    package var seen = 0.5
    package var seed: UInt64 = 0
    package init() {}
  }

  /// Row by row, one value a pixel.
  package let map: [Float]
  package let height: Int
  package let width: Int
  /// The class that is explained.
  package let label: Int
  package let probability: Double
  /// Area under the probability while pixels come in, the most important first, on an empty image: 1 is best.
  package let insertion: Double
  /// The same while pixels are taken away from the image: 0 is best.
  package let deletion: Double

  /// - Parameters:
  ///   - graph: with one image input `[1, channels, height, width]`; canonical or not.
  ///   - output: scores of classes, or one logit.
  ///   - label: the class to explain; nil: the model's answer.
  /// - Throws: a `DiagnosticList` of `unsuitableInput`, `nonFiniteActivation`, `labelOutOfRange`.
  package init(
    of graph: Graph, output: String, image: [String: Tensor], label: Int? = nil, options: Options = Options(),
    threads: Threads
  ) throws {
    guard image.count == 1, let (name, tensor) = image.first, tensor.shape.rank == 4, let pixels = tensor.floats else {
      throw DiagnosticList([
        Diagnostic(
          .unsuitableInput, "saliency is for models with one image as input: [1, channels, height, width]",
          at: Place(file: graph.file))
      ])
    }
    let (height, width) = (tensor.shape[2], tensor.shape[3])
    let size = height * width
    /// Probabilities of the class for variants of the image.
    let form = ScoreForm(graph.outputKinds[output])
    let chunked = try ChunkedGraph(
      graph, chunkSize: 32, checkedOn: Variants(name: name, shape: tensor.shape, count: 1) { _ in pixels })
    func scores(_ count: Int, _ variant: @escaping @Sendable (Int) -> [Float]) throws -> [[Float]] {
      let samples = Variants(name: name, shape: tensor.shape, count: count, values: variant)
      let values = try chunked.outputs(of: Array(0..<count), from: samples, threads: threads)[output]?.asFloats ?? []
      let classes = values.count / max(count, 1)
      return (0..<count).map { index in
        let row = form.logits(
          Array(values[index * classes..<(index + 1) * classes]), isExclusive: classes > 1,
          floor: ScoreForm.leastProbability)
        let logs = logSoftmax(classes == 1 ? [0] + row : row, 1)
        return logs.map { Float(exponential($0)) }
      }
    }
    let own = try scores(1) { _ in pixels }[0]
    guard own.allSatisfy(\.isFinite) else {
      throw DiagnosticList([
        Diagnostic(
          .nonFiniteActivation, "the model answers NaN or infinity for '\(output)'", at: Place(file: graph.file),
          hint: "look for weights that are not finite, and samples that are extreme")
      ])
    }
    let label = label ?? argmax(own)
    guard label < own.count else {
      throw DiagnosticList([
        Diagnostic(
          .labelOutOfRange, "there is no class \(label): '\(output)' knows 0 to \(own.count - 1)",
          at: Place(file: graph.file))
      ])
    }
    let masks = RandomMasks(options, height: height, width: width)
    var sums = [Double](repeating: 0, count: size)
    // A block at a time, so that memory does not grow with the number of masks.
    for first in stride(from: 0, to: options.masks, by: 512) {
      let count = min(512, options.masks - first)
      let answers = try scores(count) { index in
        let mask = masks.mask(first + index)
        return pixels.indices.map { pixels[$0] * mask[$0 % size] }
      }
      let blocks = try parallelMap(8, threads: threads) { block -> [Double] in
        var part = [Double](repeating: 0, count: size)
        for index in stride(from: block, to: count, by: 8) {
          let (mask, answer) = (masks.mask(first + index), Double(answers[index][label]))
          for pixel in 0..<size { part[pixel] += answer * Double(mask[pixel]) }
        }
        return part
      }
      for block in blocks { for pixel in 0..<size { sums[pixel] += block[pixel] } }
    }
    let scale = 1 / (options.seen * Double(max(options.masks, 1)))
    let map = sums.map { Float($0 * scale) }
    let order = map.indices.sorted { (map[$1], $0) < (map[$0], $1) }
    var ranks = [Int](repeating: 0, count: size)
    for (rank, pixel) in order.enumerated() { ranks[pixel] = rank }
    let places = ranks
    let steps = 49
    func area(_ keeps: @escaping @Sendable (_ rank: Int, _ limit: Int) -> Bool) throws -> Double {
      let answers = try scores(steps + 1) { step in
        let limit = size * step / steps
        return pixels.indices.map { keeps(places[$0 % size], limit) ? pixels[$0] : 0 }
      }
      // The trapezoid rule.
      return (0..<steps).reduce(0) { $0 + Double(answers[$1][label] + answers[$1 + 1][label]) / 2 } / Double(steps)
    }
    insertion = try area { $0 < $1 }
    deletion = try area { $0 >= $1 }
    self.map = map
    self.height = height
    self.width = width
    self.label = label
    probability = Double(own[label])
  }

  /// Variants of one image.
  private struct Variants: SampleSource {
    let name: String
    let shape: Shape
    let count: Int
    let values: @Sendable (Int) -> [Float]
    func sample(_ index: Int) -> [String: Tensor] { [name: Tensor(shape, values(index))] }
  }
}

/// Masks of a coarse random grid, enlarged bilinearly and shifted by less than a cell. Each is a function of seed and number.
private struct RandomMasks: Sendable {
  let options: Saliency.Options
  let height: Int
  let width: Int

  init(_ options: Saliency.Options, height: Int, width: Int) {
    self.options = options
    self.height = height
    self.width = width
  }

  func mask(_ index: Int) -> [Float] {
    var generator = SplitMix64(seed: options.seed &+ UInt64(index + 1) &* 0xA24B_AED4_963E_E407)
    let cells = max(1, options.cells)
    let side = cells + 2
    let grid = (0..<side * side).map { _ in generator.unit() < options.seen ? Float(1) : 0 }
    let (shiftY, shiftX) = (Float(generator.unit()), Float(generator.unit()))
    var result = [Float](repeating: 0, count: height * width)
    for y in 0..<height {
      let row = (Float(y) + 0.5) / Float(height) * Float(cells) + shiftY
      let (top, down) = (Int(row), row - Float(Int(row)))
      for x in 0..<width {
        let column = (Float(x) + 0.5) / Float(width) * Float(cells) + shiftX
        let (left, right) = (Int(column), column - Float(Int(column)))
        let upper = grid[top * side + left] * (1 - right) + grid[top * side + left + 1] * right
        let lower = grid[(top + 1) * side + left] * (1 - right) + grid[(top + 1) * side + left + 1] * right
        result[y * width + x] = upper * (1 - down) + lower * down
      }
    }
    return result
  }
}
