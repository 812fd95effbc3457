import KDCProgram
import KDCTensor

/// −x. ONNX `Neg`, opsets 6, 13.
package struct Neg: PlainUnaryFunction, IntegerUnaryFunction, DifferentiableFunction, UnaryScalePassing {
  package static let onnxName = "Neg"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.negate) }
  package func apply(_ x: Float) -> Float { -x }
  package func apply<T: FixedWidthInteger>(_ x: T) -> T { 0 &- x }
  func derivative(_ x: Float, _ y: Float) -> Float { -1 }

  package func lowerIntegers(_ x: String, _ y: String, _ type: TensorType, into lowering: inout Lowering) throws {
    let form = try lowering.read(x, as: .native)
    let output = try lowering.write(y, as: .native, in: form.layout)
    lowering.negated(form.buffer, type, to: output)
  }
  package var precision: PrecisionFlow { .elementwise(0...0) }
}
