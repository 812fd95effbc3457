import KDCProgram
import KDCTensor

/// −1, 0 or 1; NaN of NaN. ONNX `Sign`, opsets 9, 13.
package struct Sign: PlainUnaryFunction, IntegerUnaryFunction {
  package static let onnxName = "Sign"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.sign) }
  package func apply(_ x: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x }
  package func apply<T: FixedWidthInteger>(_ x: T) -> T { x.signum() }

  /// Clamped to −1...1.
  package func lowerIntegers(_ x: String, _ y: String, _ type: TensorType, into lowering: inout Lowering) throws {
    let (count, form) = (type.shape.count, try lowering.read(x, as: .native))
    let output = try lowering.write(y, as: .native, in: form.layout)
    var low = form.buffer
    if type.dataType.isSigned { low = lowering.integerBinary(.maximum, type.dataType, low, -1, count: count) }
    _ = lowering.integerBinary(.minimum, type.dataType, low, 1, count: count, to: output)
  }
  package var precision: PrecisionFlow { .other }
}
