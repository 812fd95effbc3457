import Foundation
import KDCDiagnostics
import KDCGraph

/// Softmax: exp(x − max) / Σ exp(x − max). ONNX `Softmax`, opsets 1, 11, 13.
///
/// From opset 13 along one axis; before, over all axes from `axis` on taken together.
package struct Softmax: DifferentiableAxisFunction, OutputJudging {
  package static let onnxName = "Softmax"
  package let rows: RowAxis
  package init(decoding node: Node) throws(Diagnostic) { rows = try RowAxis(decoding: node) }

  func apply(_ row: UnsafeMutablePointer<Float>, stride: Int, count: Int) {
    var largest = -Float.infinity
    for i in 0..<count { largest = max(largest, row[i &* stride]) }
    var sum: Float = 0
    for i in 0..<count {
      let value = exp(row[i &* stride] - largest)
      row[i &* stride] = value
      sum += value
    }
    for i in 0..<count { row[i &* stride] /= sum }
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerSoftmax(node, isLog: false, into: &lowering)
  }

  /// ∂x = y · (∂y − Σ ∂y · y) for each row.
  func backpropagate(
    _ gradient: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>, stride: Int,
    count: Int
  ) {
    var sum: Float = 0
    for i in 0..<count { sum += gradient[i &* stride] * y[i &* stride] }
    for i in 0..<count { result[i &* stride] = y[i &* stride] * (gradient[i &* stride] - sum) }
  }

  package static func outputKind(isVector: Bool) -> OutputKind? { .probabilities }
}
