import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// a shifted by b bits, to the left or right as `direction` says; unsigned integers with broadcasting. ONNX `BitShift`,
/// opset 11. Shifts by all bits or more give 0.
package struct BitShift: BitwiseOperation {
  package static let onnxName = "BitShift"
  package static let allowedTypes: [DataType] = [.uint8, .uint16, .uint32, .uint64]
  package let goesLeft: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    guard node.attributes["direction"] != nil else { throw node.invalid("direction", "is missing") }
    goesLeft = try node.choice("direction", default: "LEFT", of: ["LEFT", "RIGHT"]) == "LEFT"
  }

  package var operation: IntegerBinaryStep.Operation { goesLeft ? .shiftLeft : .shiftRight }
  package func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { goesLeft ? a << b : a >> b }
}
