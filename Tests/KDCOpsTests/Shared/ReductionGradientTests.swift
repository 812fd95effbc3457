import Foundation
import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ReductionGradientTests {
  @Test("Reductions' gradients equal central differences for any axes, with and without keepdims")
  func reductions() throws {
    var random = SeededGenerator(seed: 161)
    let input = Positions([2, 3, 4, 5])
    for name in [
      "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare",
    ] {
      for axes in [[1], [-1, 1], [0, 2], [2, 3], [0, 1, 2, 3]] {
        let reduced = Set(axes.map { $0 < 0 ? $0 + 4 : $0 })
        let output = Positions(input.dims.indices.map { reduced.contains($0) ? 1 : input.dims[$0] })
        for keeps in [0, 1] {
          let op = OperatorCase(name, opset: 18, ["keepdims": .int(Int64(keeps))])
          let inputs = [random.tensor(input.dims), Tensor([axes.count], axes.map { Int64($0) })]
          try GradientCheck(name: "\(name) \(axes) \(keeps)", op: op, inputs: inputs, wanted: [0]) { v in
            var groups = [[Double]](repeating: [], count: output.count)
            for at in 0..<input.count { groups[output.broadcast(input.at(at))].append(v[0][at]) }
            return [
              groups.map { group in
                switch name {
                case "ReduceMean": group.reduce(0, +) / Double(group.count)
                case "ReduceSum": group.reduce(0, +)
                case "ReduceMax": group.max() ?? 0
                case "ReduceL1": group.reduce(0) { $0 + abs($1) }
                case "ReduceL2": group.reduce(0) { $0 + $1 * $1 }.squareRoot()
                case "ReduceSumSquare": group.reduce(0) { $0 + $1 * $1 }
                default: group.min() ?? 0
                }
              }
            ]
          }.run(seed: 162)
        }
      }
    }
  }

  @Test("Softmax and LogSoftmax's gradients equal central differences along any axis and flattened")
  func softmax() throws {
    var random = SeededGenerator(seed: 163)
    let input = Positions([3, 4, 5])
    for (axis, opset) in [(0, 13), (1, 13), (-1, 13), (1, 11)] {
      let at = axis < 0 ? axis + 3 : axis
      let flattens = opset == 11
      /// Elements of one row have equal keys.
      func key(_ position: [Int]) -> [Int] {
        flattens ? [position[0]] : position.enumerated().map { $0.offset == at ? 0 : $0.element }
      }
      for isLog in [false, true] {
        let op = OperatorCase(isLog ? "LogSoftmax" : "Softmax", opset: opset, ["axis": .int(Int64(axis))])
        try GradientCheck(name: "\(op.node.opType) \(axis)", op: op, inputs: [random.tensor(input.dims)]) { v in
          var sums: [[Int]: Double] = [:]
          for i in 0..<input.count { sums[key(input.at(i)), default: 0] += exp(v[0][i]) }
          return [
            (0..<input.count).map { i in
              let p = exp(v[0][i]) / (sums[key(input.at(i))] ?? 1)
              return isLog ? log(p) : p
            }
          ]
        }.run(seed: 164)
      }
    }
  }
}
