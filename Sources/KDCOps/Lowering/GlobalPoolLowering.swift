import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension GlobalAveragePool: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try oneImage(node, lowering)
    try lowering.mean(
      MeanPlan(input: node.inputs[0], output: node.outputs[0], geometry: lowering.globalGeometry(x)))
  }
}

extension GlobalMaxPool: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try oneImage(node, lowering)
    try lowering.maximum(node.inputs[0], node.outputs[0], lowering.globalGeometry(x))
  }
}
