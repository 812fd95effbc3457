import KDCGraph
import KDCProgram
import KDCTensor

/// max(x, 0). ONNX `Relu`, opsets 6, 13, 14 (integers).
package struct Relu: PlainUnaryFunction, IntegerUnaryFunction, DifferentiableFunction, UnaryScalePassing, OutputJudging
{
  package static let onnxName = "Relu"
  package init() {}

  package var function: FloatFunction? { .relu }
  package func apply(_ x: Float) -> Float { x <= 0 ? 0 : x }
  package func apply<T: FixedWidthInteger>(_ x: T) -> T { x > 0 ? x : 0 }
  func derivative(_ x: Float, _ y: Float) -> Float { y > 0 ? 1 : 0 }

  package func lowerIntegers(_ x: String, _ y: String, _ type: TensorType, into lowering: inout Lowering) throws {
    guard type.dataType.isSigned else { return try lowering.view(x, y) }
    let form = try lowering.read(x, as: .native)
    let output = try lowering.write(y, as: .native, in: form.layout)
    _ = lowering.integerBinary(.maximum, type.dataType, form.buffer, 0, count: type.shape.count, to: output)
  }
  package var precision: PrecisionFlow { .elementwise(0...0) }
  package static func outputKind(isVector: Bool) -> OutputKind? { .regression }
}
