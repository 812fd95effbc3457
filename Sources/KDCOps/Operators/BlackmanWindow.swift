/// 0.42 − ½ cos(2πi / N) + 0.08 cos(4πi / N), i = 0 … size − 1, N the size or, if it is symmetric, one less.
/// ONNX `BlackmanWindow`, opset 17.
package struct BlackmanWindow: AudioWindowFunction {
  package static let onnxName = "BlackmanWindow"
  package let window: AudioWindow
  init(_ window: AudioWindow) { self.window = window }
  static let coefficients: [Double] = [0.42, 0.5, 0.08]
}
