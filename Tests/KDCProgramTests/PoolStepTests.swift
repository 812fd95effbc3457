import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Pooling and resize steps")
struct PoolStepTests {
  private let g = ConvolutionGeometry(
    input: (5, 6, 3), output: (3, 3, 3), kernel: (3, 2), strides: (2, 2), dilations: (1, 2), padTop: 1, padLeft: 1)

  /// The pixels of a window inside the image.
  private func pixels(_ oy: Int, _ ox: Int) -> [Int] {
    (0..<3).flatMap { ky in
      (0..<2).compactMap { kx in
        let (iy, ix) = (oy * 2 + ky - 1, ox * 2 + kx * 2 - 1)
        return (0..<5).contains(iy) && (0..<6).contains(ix) ? iy * 6 + ix : nil
      }
    }
  }
  private func expected<T>(_ value: ([Int], Int, Int, Int) -> T) -> [T] {
    (0..<27).map { index in
      let (oy, ox, c) = (index / 9, index / 3 % 3, index % 3)
      return value(pixels(oy, ox).map { $0 * 3 + c }, oy, ox, c)
    }
  }

  @Test("maximum pooling equals the maximum of the pixels inside")
  func maximum() throws {
    var random = SeededGenerator(seed: 5)
    let x = random.int8s(90, in: -128 ... -1)
    var bench = StepBench()
    let step = MaxPoolStep(
      name: "p", input: bench.buffer(Tensor([90], x)), output: bench.output(.int8, [27]), geometry: g)
    #expect(try bench.int8(step) == expected { window, _, _, _ in window.map { x[$0] }.max() ?? 0 })
    let floats = x.map(Float.init)
    let float = FloatPoolStep(
      name: "p", operation: .maximum, input: bench.buffer(Tensor([90], floats)), output: bench.output(.float32, [27]),
      geometry: g, countIncludesPadding: false, paddedHeight: 7, paddedWidth: 8)
    #expect(try bench.float(float) == expected { window, _, _, _ in window.map { floats[$0] }.max() ?? 0 })
  }

  @Test("mean pooling divides by the pixels inside, or by those inside the padded image", arguments: [false, true])
  func mean(countIncludesPadding: Bool) throws {
    var random = SeededGenerator(seed: 6)
    let x = random.int8s(90)
    var bench = StepBench()
    let multipliers = (1...6).map { Int32((Double(1 << 30) / Double($0)).rounded()) }
    let requantization = Requantization(preShift: 5, shift: 4, zeroPoint: 1, low: -128, high: 127)
    // The padding reaches one row and one column beyond the image on each side.
    func divisor(_ window: [Int], _ oy: Int, _ ox: Int) -> Int {
      guard countIncludesPadding else { return window.count }
      let rows = (0..<3).count { oy * 2 + $0 - 1 < 6 }
      return rows * (0..<2).count { ox * 2 + $0 * 2 - 1 < 7 }
    }
    let step = AveragePoolStep(
      name: "p", input: bench.buffer(Tensor([90], x)), output: bench.output(.int8, [27]), geometry: g,
      inputZeroPoint: -9, countIncludesPadding: countIncludesPadding, paddedHeight: 7, paddedWidth: 8,
      multipliers: bench.constant(Tensor([6], multipliers)), requantization: requantization)
    let want = expected { window, oy, ox, _ in
      exactRequantization(
        window.reduce(0) { $0 + Int(x[$1]) + 9 }, Int(multipliers[divisor(window, oy, ox) - 1]), requantization)
    }
    #expect(try bench.int8(step) == want)
    let floats = x.map(Float.init)
    let float = FloatPoolStep(
      name: "p", operation: .mean, input: bench.buffer(Tensor([90], floats)), output: bench.output(.float32, [27]),
      geometry: g, countIncludesPadding: countIncludesPadding, paddedHeight: 7, paddedWidth: 8)
    let means = expected { window, oy, ox, _ in
      window.reduce(Float(0)) { $0 + floats[$1] } / Float(divisor(window, oy, ox))
    }
    #expect(try bench.float(float) == means)
  }

  @Test("linear resize mixes four pixels, in integers and in floats")
  func resize() throws {
    var bench = StepBench()
    let x: [Int8] = [-128, 127, 0, 100]
    let rows: [Int32] = [0, 1, 0, 0, 1, 128, 1, 1, 77]
    let step = ResizeLinearStep(
      name: "r", input: bench.buffer(Tensor([2, 2, 1], x)), output: bench.output(.int8, [3, 2, 1]), inputHeight: 2,
      inputWidth: 2, outputHeight: 3, outputWidth: 2, channels: 1, rows: bench.constant(Tensor([3, 3], rows)),
      columns: bench.constant(Tensor([2, 3], [0, 1, 64, 1, 1, 0] as [Int32])))
    // Row 0: −128·¾ + 127·¼ = −64.25, 127; row 1: the mean with 25 and 100; row 2: 25 and 100.
    #expect(try bench.int8(step) == [-64, 127, -20, 114, 25, 100])
    let float = FloatResizeStep(
      name: "r", input: bench.buffer(Tensor([2, 2, 1], x.map(Float.init))), output: bench.output(.float32, [3, 2, 1]),
      inputHeight: 2, inputWidth: 2, outputHeight: 3, outputWidth: 2, channels: 1,
      rows: bench.constant(Tensor([3, 2], [0, 1, 0, 1, 1, 1] as [Int32])),
      columns: bench.constant(Tensor([2, 2], [0, 1, 1, 1] as [Int32])),
      rowWeights: bench.constant(Tensor([3], [0, 0.5, 0] as [Float])),
      columnWeights: bench.constant(Tensor([2], [0.25, 0] as [Float])))
    #expect(try bench.float(float) == [-64.25, 127, -19.625, 113.5, 25, 100])
  }
}
