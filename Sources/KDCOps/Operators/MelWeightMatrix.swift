import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The matrix [dft_length / 2 + 1, num_mel_bins] that sums a spectrum's bins in triangles evenly spaced in mel.
/// ONNX `MelWeightMatrix`, opset 17.
///
/// All inputs are constant. mel(f) = 2595 · log₁₀(1 + f / 700); corners are rounded down to bins of the spectrum.
package struct MelWeightMatrix: Expanding {
  package static let onnxName = "MelWeightMatrix"
  package static let inputCount = 5...5
  package let type: DataType

  package init(decoding node: Node) throws(Diagnostic) { type = try node.floatOutput("output_datatype") }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let count = try constantInt(inputs, 0, "num_mel_bins") ?? 0
    let length = try constantInt(inputs, 1, "dft_length") ?? 0
    let rate = try constantInt(inputs, 2, "sample_rate") ?? 0
    let (low, high) = (try hertz(inputs, 3, "lower_edge_hertz"), try hertz(inputs, 4, "upper_edge_hertz"))
    guard (1...1 << 16).contains(count), (1...1 << 24).contains(length), rate > 0, low >= 0, low <= high,
      high <= Double(rate)
    else {
      throw Diagnostic(
        .valueOutOfRange,
        "'MelWeightMatrix' of \(count) bins from \(low) to \(high) Hz, dft_length \(length), sample_rate \(rate)",
        hint: "sizes must be positive, and the edges ascending and at most the sample rate")
    }
    let bins = length / 2 + 1
    let (first, last) = (mel(low), mel(high))
    let corners = (0..<count + 2).map { index in
      let frequency = 700 * (pow(10, (first + Double(index) * (last - first) / Double(count + 2)) / 2595) - 1)
      return Int((Double(length + 1) * frequency / Double(rate)).rounded(.down))
    }
    let weights = try expansion.matrix(bins, count) { bin, column in
      let (left, centre, right) = (corners[column], corners[column + 1], corners[column + 2])
      if bin == centre { return 1 }
      if bin > left, bin < centre { return Float(bin - left) / Float(centre - left) }
      return bin > centre && bin < right ? Float(right - bin) / Float(right - centre) : 0
    }
    expansion.outputs = [try expansion.add("Identity", [expansion.cast(weights, to: type)])]
  }

  private func mel(_ hertz: Double) -> Double { 2595 * log10(1 + hertz / 700) }

  private func hertz(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> Double {
    guard let tensor = try constant(inputs, index, name), tensor.count == 1,
      case .float64(let values) = tensor.cast(to: .float64).elements, values[0].isFinite
    else { throw typeMismatch("input \(name) must be one finite number") }
    return values[0]
  }
}
