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

  @Test(
    "Each coordinate transformation maps positions as ONNX defines it",
    arguments: [
      ("half_pixel", [5.0 / 3, 15, 85.0 / 3]), ("asymmetric", [0, 40.0 / 3, 80.0 / 3]), ("align_corners", [0, 15, 30]),
      ("pytorch_half_pixel", [5.0 / 3, 15, 85.0 / 3]),
    ])
  func transformations(_ mode: String, _ expected: [Double]) throws {
    let y = try resize(
      ["mode": .string("linear"), "coordinate_transformation_mode": .string(mode)], sizes: [1, 1, 1, 3])
    for (a, b) in zip(y ?? [], expected) { #expect(abs(Double(a) - b) < 1e-4, "\(mode) \(y ?? [])") }
  }

  @Test(
    "Each nearest mode rounds as ONNX defines it",
    arguments: [
      ("round_prefer_floor", [0, 10, 20] as [Float]), ("round_prefer_ceil", [10, 20, 30]), ("floor", [0, 10, 20]),
      ("ceil", [10, 20, 30]),
    ])
  func nearest(_ mode: String, _ expected: [Float]) throws {
    // Positions 0.5, 1.5 and 2.5.
    let inputs: [Tensor?] = [
      Tensor([1, 1, 1, 4], [0, 10, 20, 30] as [Float]), nil, Tensor([4], [1, 1, 1, 1] as [Float]),
    ]
    #expect(try OperatorCase("Resize", ["nearest_mode": .string(mode)]).run(inputs)[0].floats == [0, 10, 20, 30])
    let half = OperatorCase("Resize", ["nearest_mode": .string(mode)])
    let pairs = Tensor([1, 1, 1, 6], [0, 10, 20, 30, 40, 50] as [Float])
    let y = try half.run([pairs, nil, nil, Tensor([4], [1, 1, 1, 3] as [Int64])])[0].floats
    #expect(y == (expected[0] == 0 ? [0, 20, 40] : [10, 30, 50]))
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

  @Test("Cubic, antialias and cropping are KDC2013, scales that are no scales KDC2014, none KDC2012")
  func faults() {
    let scales = Tensor([4], [1, 1, 1, 2] as [Float])
    for attribute in [
      ["mode": Attribute.string("cubic")], ["antialias": .int(1)],
      ["coordinate_transformation_mode": .string("tf_crop_and_resize")],
    ] {
      #expect(OperatorCase("Resize", attribute).fault([line, nil, scales])?.id == .unsupportedAttribute)
    }
    #expect(OperatorCase("Resize").fault([line, nil, Tensor([1], [2] as [Float])])?.id == .shapeMismatch)
    #expect(OperatorCase("Resize").fault([line, nil, Tensor([4], [1, 1, 1, .nan] as [Float])])?.id == .shapeMismatch)
    #expect(OperatorCase("Resize").fault([line])?.id == .missingInput)
  }
}
