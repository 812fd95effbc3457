import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The dimensions `start` ..< `end` (from opset 15 on) of the input, int64. ONNX `Shape`, opsets 1, 13, 15, 19, 21.
///
/// Named ShapeOperator in Swift: `Shape` is the tensor's shape.
package struct ShapeOperator: TypeDetermined {
  package static let onnxName = "Shape"
  private let start: Int
  private let end: Int?

  package init(decoding node: Node) throws(Diagnostic) {
    start = node.opset >= 15 ? try node.int("start", default: 0) : 0
    end = node.opset >= 15 ? try node.optionalInt("end") : nil
  }

  private func dimensions(_ shape: Shape) -> [Int64] {
    func position(_ value: Int) -> Int {
      max(0, min(shape.rank, value < 0 ? max(value, -shape.rank) + shape.rank : value))
    }
    let (first, last) = (position(start), position(end ?? shape.rank))
    return first < last ? shape.dims[first..<last].map { Int64($0) } : []
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [TensorType(.int64, [dimensions(try required(inputs, 0, "data").type.shape).count])]
  }

  package func outputs(forTypes inputs: [OperatorInput?]) throws -> [Tensor] {
    let dims = dimensions(try required(inputs, 0, "data").type.shape)
    return [Tensor([dims.count], dims)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    try outputs(forTypes: [OperatorInput(type: inputs.required(0).type)])
  }
}
