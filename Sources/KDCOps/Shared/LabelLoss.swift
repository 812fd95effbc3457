import KDCDiagnostics
import KDCGraph
import KDCTensor

/// What losses of labels share: −x at each label, weighted, and reduced over all places.
package struct LabelLoss: Sendable {
  package enum Reduction: String, Sendable, CaseIterable { case none, sum, mean }
  package let reduction: Reduction
  /// The label that does not count.
  package let ignored: Int?

  init(decoding node: Node) throws(Diagnostic) {
    let name = try node.choice("reduction", default: "mean", of: Reduction.allCases.map(\.rawValue))
    reduction = Reduction(rawValue: name) ?? .mean
    ignored = try node.optionalInt("ignore_index")
  }

  /// scores [batch, classes, …] as float32, labels [batch, …] from input 1, a weight for each class from input 2.
  func apply(
    _ op: some Expanding, _ scores: String, _ inputs: [OperatorInput?], _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    let shape = expansion.shape(of: scores)
    let target = try op.requiredIndices(inputs, 1)
    guard shape.rank >= 2, target.dims == [shape[0]] + shape.dims[2...] else {
      throw op.shapeMismatch("labels \(target) must have the shape of scores \(shape) without the classes")
    }
    let (batch, classes, places) = (shape[0], shape[1], shape.dims[2...].reduce(1, *))
    var labels = try expansion.reshape(
      expansion.cast(expansion.inputs[1] ?? "", to: .int64), to: [batch, 1, places])
    var isIgnored: String?
    if let ignored {
      let condition = try expansion.add("Equal", [labels, expansion.integers([ignored])])
      // A label that does not count may be none of the classes.
      labels = try expansion.add("Where", [condition, expansion.integers([0]), labels])
      isIgnored = condition
    }
    let rows = try expansion.reshape(scores, to: [batch, classes, places])
    let picked = try expansion.add("GatherElements", [rows, labels], ["axis": .int(1)])
    var loss = try expansion.add("Neg", [picked])
    var weights: String?
    if let given = try op.floatIfPresent(inputs, 2, "weight", &expansion) {
      guard expansion.shape(of: given).dims == [classes] else {
        throw op.shapeMismatch("weight \(expansion.shape(of: given)) must be [\(classes)], one for each class")
      }
      let own = try expansion.add("Gather", [given, labels], ["axis": .int(0)])
      loss = try expansion.add("Mul", [loss, own])
      weights = own
    }
    if let isIgnored {
      let zero = expansion.scalar(0)
      loss = try expansion.add("Where", [isIgnored, zero, loss])
      weights = try expansion.add("Where", [isIgnored, zero, weights ?? expansion.scalar(1)])
    }
    let axes = [0, 1, 2]
    switch (reduction, weights) {
    case (.none, _): return try expansion.reshape(loss, to: target)
    case (.sum, _): return try expansion.reduce("ReduceSum", loss, axes: axes, keeps: false)
    case (.mean, nil): return try expansion.reduce("ReduceMean", loss, axes: axes, keeps: false)
    case (.mean, let weights?):
      return try expansion.add(
        "Div",
        [
          expansion.reduce("ReduceSum", loss, axes: axes, keeps: false),
          expansion.reduce("ReduceSum", weights, axes: axes, keeps: false),
        ])
    }
  }
}
