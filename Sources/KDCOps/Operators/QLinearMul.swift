/// The product of quantised tensors with broadcasting, quantised. `com.microsoft.QLinearMul`.
package struct QLinearMul: QuantizedBinary {
  package static let onnxName = "QLinearMul"
  static let opType = "Mul"
  package init() {}
}
