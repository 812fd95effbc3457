import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// How operators that scatter combine an update with what is there.
package struct Scattering: Sendable {
  package let operation: ScatterStep.Operation

  /// The attribute `reduction`, from opset 16 on.
  init(decoding node: Node) throws(Diagnostic) {
    let names =
      node.opset < 16 ? ["none"] : node.opset < 18 ? ["none", "add", "mul"] : ["none", "add", "mul", "max", "min"]
    operation =
      switch try node.choice("reduction", default: "none", of: names) {
      case "add": .add
      case "mul": .multiply
      case "max": .maximum
      case "min": .minimum
      default: .replace
      }
  }

  init() { operation = .replace }
}

/// An operator that writes updates to a copy of its data, at places that indices give.
protocol ScatterOperator: StepOperator {
  var scattering: Scattering { get }
  /// The axes of data that the indices are of, for operands of shapes that fit each other (KDC2014), and the loops over the
  /// updates: [data, index, updates].
  func plan(data: Shape, indices: Shape, updates: Shape) throws(Diagnostic) -> (axes: [Int], walk: Walk)
}

extension ScatterOperator {
  package static var inputCount: ClosedRange<Int> { 3...3 }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let data = try required(inputs, 0, "data").type
    let indices = try requiredIndices(inputs, 1)
    let updates = try required(inputs, 2, "updates").type
    guard data.dataType == updates.dataType else { throw typeMismatch("data is \(data), updates is \(updates)") }
    if scattering.operation != .replace { try requireComputed(data, "data") }
    let (axes, _) = try plan(data: data.shape, indices: indices, updates: updates.shape)
    if let places = inputs[1]?.constant?.integers {
      for (number, axis) in axes.enumerated() {
        let own = axes.count == 1 ? places : places.indices.filter { $0 % axes.count == number }.map { places[$0] }
        _ = try checkedIndices(own, of: data.shape[axis])
      }
    }
    return [data]
  }

  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step {
    let (data, indices) = (try required(inputs, 0, "data").type, try required(inputs, 1, "indices").type)
    let updates = try required(inputs, 2, "updates").type
    let (axes, walk) = try plan(data: data.shape, indices: indices.shape, updates: updates.shape)
    let strides = data.shape.strides
    return ScatterStep(
      name: name, operation: scattering.operation, type: data.dataType, data: try operands.required(0),
      indices: try operands.required(1), updates: try operands.required(2), indexBytes: indices.dataType.byteCount,
      output: results[0], count: data.shape.count, rows: axes.map { data.shape[$0] },
      axisStrides: axes.map { strides[$0] }, walk: walk.collapsed)
  }
}

/// ONNX's ScatterElements, and Scatter, which is the same under an older name.
protocol ElementScatter: ScatterOperator {
  var axis: Int { get }
}

extension ElementScatter {
  func plan(data: Shape, indices: Shape, updates: Shape) throws(Diagnostic) -> (axes: [Int], walk: Walk) {
    let axis = try normalized(axis: axis, rank: data.rank)
    guard indices == updates, indices.rank == data.rank,
      indices.dims.indices.allSatisfy({ $0 == axis || indices[$0] <= data[$0] }), data[axis] > 0 || indices.count == 0
    else { throw shapeMismatch("indices \(indices) and updates \(updates) do not fit data \(data) and axis \(axis)") }
    var strides = data.strides
    strides[axis] = 0
    return ([axis], Walk(extents: indices.dims, strides: [strides, indices.strides, indices.strides]))
  }
}
