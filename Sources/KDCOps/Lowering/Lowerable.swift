import KDCDiagnostics
import KDCGraph

/// An operator that has a form in program steps.
package protocol Lowerable: Operator {
  /// Appends the steps that compute the node's outputs. Throws `.cannotLower` where there is no form for this use of
  /// the operator.
  func lower(_ node: Node, into lowering: inout Lowering) throws
}

extension Operator {
  /// KDC4001; `problem` continues "'Conv' …".
  func cannotLower(_ node: Node, _ problem: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.cannotLower, "'\(node.opType)' \(problem)", at: node.place, hint: hint)
  }
}
