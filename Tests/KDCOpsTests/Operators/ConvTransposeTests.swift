import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ConvTransposeTests {
  /// ⟨Conv(x), z⟩ = ⟨x, ConvTranspose(z)⟩ defines the transpose.
  @Test(
    "ConvTranspose is the transpose of Conv",
    arguments: [
      ([1, 3, 7, 8], [4, 3, 3, 3], 1, [1, 1], [0, 0, 0, 0], [0, 0]),
      ([2, 4, 7, 7], [6, 2, 3, 3], 2, [2, 2], [1, 1, 1, 1], [0, 0]),
      ([1, 3, 8, 8], [4, 3, 3, 3], 1, [2, 2], [1, 1, 1, 1], [1, 1]),
      ([1, 5, 9, 6], [5, 1, 2, 2], 5, [2, 2], [0, 0, 0, 0], [1, 0]),
    ])
  func transpose(
    _ xDims: [Int], _ wDims: [Int], _ group: Int, _ strides: [Int], _ pads: [Int], _ outputPadding: [Int]
  ) throws {
    var random = SeededGenerator(seed: 3)
    let (x, w) = (random.tensor(xDims), random.tensor(wDims))
    let y = naiveConvolution(x, w, group: group, strides: strides, pads: pads)
    let z = random.tensor(y.shape.dims)
    let back = try OperatorCase(
      "ConvTranspose",
      [
        "group": .int(Int64(group)), "strides": .ints(strides.map(Int64.init)), "pads": .ints(pads.map(Int64.init)),
        "output_padding": .ints(outputPadding.map(Int64.init)),
      ]
    ).run([z, w])
    #expect(back[0].shape == x.shape)
    func dot(_ a: Tensor, _ b: Tensor) -> Float { zip(a.floats ?? [], b.floats ?? []).map(*).reduce(0, +) }
    #expect(abs(dot(y, z) - dot(x, back[0])) < 1e-3, "seed 3")
  }

  @Test("ConvTranspose adds its bias, also where no window reaches")
  func bias() throws {
    let x = Tensor([1, 1, 1, 1], [2] as [Float])
    let w = Tensor([1, 1, 1, 1], [3] as [Float])
    let y = try OperatorCase("ConvTranspose", ["strides": .ints([2, 2]), "output_padding": .ints([0, 1])]).run([
      x, w, Tensor([1], [10] as [Float]),
    ])
    #expect(y[0].floats == [16, 10])
  }

  @Test("output_shape and auto_pad decide the padding")
  func outputShape() throws {
    var random = SeededGenerator(seed: 4)
    let (x, w) = (random.tensor(1, 1, 3, 3), random.tensor(1, 2, 3, 3))
    let shaped = OperatorCase("ConvTranspose", ["strides": .ints([3, 2]), "output_shape": .ints([10, 8])])
    #expect(try shaped.run([x, w])[0].shape == [1, 2, 10, 8])
    let same = OperatorCase("ConvTranspose", ["strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")])
    let y = try same.run([x, w])[0]
    #expect(y.shape == [1, 2, 6, 6])
    let cut = OperatorCase("ConvTranspose", ["strides": .ints([2, 2]), "pads": .ints([0, 0, 1, 1])])
    #expect(try cut.run([x, w])[0].floats == y.floats)
  }

  @Test("ConvTranspose with one spatial axis")
  func oneAxis() throws {
    let x = Tensor([1, 1, 2], [1, 2] as [Float])
    let w = Tensor([1, 1, 2], [1, 10] as [Float])
    #expect(try OperatorCase("ConvTranspose").run([x, w])[0].floats == [1, 12, 20])
  }

  @Test("With three spatial axes positions of the first one that nothing reaches have the bias")
  func threeAxes() throws {
    let x = Tensor([1, 1, 2, 1, 1], [1, 2] as [Float])
    let bias = Tensor([1], [5] as [Float])
    let spread = OperatorCase("ConvTranspose", ["strides": .ints([3, 1, 1])])
    #expect(try spread.run([x, Tensor([1, 1, 1, 1, 1], [10] as [Float]), bias])[0].floats == [15, 5, 5, 25])
    let taps = Tensor([1, 1, 2, 1, 1], [1, 10] as [Float])
    #expect(try OperatorCase("ConvTranspose").run([x, taps])[0].floats == [1, 12, 20])
    let padded = OperatorCase(
      "ConvTranspose", ["pads": .ints([1, 0, 0, 0, 0, 0]), "output_padding": .ints([0, 0, 0])])
    #expect(try padded.run([x, taps])[0].floats == [12, 20])
  }

  @Test("Weights for other channels are KDC2014, output_padding of wrong length KDC2011")
  func faults() {
    var random = SeededGenerator(seed: 5)
    let x = random.tensor(1, 2, 3, 3)
    #expect(OperatorCase("ConvTranspose").fault([x, random.tensor(3, 1, 2, 2)])?.id == .shapeMismatch)
    let padding = OperatorCase("ConvTranspose", ["output_padding": .ints([1])])
    #expect(padding.fault([x, random.tensor(2, 1, 2, 2)])?.id == .invalidAttribute)
  }
}
