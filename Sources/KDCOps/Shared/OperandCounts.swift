import KDCDiagnostics
import KDCGraph

/// The numbers of a node's inputs and outputs against its operator's.
extension Operator {
  /// Throws KDC2022 where a node has more inputs or outputs than the operator, or lacks an output that it must have.
  ///
  /// Absent operands at the end do not count. Absent inputs are left to `outputTypes`, which knows their names.
  static func checkCounts(of node: Node) throws(Diagnostic) {
    let inputs = (node.inputs.lastIndex { !$0.isEmpty } ?? -1) + 1
    guard inputs <= inputCount.upperBound else {
      throw wrongCount(node, "\(inputs) inputs", "at most \(inputCount.upperBound)")
    }
    let outputs = (node.outputs.lastIndex { !$0.isEmpty } ?? -1) + 1
    guard outputs <= outputCount.upperBound else {
      throw wrongCount(node, "\(outputs) outputs", "at most \(outputCount.upperBound)")
    }
    let isComplete = node.outputs.prefix(outputCount.lowerBound).allSatisfy { !$0.isEmpty }
    guard isComplete, outputs >= outputCount.lowerBound else {
      throw wrongCount(
        node, "no output \(outputs == 0 ? 0 : outputCount.lowerBound - 1)", "at least \(outputCount.lowerBound)")
    }
  }

  /// Throws KDC2012 where an input that the operator needs is absent.
  static func checkRequiredInputs(of node: Node) throws(Diagnostic) {
    for index in 0..<inputCount.lowerBound where node.input(index) == nil {
      throw Diagnostic(.missingInput, "'\(onnxName)' needs input \(index)", at: node.place)
    }
  }

  private static func wrongCount(_ node: Node, _ found: String, _ allowed: String) -> Diagnostic {
    Diagnostic(
      .operandCount, "'\(onnxName)' has \(found); the operator has \(allowed)", at: node.place,
      hint: "export the model again, or check it with onnx.checker")
  }
}
