import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// The boxes [N, boxes, 4] that no better one of their class overlaps, by scores [N, classes, boxes]: rows of image, class and box,
/// int64. ONNX `NonMaxSuppression`, opsets 10, 11.
///
/// max_output_boxes_per_class, iou_threshold and score_threshold are known when compiling. How many boxes are left is known only
/// when it runs: there are as many rows as there can be, N · classes · max_output_boxes_per_class, those behind the last box are −1,
/// and a second output, where the node names one, is their number. Of constant boxes and scores the rows are those that there are.
package struct NonMaxSuppression: StepOperator, ConstantCounting {
  package static let onnxName = "NonMaxSuppression"
  package static let inputCount = 2...5
  package static let outputCount = 1...2
  package let isCentered: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    isCentered = try node.flag("center_point_box", default: false)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (boxes, scores) = (try requiredFloat(inputs, 0, "boxes"), try requiredFloat(inputs, 1, "scores"))
    guard boxes.rank == 3, boxes[2] == 4, scores.rank == 3, scores[0] == boxes[0], scores[2] == boxes[1] else {
      throw shapeMismatch("boxes \(boxes) and scores \(scores) must be [N, boxes, 4] and [N, classes, boxes]")
    }
    let most = try options(inputs).most
    guard boxes[0] < 1 << 20, scores[1] < 1 << 20, most < 1 << 20 else {
      throw shapeMismatch("boxes \(boxes) and scores \(scores) are too many")
    }
    return [TensorType(.int64, [scores[0] * scores[1] * most, 3]), TensorType(.int64, [1])]
  }

  /// Boxes of a class at most, and the thresholds. Throws KDC2016 where they are computed from data.
  private func options(
    _ inputs: [OperatorInput?]
  ) throws(Diagnostic) -> (most: Int, overlap: Float, score: Float) {
    let boxes = try requiredFloat(inputs, 0, "boxes")
    let most = try constantInts(inputs, 2, "max_output_boxes_per_class")?.first ?? 0
    let overlap = try constant(inputs, 3, "iou_threshold")?.floats?.first ?? 0
    let score = try constant(inputs, 4, "score_threshold")?.floats?.first ?? -.infinity
    return (max(0, min(most, boxes[1])), overlap, score)
  }

  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step {
    let scores = try requiredFloat(inputs, 1, "scores")
    let options = try options(inputs)
    return SuppressionStep(
      name: name, boxes: try operands.required(0), scores: try operands.required(1), selected: results[0],
      count: results[1], images: scores[0], classes: scores[1], boxCount: scores[2], most: options.most,
      overlap: options.overlap, scoreThreshold: options.score, centered: isCentered)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let given = inputs.map { input in input.map { OperatorInput(type: $0.type, constant: $0) } }
    let types = try outputTypes(given)
    // No rows at all are no step.
    guard types[0].shape.count > 0 else { return [Tensor(types[0].shape, [Int64]()), Tensor([1], [Int64(0)])] }
    return try evaluateStep(inputs)
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    guard try lowering.shape(of: node.outputs[0]).count == 0, node.outputs.count > 1, !node.outputs[1].isEmpty else {
      return try lowerStep(node, into: &lowering)
    }
    _ = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    lowering.fill(
      try lowering.write(node.outputs[1], as: .native, in: .rowMajor), with: Tensor([1], [Int64(0)]), count: 1)
  }

  package func evaluateConstant(_ inputs: [Tensor?]) throws -> [Tensor] {
    let all = try evaluate(inputs)
    guard let rows = all[0].int64s, let found = all[1].int64s?.first else { throw InternalError("no rows") }
    return [Tensor([Int(found), 3], Array(rows.prefix(Int(found) * 3))), all[1]]
  }
}
