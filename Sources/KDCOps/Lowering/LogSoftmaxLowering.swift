import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension LogSoftmax: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerSoftmax(node, axis: axis, flattens: flattens, isLog: true, into: &lowering)
  }
}
