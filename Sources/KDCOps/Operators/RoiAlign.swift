import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Regions of X [N, C, H, W], given by corners in rois [R, 4] and images in batch_indices [R], resampled to [R, C, output_height,
/// output_width]. ONNX `RoiAlign`, opsets 10, 16, 22.
///
/// Modes avg and max; coordinate_transformation_mode half_pixel (from opset 16 on) and output_half_pixel; sampling_ratio 0 takes
/// as many samples as the region needs, 1024 along an axis at most.
package struct RoiAlign: StepOperator {
  package static let onnxName = "RoiAlign"
  package static let inputCount = 3...3
  package let isMaximum: Bool
  package let height: Int
  package let width: Int
  package let ratio: Int
  package let scale: Float
  package let halfPixel: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    isMaximum = try node.choice("mode", default: "avg", of: ["avg", "max"]) == "max"
    height = try node.int("output_height", default: 1)
    width = try node.int("output_width", default: 1)
    ratio = try node.int("sampling_ratio", default: 0)
    scale = try node.float("spatial_scale", default: 1)
    let transformations = ["half_pixel", "output_half_pixel"]
    halfPixel =
      node.opset < 16
      ? false
      : try node.choice("coordinate_transformation_mode", default: "half_pixel", of: transformations) == "half_pixel"
    for (name, value) in [("output_height", height), ("output_width", width)] where value < 1 || value > 1 << 16 {
      throw node.invalid(name, "is \(value), must be 1...65536")
    }
    guard ratio >= 0, ratio <= RoiAlignStep.mostSamples else {
      throw node.invalid("sampling_ratio", "is \(ratio), must be 0...\(RoiAlignStep.mostSamples)")
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (x, rois) = (try requiredFloat(inputs, 0, "X"), try requiredFloat(inputs, 1, "rois"))
    let images = try required(inputs, 2, "batch_indices").type
    guard images.dataType == .int64 else { throw typeMismatch("batch_indices is \(images), must be int64") }
    guard x.rank == 4, x.count > 0, rois.dims == [rois.dims.first ?? 0, 4], images.shape.dims == [rois[0]] else {
      throw shapeMismatch("X \(x), rois \(rois) and batch_indices \(images.shape) must be [N, C, H, W], [R, 4] and [R]")
    }
    return [TensorType(.float32, [rois[0], x[1], height, width])]
  }

  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step {
    let x = try requiredFloat(inputs, 0, "X")
    return RoiAlignStep(
      name: name, isMaximum: isMaximum, input: try operands.required(0), rois: try operands.required(1),
      batches: try operands.required(2), output: results[0],
      image: (batch: x[0], channels: x[1], height: x[2], width: x[3]), regions: outputs[0].shape[0],
      outputHeight: height, outputWidth: width, ratio: ratio, scale: scale, halfPixel: halfPixel)
  }
}
