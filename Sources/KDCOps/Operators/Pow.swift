import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// a to the power b with broadcasting, in a's type. ONNX `Pow`, opsets 7, 12, 13, 15. b may have another type than a.
package struct Pow: Operator {
  package static let onnxName = "Pow"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let base = try required(inputs, 0, "X").type
    let exponent = try required(inputs, 1, "Y").type
    guard base.dataType != .bool, exponent.dataType != .bool else { throw typeMismatch("is not defined for bool") }
    return [TensorType(base.dataType, try broadcast([base.shape, exponent.shape]))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let shape = try broadcast([a.shape, b.shape])
    if case .float32(let x) = a.elements, case .float32(let y) = b.cast(to: .float32).elements {
      return [Tensor(shape, broadcastMap(x, a.shape, y, b.shape, to: shape, Self.power))]
    }
    if case .signed(let x) = a.elements.numbers, case .signed(let y) = b.elements.numbers {
      let values = broadcastMap(x, a.shape, y, b.shape, to: shape, Self.power)
      return [Tensor(shape, Numbers.signed(values).elements(as: a.dataType))]
    }
    guard case .float64(let x) = a.cast(to: .float64).elements, case .float64(let y) = b.cast(to: .float64).elements
    else { throw InternalError("cast to float64 failed") }
    let values = broadcastMap(x, a.shape, y, b.shape, to: shape) { pow($0, $1) }
    return [Tensor(shape, Numbers.double(values).elements(as: a.dataType))]
  }

  /// The exponents of normalisation layers without the general function.
  private static func power(_ x: Float, _ y: Float) -> Float {
    if y == 2 { return x * x }
    if y == 3 { return x * x * x }
    return pow(x, y)
  }

  /// Wrapping; a negative exponent gives the integer part of the quotient (0 for 0).
  private static func power(_ x: Int64, _ y: Int64) -> Int64 {
    guard y >= 0 else { return x == 1 ? 1 : x == -1 ? (y & 1 == 0 ? 1 : -1) : 0 }
    var (result, square, rest) = (Int64(1), x, y)
    while rest > 0 {
      if rest & 1 == 1 { result &*= square }
      square &*= square
      rest >>= 1
    }
    return result
  }
}
