import Foundation
import KDCDiagnostics
import KDCTensor

extension Softmax: Differentiable {
  /// ∂x = y · (∂y − Σ ∂y · y) for each row.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (shape, y) = try outputs.floats(0)
    return [
      try AxisSplit(self, axis: axis, of: shape, flattens: flattens).rows(shape, gradient, y) {
        gradient, y, result, step, count in
        var sum: Float = 0
        for i in 0..<count { sum += gradient[i &* step] * y[i &* step] }
        for i in 0..<count { result[i &* step] = y[i &* step] * (gradient[i &* step] - sum) }
      }
    ]
  }
}

extension LogSoftmax: Differentiable {
  /// ∂x = ∂y − e^y · Σ ∂y for each row.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (shape, y) = try outputs.floats(0)
    return [
      try AxisSplit(self, axis: axis, of: shape, flattens: flattens).rows(shape, gradient, y) {
        gradient, y, result, step, count in
        var sum: Float = 0
        for i in 0..<count { sum += gradient[i &* step] }
        for i in 0..<count { result[i &* step] = gradient[i &* step] - exp(y[i &* step]) * sum }
      }
    ]
  }
}

extension AxisSplit {
  /// A tensor whose rows are made from those of two arrays: `body` gets the first element of each row, the distance of its
  /// elements, and their count.
  fileprivate func rows(
    _ shape: Shape, _ a: [Float], _ b: [Float],
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int) -> Void
  ) -> Tensor {
    let values = [Float](count: outer * count * inner) { result in
      a.withPointer { a in
        b.withPointer { b in
          for o in 0..<outer {
            for i in 0..<inner {
              let start = o &* count &* inner &+ i
              body(a + start, b + start, result + start, inner, count)
            }
          }
        }
      }
    }
    return Tensor(shape, values)
  }
}
