/// 25/46 − 21/46 cos(2πi / N), i = 0 … size − 1, N the size or, if it is symmetric, one less. ONNX `HammingWindow`, opset 17.
package struct HammingWindow: AudioWindowFunction {
  package static let onnxName = "HammingWindow"
  package let window: AudioWindow
  init(_ window: AudioWindow) { self.window = window }
  static let coefficients: [Double] = [25 / 46, 21 / 46]
}
