import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct MovementGradientTests {
  @Test("Operators that change the shape alone pass the gradient on under the input's shape")
  func shapes() throws {
    var random = SeededGenerator(seed: 141)
    let axes = Tensor([1], [1] as [Int64])
    let cases: [(OperatorCase, [Tensor?])] = [
      (OperatorCase("Reshape"), [random.tensor(2, 3, 4), Tensor([2], [4, -1] as [Int64])]),
      (OperatorCase("Flatten"), [random.tensor(2, 3, 4)]),
      (OperatorCase("Squeeze"), [random.tensor(2, 1, 4), axes]),
      (OperatorCase("Unsqueeze"), [random.tensor(2, 4), axes]),
      (OperatorCase("Identity"), [random.tensor(2, 4)]),
      (OperatorCase("Cast", ["to": .int(1)]), [random.tensor(2, 4)]),
    ]
    for (op, inputs) in cases {
      try GradientCheck(name: op.node.opType, op: op, inputs: inputs, wanted: [0]) { [$0[0]] }.run(seed: 142)
    }
  }

  @Test("Transpose's gradient is transposed back")
  func transpose() throws {
    var random = SeededGenerator(seed: 143)
    let input = Positions([2, 3, 4, 5])
    for order in [[0, 2, 3, 1], [3, 2, 1, 0], [1, 0, 3, 2]] {
      let output = Positions(order.map { input.dims[$0] })
      let op = OperatorCase("Transpose", ["perm": .ints(order.map(Int64.init))])
      try GradientCheck(name: "\(order)", op: op, inputs: [random.tensor(input.dims)]) { v in
        [
          (0..<output.count).map { at in
            var source = [0, 0, 0, 0]
            for (axis, position) in zip(order, output.at(at)) { source[axis] = position }
            return v[0][input.flat(source)]
          }
        ]
      }.run(seed: 144)
    }
  }

  @Test("Concat's gradients are the parts of the output's")
  func concat() throws {
    var random = SeededGenerator(seed: 145)
    for axis in [0, 1, 2] {
      let sizes = [2, 1, 3]
      let shapes = sizes.map { size in
        var dims = [2, 3, 4]
        dims[axis] = size
        return dims
      }
      let inner = [2, 3, 4][(axis + 1)...].reduce(1, *)
      let outer = [2, 3, 4][..<axis].reduce(1, *)
      let op = OperatorCase("Concat", ["axis": .int(Int64(axis))])
      func joined(_ parts: [[Double]]) -> [Double] {
        var result: [Double] = []
        for o in 0..<outer {
          for (part, size) in zip(parts, sizes) { result += part[o * size * inner..<(o + 1) * size * inner] }
        }
        return result
      }
      try GradientCheck(name: "axis \(axis)", op: op, inputs: shapes.map { random.tensor($0) }) { [joined($0)] }
        .run(seed: 146)
    }
  }
}
