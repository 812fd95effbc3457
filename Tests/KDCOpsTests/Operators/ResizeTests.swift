import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ResizeTests {
  private let line = Tensor([1, 1, 1, 4], [0, 10, 20, 30] as [Float])

  private func resize(
    _ attributes: [String: Attribute], opset: Int = 13, scales: [Float] = [], sizes: [Int64] = []
  ) throws -> [Float]? {
    let none = Tensor([0], [] as [Float])
    let inputs: [Tensor?] = [line, none, Tensor([scales.count], scales), Tensor([sizes.count], sizes)]
    return try OperatorCase("Resize", opset: opset, attributes).run(inputs)[0].floats
  }

  @Test("Linear by half pixels blends between pixel centres and repeats the border")
  func linear() throws {
    let y = try resize(["mode": .string("linear")], scales: [1, 1, 1, 2])
    #expect(y == [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30])
  }

  @Test("Each coordinate transformation maps positions as ONNX defines it")
  func transformations() throws {
    let cases: [(mode: String, expected: [Float])] = [
      ("half_pixel", [1.666667, 15, 28.333333]), ("asymmetric", [0, 13.333333, 26.666667]),
      ("align_corners", [0, 15, 30]), ("pytorch_half_pixel", [1.666667, 15, 28.333333]),
    ]
    for (mode, expected) in cases {
      let attributes: [String: Attribute] = [
        "mode": .string("linear"), "coordinate_transformation_mode": .string(mode),
      ]
      let y = try resize(attributes, sizes: [1, 1, 1, 3]) ?? []
      #expect(isClose(Tensor([y.count], y), Tensor([3], expected)), "\(mode)")
    }
  }

  @Test("Each nearest mode rounds as ONNX defines it")
  func nearest() throws {
    // Positions 0.5, 2.5 and 4.5.
    let pairs = Tensor([1, 1, 1, 6], [0, 10, 20, 30, 40, 50] as [Float])
    let low: [Float] = [0, 20, 40]
    let high: [Float] = [10, 30, 50]
    let cases: [(String, [Float])] = [
      ("round_prefer_floor", low), ("round_prefer_ceil", high), ("floor", low), ("ceil", high),
    ]
    for (mode, expected) in cases {
      let nearest = OperatorCase("Resize", ["nearest_mode": .string(mode)])
      let y = try nearest.run([pairs, nil, nil, Tensor([4], [1, 1, 1, 3] as [Int64])])
      #expect(y[0].floats == expected, "\(mode)")
    }
  }

  @Test("Opset 10 takes scales as input 1 and asymmetric coordinates")
  func opset10() throws {
    let scales = Tensor([4], [1, 1, 1, 2] as [Float])
    let y = try OperatorCase("Resize", opset: 10).run([line, scales])
    #expect(y[0].floats == [0, 0, 10, 10, 20, 20, 30, 30])
  }

  @Test("Axes and the aspect ratio policy of opset 18")
  func opset18() throws {
    let x = Tensor([1, 1, 2, 4], [Float](repeating: 1, count: 8))
    let attributes: [String: Attribute] = ["axes": .ints([2, 3]), "keep_aspect_ratio_policy": .string("not_larger")]
    let y = try OperatorCase("Resize", opset: 18, attributes).run([x, nil, nil, Tensor([2], [8, 8] as [Int64])])
    #expect(y[0].shape == [1, 1, 4, 8])
  }

  @Test("Cubic weights are those of the formula; without outer elements they are scaled to 1")
  func cubic() throws {
    let x = Tensor([1, 1, 1, 4], [0, 1, 0, 0] as [Float])
    let scales = Tensor([4], [1, 1, 1, 2] as [Float])
    let y = try OperatorCase("Resize", ["mode": .string("cubic")]).run([x, nil, scales])[0]
    // The second element's weight a quarter and three quarters of an element away.
    #expect(abs((y.floats?[2] ?? 0) - 0.8789062) < 1e-5 && abs((y.floats?[4] ?? 0) - 0.2617188) < 1e-5)
    let ones = Tensor([1, 1, 1, 4], [1, 1, 1, 1] as [Float])
    let inner = OperatorCase("Resize", ["mode": .string("cubic"), "exclude_outside": .int(1)])
    #expect(isClose(try inner.run([ones, nil, scales])[0], Tensor([1, 1, 1, 8], [Float](repeating: 1, count: 8))))
  }

  @Test("Antialias means over what an element stands for; a crop has another value outside of the input")
  func antialiasAndCrop() throws {
    let x = Tensor([1, 1, 1, 4], [0, 4, 8, 12] as [Float])
    let half = OperatorCase(
      "Resize", opset: 18, ["mode": .string("linear"), "antialias": .int(1), "exclude_outside": .int(1)])
    let y = try half.run([x, nil, Tensor([4], [1, 1, 1, 0.5] as [Float])])[0]
    // Weights 3, 3, 1 and 1, 3, 3 (of 7) at elements 0, 1, 2 and 1, 2, 3.
    #expect(isClose(y, Tensor([1, 1, 1, 2], [20.0 / 7, 64.0 / 7] as [Float])))
    let crop = OperatorCase(
      "Resize",
      [
        "mode": .string("linear"), "coordinate_transformation_mode": .string("tf_crop_and_resize"),
        "extrapolation_value": .float(-1),
      ])
    let roi = Tensor([8], [0, 0, 0, 0, 1, 1, 1, 2] as [Float])
    let z = try crop.run([x, roi, nil, Tensor([4], [1, 1, 1, 3] as [Int64])])[0]
    #expect(z.floats == [0, 12, -1])
  }

  @Test("Scales that are no scales are KDC2014, none KDC2012")
  func faults() {
    #expect(OperatorCase("Resize").fault([line, nil, Tensor([1], [2] as [Float])])?.id == .shapeMismatch)
    #expect(OperatorCase("Resize").fault([line, nil, Tensor([4], [1, 1, 1, .nan] as [Float])])?.id == .shapeMismatch)
    #expect(OperatorCase("Resize").fault([line])?.id == .missingInput)
  }

  @Test("Bytes are interpolated as floats, and the fraction is dropped")
  func bytes() throws {
    let x = Tensor([1, 1, 1, 2], .uint8([10, 13]))
    let y = try OperatorCase("Resize", ["mode": .string("linear")]).run([x, nil, Tensor([4], [1, 1, 1, 2] as [Float])])
    #expect(y[0].type == TensorType(.uint8, [1, 1, 1, 4]))
    #expect(y[0].bytes == [10, 10, 12, 13])
  }
}
