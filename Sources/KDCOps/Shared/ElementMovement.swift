import KDCDiagnostics
import KDCTensor

/// An operator whose output elements are elements of its first input or constants. Which ones is found by applying it
/// to the elements' numbers, so that the gradient follows from `evaluate` alone.
protocol ElementMovement: Differentiable {
  /// `inputs` with `numbers` (int32, from 1 on) as the first; a constant that fills must become 0.
  func inputs(_ inputs: [Tensor?], moving numbers: Tensor) -> [Tensor?]
}

extension ElementMovement {
  func inputs(_ inputs: [Tensor?], moving numbers: Tensor) -> [Tensor?] { [numbers] + inputs.dropFirst() }

  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    let x = try inputs.required(0)
    guard wanted.at(0), x.dataType == .float32, x.count < Int32.max else { return result }
    let numbers = Tensor(x.shape, (0..<x.count).map { Int32(truncatingIfNeeded: $0 &+ 1) })
    var values = [Float](repeating: 0, count: x.count)
    for (moved, gradient) in zip(try evaluate(self.inputs(inputs, moving: numbers)), outputGradients) {
      guard let gradient = gradient?.floats else { continue }
      guard case .int32(let sources) = moved.elements else { throw InternalError("numbers became \(moved.type)") }
      values.withUnsafeMutableBufferPointer { values in
        for (source, slope) in zip(sources, gradient) where source > 0 { values[Int(source) &- 1] += slope }
      }
    }
    result[0] = Tensor(x.shape, values)
    return result
  }
}
