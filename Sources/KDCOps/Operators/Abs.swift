import KDCProgram
import KDCTensor

/// |x|. ONNX `Abs`, opsets 6, 13.
package struct Abs: PlainUnaryFunction, IntegerUnaryFunction, DifferentiableFunction, UnaryScalePassing {
  package static let onnxName = "Abs"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.abs) }
  package func apply(_ x: Float) -> Float { x.magnitude }
  package func apply<T: FixedWidthInteger>(_ x: T) -> T { x < 0 ? 0 &- x : x }
  func derivative(_ x: Float, _ y: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : 0 }

  package func lowerIntegers(_ x: String, _ y: String, _ type: TensorType, into lowering: inout Lowering) throws {
    guard type.dataType.isSigned else { return try lowering.view(x, y) }
    let form = try lowering.read(x, as: .native)
    let output = try lowering.write(y, as: .native, in: form.layout)
    let opposite = lowering.temporary(TensorType(type.dataType, [type.shape.count]))
    lowering.negated(form.buffer, type, to: opposite)
    let walk = Walk(extents: [type.shape.count], strides: [[1], [1], [1]])
    lowering.integerBinary(.maximum, type.dataType, form.buffer, opposite, to: output, walk: walk)
  }
  package var precision: PrecisionFlow { .elementwise(0...0) }
}
