/// ½ − ½ cos(2πi / N), i = 0 … size − 1, N the size or, if it is symmetric, one less. ONNX `HannWindow`, opset 17.
package struct HannWindow: AudioWindowFunction {
  package static let onnxName = "HannWindow"
  package let window: AudioWindow
  init(_ window: AudioWindow) { self.window = window }
  static let coefficients: [Double] = [0.5, 0.5]
}
