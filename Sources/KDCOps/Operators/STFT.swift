import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Spectra of frames of a signal: [batch, length, 1 or 2] to [batch, frames, bins, 2]. ONNX `STFT`, opset 17.
///
/// Frame f is elements f · frame_step … + frame_length, times the window if there is one. frame_step and frame_length are
/// constant.
package struct STFT: Expanding {
  package static let onnxName = "STFT"
  package static let inputCount = 2...4
  package let isOneSided: Bool

  package init(decoding node: Node) throws(Diagnostic) { isOneSided = try node.flag("onesided", default: true) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    var signal = try float(inputs, 0, "signal", &expansion)
    if expansion.shape(of: signal).rank == 2 {
      signal = try expansion.reshape(signal, to: Shape(expansion.shape(of: signal).dims + [1]))
    }
    let shape = expansion.shape(of: signal)
    let window = try floatIfPresent(inputs, 2, "window", &expansion)
    let step = try constantInt(inputs, 1, "frame_step") ?? 0
    let length = try constantInt(inputs, 3, "frame_length") ?? window.map { expansion.shape(of: $0).count } ?? 0
    guard shape.rank == 3, shape[2] == 1 || shape[2] == 2, step > 0, length > 0, length <= shape[1] else {
      throw shapeMismatch(
        "signal \(shape) must be [batch, length, 1 or 2], not shorter than frames of \(length) in steps of \(step)")
    }
    if let window, expansion.shape(of: window).dims != [length] {
      throw shapeMismatch("window \(expansion.shape(of: window)) must be [\(length)], as long as a frame")
    }
    let count = (shape[1] - length) / step + 1
    let places = TensorType(.int64, [count, length])
    if let fault = ValueLimits.machine.fault(of: places, "the frames of 'STFT'") { throw fault }
    let indices = (0..<count).flatMap { frame in (0..<length).map { Int64(frame * step + $0) } }
    var frames = try expansion.add(
      "Gather", [signal, expansion.constant(Tensor(places.shape, indices))], ["axis": .int(1)])
    if let window { frames = try expansion.add("Mul", [frames, expansion.reshape(window, to: [length, 1])]) }
    let bins = isOneSided && shape[2] == 1 ? length / 2 + 1 : length
    try finish(inputs, [expansion.spectrum(frames, length: length, bins: bins, inverse: false)], &expansion)
  }
}
