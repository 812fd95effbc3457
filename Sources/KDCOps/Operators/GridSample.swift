import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// X [N, C, sizes…] at the places of grid [N, points…, axes], which are −1...1 from one end of an axis to the other, the last
/// axis first. ONNX `GridSample`, opsets 16, 20, 22; two or three axes.
///
/// Modes linear (bilinear), nearest and cubic (bicubic); padding_mode zeros, border and reflection; align_corners.
package struct GridSample: StepOperator {
  package static let onnxName = "GridSample"
  package static let inputCount = 2...2
  package let sampling: GridSampling

  package init(decoding node: Node) throws(Diagnostic) {
    let names = node.opset < 20 ? ["bilinear", "nearest", "bicubic"] : ["linear", "nearest", "cubic"]
    let mode = try node.choice("mode", default: names[0], of: names)
    let padding = try node.choice("padding_mode", default: "zeros", of: ["zeros", "border", "reflection"])
    sampling = GridSampling(
      mode: mode == names[0] ? .linear : mode == names[1] ? .nearest : .cubic,
      padding: GridSampling.Padding(rawValue: padding) ?? .zeros,
      alignsCorners: try node.flag("align_corners", default: false))
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (x, grid) = (try requiredFloat(inputs, 0, "X"), try requiredFloat(inputs, 1, "grid"))
    guard x.rank >= 4, x.rank <= 5 else { throw shapeMismatch("X \(x) must have two or three axes after its channels") }
    guard grid.rank == x.rank, grid[0] == x[0], grid.dims.last == x.rank - 2 else {
      throw shapeMismatch("grid \(grid) must have the \(x[0]) samples of X \(x) and \(x.rank - 2) numbers a place")
    }
    guard x.dims[2...].allSatisfy({ $0 > 0 && $0 < GridSampling.farthest - 4 }) || grid.count == 0 else {
      throw shapeMismatch("X \(x) has no elements, or too many along an axis")
    }
    return [TensorType(.float32, Shape(Array(x.dims[..<2] + grid.dims[1..<(grid.rank - 1)])))]
  }

  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step {
    let x = try requiredFloat(inputs, 0, "X")
    return GridSampleStep(
      name: name, sampling: sampling, input: try operands.required(0), grid: try operands.required(1),
      output: results[0], batch: x[0], channels: x[1], points: outputs[0].shape.dims[2...].reduce(1, *),
      sizes: Array(x.dims[2...]))
  }
}
