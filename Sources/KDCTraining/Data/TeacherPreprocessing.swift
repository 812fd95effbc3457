import KDCDiagnostics
import KDCTensor

/// How a teacher's input is made from the student's: resized, then (value · scale − mean) / std.
package struct TeacherPreprocessing: Sendable, Hashable, Codable {
  /// The teacher's input; nil where it has one.
  package var input: String?
  package var size: ImageOptions.Size?
  package var scale: Float = 1
  /// One for all channels, or one each.
  package var mean: [Float] = [0]
  package var deviation: [Float] = [1]

  package init() {}

  /// Why a student's input of type `source` cannot become `target`; nil where it can.
  package func refusal(from source: TensorType, to target: TensorType) -> String? {
    let perChannel = max(mean.count, deviation.count) > 1
    guard size != nil || perChannel else {
      return source.shape == target.shape ? nil : "shapes differ and there is no resize"
    }
    guard let from = ImageLayout(source.shape), let to = ImageLayout(target.shape) else {
      return "resize and values per channel are for images [1,C,H,W] or [1,H,W,C] with 1 or 3 channels"
    }
    guard from.channels == to.channels else { return "it has \(to.channels) channels, the student's \(from.channels)" }
    let result = size ?? ImageOptions.Size(width: from.width, height: from.height)
    guard result.width == to.width, result.height == to.height else {
      return "the teacher takes \(to.width)x\(to.height), preprocessing gives \(result)"
    }
    for values in [mean, deviation] where values.count != 1 && values.count != to.channels {
      return "\(values.count) values are given for \(to.channels) channels"
    }
    return nil
  }

  /// The teacher's tensor; `refusal` has said that it can be made.
  package func apply(_ tensor: Tensor, to target: TensorType) -> Tensor {
    let values = tensor.asFloats
    guard let from = ImageLayout(tensor.shape), let to = ImageLayout(target.shape) else {
      return Tensor(target.shape, values.map { ($0 * scale - mean[0]) / deviation[0] }).converted(to: target.dataType)
    }
    var result = [Float](repeating: 0, count: target.shape.count)
    for channel in 0..<to.channels {
      let plane = (0..<from.width * from.height).map { values[from.index(channel, $0)] }
      let resized = ImageResize.plane(plane, from: (from.width, from.height), to: (to.width, to.height))
      let offset = mean[mean.count == 1 ? 0 : channel]
      let divisor = deviation[deviation.count == 1 ? 0 : channel]
      for (position, value) in resized.enumerated() {
        result[to.index(channel, position)] = (value * scale - offset) / divisor
      }
    }
    return Tensor(target.shape, result).converted(to: target.dataType)
  }
}
