import KDCGraph
import KDCProgram
import KDCTensor

extension Pad: Lowerable {
  /// The output's parts, each with the input's elements in order, backwards or one of them again and again; `constant`
  /// fills the rest first.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let result = try lowering.shape(of: node.outputs[0])
    let amounts = try amounts(of: shape, given: lowering.integers(node, 1), axes: lowering.integers(node, 3))
    let runs = shape.dims.indices.map { self.runs(before: amounts[$0].before, of: shape[$0], to: result[$0]) }
    guard runs.reduce(1, { min($0 * $1.count, Self.mostParts + 1) }) <= Self.mostParts else {
      throw cannotLower(node, "with pads that repeat its input more than \(Self.mostParts) times")
    }
    let fill: Lowering.PadFill? =
      mode != .constant ? nil : node.input(2).map { .value($0) } ?? .number(value ?? 0)
    try lowering.pad(node.inputs[0], node.outputs[0], runs: runs, fill: fill)
  }

  private static let mostParts = 4096

  /// Neighbouring positions of an output's axis whose source in the input moves by one step (−1, 0 or 1) each.
  struct Run: Equatable {
    var start: Int
    var count: Int
    var source: Int
    var step: Int
  }

  /// The runs of an axis of `dim` elements, of which the first comes after `before` others, in an output of `count`.
  func runs(before: Int, of dim: Int, to count: Int) -> [Run] {
    var runs: [Run] = []
    for position in 0..<count {
      guard let source = source(position - before, dim) else { continue }
      if let last = runs.last, last.start + last.count == position {
        let step = source - (last.source + (last.count - 1) * last.step)
        if last.count == 1 ? abs(step) <= 1 : step == last.step {
          runs[runs.count - 1].count += 1
          runs[runs.count - 1].step = step
          continue
        }
      }
      runs.append(Run(start: position, count: 1, source: source, step: 1))
      if runs.count > Self.mostParts { break }
    }
    return runs
  }
}

extension Lowering {
  /// What a padded output has where nothing of the input is.
  enum PadFill {
    case number(Float)
    case value(String)
  }

  mutating func pad(_ input: String, _ output: String, runs: [[Pad.Run]], fill: PadFill?) throws {
    let encoding = encoding(of: output)
    let (shape, result) = (try shape(of: input), try self.shape(of: output))
    let form = try read(input, as: encoding, in: constant(input) == nil ? nil : [.rowMajor])
    let layout = form.layout.normalized(for: result)
    let target = try write(output, as: encoding, in: layout)
    let bytes = encoding == .native ? try type(of: input).dataType.byteCount : 1
    let covered = runs.reduce(1) { $0 * $1.reduce(0) { $0 + $1.count } }
    if let fill, covered < result.count {
      try self.fill(target, output, encoding, fill, count: result.count)
    }
    let (own, strides) = (form.layout.strides(of: shape), layout.strides(of: result))
    let order = layout.order(rank: shape.rank)
    var parts: [[Pad.Run]] = [[]]
    for axis in runs { parts = parts.flatMap { part in axis.map { part + [$0] } } }
    for part in parts {
      let walk = Walk(
        extents: order.map { part[$0].count },
        strides: [order.map { own[$0] * part[$0].step }, order.map { strides[$0] }]
      ).collapsed
      let from = zip(part, own).reduce(0) { $0 + $1.0.source * $1.1 }
      let to = zip(part, strides).reduce(0) { $0 + $1.0.start * $1.1 }
      append {
        MoveStep(
          name: $0, input: form.buffer, output: target, elementBytes: bytes, inputOffset: from, outputOffset: to,
          walk: walk)
      }
    }
  }

  private mutating func fill(
    _ target: BufferID, _ output: String, _ encoding: Encoding, _ fill: PadFill, count: Int
  ) throws {
    let type = try type(of: output).dataType
    let value: Tensor
    switch fill {
    case .number(let number): value = Tensor([], [number]).cast(to: type)
    case .value(let name):
      guard let known = constant(name) else {
        let scalar = try read(name, as: encoding, in: [.rowMajor]).buffer
        let bytes = encoding == .native ? type.byteCount : 1
        return append {
          MoveStep(
            name: $0, input: scalar, output: target, elementBytes: bytes, inputOffset: 0, outputOffset: 0,
            walk: Walk(extents: [count], strides: [[0], [1]]))
        }
      }
      value = known
    }
    guard case .int8(let affine) = encoding, let number = value.floats?.first else {
      return self.fill(target, with: value, count: count)
    }
    self.fill(target, with: Tensor([1], [affine.quantized(number)]), count: count)
  }
}
