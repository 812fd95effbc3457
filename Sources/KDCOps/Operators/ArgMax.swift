import KDCDiagnostics
import KDCGraph

/// Position of the largest element along an axis, int64. ONNX `ArgMax`, opsets 1, 11, 12, 13.
package struct ArgMax: ArgReduction, OutputJudging {
  package static let onnxName = "ArgMax"
  package let options: ArgReductionOptions
  package init(decoding node: Node) throws(Diagnostic) { options = try ArgReductionOptions(decoding: node) }

  static func isBetter<T: Comparable>(_ a: T, than b: T) -> Bool { a > b }
  package static func outputKind(isVector: Bool) -> OutputKind? { .regression }
}
