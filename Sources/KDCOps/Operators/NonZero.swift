import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Places of the elements that are not 0: [rank, number of them], int64, in row-major order. ONNX `NonZero`, opsets 9, 13.
///
/// The input is known when compiling.
package struct NonZero: Operator {
  package static let onnxName = "NonZero"
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "X").type
    guard let x = try constant(inputs, 0, "X") else { throw typeMismatch("has no input") }
    return [TensorType(.int64, [type.shape.rank, Self.places(x).count])]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let places = Self.places(x)
    let values = zip(x.shape.strides, x.shape.dims).flatMap { stride, dim in places.map { Int64($0 / stride % dim) } }
    return [Tensor([x.shape.rank, places.count], values)]
  }

  private static func places(_ x: Tensor) -> [Int] {
    switch x.elements.numbers {
    case .float(let values): values.indices.filter { values[$0] != 0 }
    case .double(let values): values.indices.filter { values[$0] != 0 }
    case .signed(let values): values.indices.filter { values[$0] != 0 }
    case .unsigned(let values): values.indices.filter { values[$0] != 0 }
    }
  }
}
