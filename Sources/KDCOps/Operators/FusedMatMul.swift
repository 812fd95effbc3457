import KDCDiagnostics
import KDCGraph
import KDCTensor

/// alpha · op(A) · op(B), as MatMul broadcasts. `com.microsoft.FusedMatMul`.
///
/// op exchanges the last two axes (transA, transB); before that, transBatchA and transBatchB move the first axis behind all
/// but the last.
package struct FusedMatMul: Expanding {
  package static let onnxName = "FusedMatMul"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...2
  private let alpha: Float
  private let transposes: [Bool]
  private let movesBatch: [Bool]

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 1)
    transposes = [try node.flag("transA", default: false), try node.flag("transB", default: false)]
    movesBatch = [try node.flag("transBatchA", default: false), try node.flag("transBatchB", default: false)]
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    var operands: [String] = []
    for index in 0..<2 {
      let rank = try requiredFloat(inputs, index, index == 0 ? "A" : "B").rank
      var order = Array(0..<rank)
      if movesBatch[index], rank > 2 { order = Array(1..<rank - 1) + [0, rank - 1] }
      // A vector has nothing to exchange.
      if transposes[index], rank > 1 { order.swapAt(rank - 2, rank - 1) }
      let name = expansion.inputs[index] ?? ""
      operands.append(order == Array(0..<rank) ? name : try expansion.transpose(name, order))
    }
    let product = try expansion.add("MatMul", operands)
    expansion.outputs = [alpha == 1 ? product : try expansion.add("Mul", [product, expansion.scalar(alpha)])]
  }
}
