/// The sum of quantised tensors with broadcasting, quantised. `com.microsoft.QLinearAdd`.
package struct QLinearAdd: QuantizedBinary {
  package static let onnxName = "QLinearAdd"
  static let opType = "Add"
  package init() {}
}
