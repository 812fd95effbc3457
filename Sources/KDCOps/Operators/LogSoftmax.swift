import Foundation
import KDCDiagnostics
import KDCGraph

/// Logarithm of softmax: x − max − log Σ exp(x − max). ONNX `LogSoftmax`, opsets 1, 11, 13; axes as `Softmax`.
package struct LogSoftmax: DifferentiableAxisFunction, OutputJudging {
  package static let onnxName = "LogSoftmax"
  package let rows: RowAxis
  package init(decoding node: Node) throws(Diagnostic) { rows = try RowAxis(decoding: node) }

  func apply(_ row: UnsafeMutablePointer<Float>, stride: Int, count: Int) {
    var largest = -Float.infinity
    for i in 0..<count { largest = max(largest, row[i &* stride]) }
    var sum: Float = 0
    for i in 0..<count { sum += exp(row[i &* stride] - largest) }
    let logarithm = log(sum)
    for i in 0..<count { row[i &* stride] = row[i &* stride] - largest - logarithm }
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerSoftmax(node, isLog: true, into: &lowering)
  }

  /// ∂x = ∂y − e^y · Σ ∂y for each row.
  func backpropagate(
    _ gradient: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>, stride: Int,
    count: Int
  ) {
    var sum: Float = 0
    for i in 0..<count { sum += gradient[i &* stride] }
    for i in 0..<count { result[i &* stride] = gradient[i &* stride] - exp(y[i &* stride]) * sum }
  }

  package static func outputKind(isVector: Bool) -> OutputKind? { .logProbabilities }
}
