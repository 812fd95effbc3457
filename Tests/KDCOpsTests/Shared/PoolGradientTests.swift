import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct PoolGradientTests {
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var x: [Int]
    var kernel: [Int]
    var strides = [1, 1]
    var dilations = [1, 1]
    var pads = [0, 0, 0, 0]
    var ceilMode = false
    var countsPadding = false
    var description: String { name }
  }

  static let cases: [Case] = [
    Case(name: "2×2", x: [2, 3, 6, 8], kernel: [2, 2], strides: [2, 2]),
    Case(name: "odd", x: [1, 2, 7, 5], kernel: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1]),
    Case(name: "overlapping", x: [2, 1, 5, 6], kernel: [3, 3], pads: [1, 1, 1, 1]),
    Case(name: "with padding counted", x: [1, 2, 5, 6], kernel: [3, 3], pads: [1, 1, 1, 1], countsPadding: true),
    Case(name: "ceil mode", x: [1, 2, 6, 7], kernel: [3, 3], strides: [2, 2], ceilMode: true),
    Case(name: "dilated", x: [1, 2, 7, 7], kernel: [2, 3], dilations: [3, 2]),
  ]

  /// Elements of each window, with how many places of it lie in the input or its padding.
  private func windows(_ c: Case, _ x: [Double]) -> [(elements: [Double], padded: Int)] {
    func positions(_ axis: Int) -> [(inside: [Int], padded: Int)] {
      let (size, before, after) = (c.x[axis + 2], c.pads[axis], c.pads[axis + 2])
      let room = size + before + after - (c.kernel[axis] - 1) * c.dilations[axis] - 1
      let count = (c.ceilMode ? room + c.strides[axis] - 1 : room) / c.strides[axis] + 1
      return (0..<count).compactMap { o in
        let start = o * c.strides[axis] - before
        guard !c.ceilMode || start < size else { return nil }
        let all = (0..<c.kernel[axis]).map { start + $0 * c.dilations[axis] }
        return (all.filter { $0 >= 0 && $0 < size }, all.filter { $0 < size + after }.count)
      }
    }
    return (0..<c.x[0] * c.x[1]).flatMap { plane in
      positions(0).flatMap { row in
        positions(1).map { column in
          let elements = row.inside.flatMap { y in column.inside.map { x[(plane * c.x[2] + y) * c.x[3] + $0] } }
          return (elements, row.padded * column.padded)
        }
      }
    }
  }

  @Test("MaxPool and AveragePool's gradients equal central differences", arguments: cases)
  func pools(_ c: Case) throws {
    var random = SeededGenerator(seed: 131)
    let x = random.tensor(c.x)
    var attributes: [String: Attribute] = [
      "kernel_shape": .ints(c.kernel.map(Int64.init)), "strides": .ints(c.strides.map(Int64.init)),
      "pads": .ints(c.pads.map(Int64.init)), "dilations": .ints(c.dilations.map(Int64.init)),
      "ceil_mode": .int(c.ceilMode ? 1 : 0),
    ]
    try GradientCheck(name: "MaxPool \(c.name)", op: OperatorCase("MaxPool", attributes), inputs: [x]) { v in
      [windows(c, v[0]).map { $0.elements.max() ?? 0 }]
    }.run(seed: 132)
    attributes["count_include_pad"] = .int(c.countsPadding ? 1 : 0)
    try GradientCheck(
      name: "AveragePool \(c.name)", op: OperatorCase("AveragePool", opset: 19, attributes), inputs: [x]
    ) { v in
      [
        windows(c, v[0]).map { window in
          window.elements.reduce(0, +) / Double(c.countsPadding ? window.padded : window.elements.count)
        }
      ]
    }.run(seed: 133)
  }

  @Test("The global pools' gradients equal central differences for any number of spatial axes")
  func global() throws {
    var random = SeededGenerator(seed: 134)
    for dims in [[2, 3, 5, 7], [1, 2, 9], [3, 2, 2, 3, 2]] {
      let x = random.tensor(dims)
      let pixels = dims[2...].reduce(1, *)
      func planes(_ v: [Double]) -> [[Double]] {
        (0..<dims[0] * dims[1]).map { Array(v[$0 * pixels..<($0 + 1) * pixels]) }
      }
      try GradientCheck(name: "mean \(dims)", op: OperatorCase("GlobalAveragePool"), inputs: [x]) { v in
        [planes(v[0]).map { $0.reduce(0, +) / Double(pixels) }]
      }.run(seed: 135)
      try GradientCheck(name: "max \(dims)", op: OperatorCase("GlobalMaxPool"), inputs: [x]) { v in
        [planes(v[0]).map { $0.max() ?? 0 }]
      }.run(seed: 136)
    }
  }

  @Test("Of equal largest elements the first gets the gradient, once")
  func ties() throws {
    let op = try #require(
      try Operators.decode(OperatorCase("MaxPool", ["kernel_shape": .ints([2, 2])]).node) as? any Differentiable)
    let x = Tensor([1, 1, 2, 2], [3, 3, 1, 3] as [Float])
    let gradients = try op.gradients(
      inputs: [x], outputs: op.evaluate([x]), outputGradients: [Tensor([1, 1, 1, 1], [Float(2)])], wanted: [true])
    #expect(gradients[0]?.floats == [2, 0, 0, 0])
  }
}
