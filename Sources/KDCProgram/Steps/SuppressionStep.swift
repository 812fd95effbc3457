/// Non-maximum suppression: for each image and class, boxes in descending order of score (of equal ones the first comes first) are
/// kept unless they overlap one that is kept already, up to `most` a class.
///
/// `boxes` [images, boxes, 4] are two corners y, x, y, x, or with `centered` x, y, width, height; `scores` [images, classes, boxes].
/// A score must be above `scoreThreshold`. Boxes overlap if the intersection over the union is above `overlap`; an empty box overlaps
/// none. `selected` (int64) has a row image, class, box for each that is kept, in order, then rows of −1; `count` (int64) is the
/// number of those before.
package struct SuppressionStep: Step {
  package static let kind = "suppression"
  package var name: String
  package var boxes: BufferID
  package var scores: BufferID
  package var selected: BufferID
  package var count: BufferID
  package var images, classes, boxCount: Int
  package var most: Int
  package var overlap: Float
  package var scoreThreshold: Float
  package var centered: Bool

  package init(
    name: String, boxes: BufferID, scores: BufferID, selected: BufferID, count: BufferID, images: Int, classes: Int,
    boxCount: Int, most: Int, overlap: Float, scoreThreshold: Float, centered: Bool
  ) {
    self.name = name
    self.boxes = boxes
    self.scores = scores
    self.selected = selected
    self.count = count
    self.images = images
    self.classes = classes
    self.boxCount = boxCount
    self.most = most
    self.overlap = overlap
    self.scoreThreshold = scoreThreshold
    self.centered = centered
  }
  package var reads: [BufferID] { [boxes, scores] }
  package var writes: [BufferID] { [selected, count] }
}

extension SuppressionStep {
  package var detail: String { "\(most) of \(boxCount) boxes, \(classes) classes, overlap \(overlap)" }
  /// Of `selected`.
  package var rows: Int { images * classes * most }

  package func run(_ memory: inout Memory) {
    let corners = UnsafePointer(memory.pointer(boxes, as: Float.self))
    let score = UnsafePointer(memory.pointer(scores, as: Float.self))
    let target = memory.pointer(selected, as: Int64.self)
    var found = 0
    for image in 0..<images {
      let corners = corners + image &* boxCount &* 4
      for category in 0..<classes {
        let score = score + (image &* classes &+ category) &* boxCount
        let order = (0..<boxCount).filter { score[$0] > scoreThreshold }
          .sorted { score[$0] > score[$1] || (score[$0] == score[$1] && $0 < $1) }
        var kept: [Int] = []
        for box in order where kept.count < most {
          if kept.contains(where: { overlaps(corners + $0 &* 4, corners + box &* 4) }) { continue }
          kept.append(box)
          for (k, value) in [image, category, box].enumerated() { target[found &* 3 &+ k] = Int64(value) }
          found += 1
        }
      }
    }
    for rest in found &* 3..<rows &* 3 { target[rest] = -1 }
    memory.pointer(count, as: Int64.self)[0] = Int64(found)
  }

  /// Low and high ends along the first and the second axis.
  private func edges(_ box: UnsafePointer<Float>) -> (Float, Float, Float, Float) {
    if centered {
      let (halfA, halfB) = (box[2] * 0.5, box[3] * 0.5)
      return (box[0] - halfA, box[0] + halfA, box[1] - halfB, box[1] + halfB)
    }
    let (a, b) = (box[0] < box[2], box[1] < box[3])
    return (a ? box[0] : box[2], a ? box[2] : box[0], b ? box[1] : box[3], b ? box[3] : box[1])
  }

  private func overlaps(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Bool {
    let (p, q) = (edges(a), edges(b))
    let (low0, high0) = (p.0 > q.0 ? p.0 : q.0, p.1 < q.1 ? p.1 : q.1)
    let (low1, high1) = (p.2 > q.2 ? p.2 : q.2, p.3 < q.3 ? p.3 : q.3)
    let (side0, side1) = (high0 - low0, high1 - low1)
    guard side0 > 0, side1 > 0 else { return false }
    let shared = side0 * side1
    let (areaA, areaB) = ((p.1 - p.0) * (p.3 - p.2), (q.1 - q.0) * (q.3 - q.2))
    let union = areaA + areaB - shared
    return areaA > 0 && areaB > 0 && union > 0 && shared / union > overlap
  }

  package func check(_ check: inout StepCheck) {
    check.positive(images, classes, boxCount, most, named: "boxes")
    check.require(most <= boxCount, "\(most) of \(boxCount) boxes")
    check.buffer(boxes, images, boxCount, 4, bytes: 4, named: "boxes")
    check.buffer(scores, images, classes, boxCount, bytes: 4, named: "scores")
    check.buffer(selected, images, classes, most, 3, bytes: 8, named: "selected")
    check.buffer(count, 1, bytes: 8, named: "count")
    check.require(
      !reads.contains(selected) && !reads.contains(count) && selected != count, "two operands are the same buffer")
  }
}
