import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// A FusedConv or FusedGemm as many small linear problems: at each position of its output, the outputs of a group are
/// its weights times one row of inputs.
struct LinearLayer: Sendable {
  private enum Kind: Sendable {
    case convolution(ImageGeometry)
    case product
  }

  private let kind: Kind
  let groups: Int
  /// Inputs of one output: channels of a group times the taps of the kernel.
  let depth: Int
  /// Outputs of a group.
  let outputs: Int
  /// Positions of one sample's output: pixels, or rows of a matrix.
  let positions: Int

  /// nil where the node is neither. `graph` has its types inferred, at batch 1.
  init?(_ node: Node, in graph: Graph) throws {
    guard let input = node.input(0).flatMap({ graph.types[$0]?.shape }),
      let weights = node.input(1).flatMap({ graph.initializers[$0] }), weights.floats != nil
    else { return nil }
    guard Operators.type(of: node) is any FusedLayer.Type, let layer = try Operators.decode(node) as? any FusedLayer
    else { return nil }
    if let geometry = try layer.patches(input: input, weights: weights.shape) {
      guard geometry.batch == 1 else { return nil }
      kind = .convolution(geometry)
      groups = geometry.groups
      depth = geometry.depth
      outputs = geometry.groupOutputs
      positions = geometry.outputPixels
    } else {
      kind = .product
      groups = 1
      depth = weights.shape[1]
      outputs = weights.shape[0]
      positions = input.dims.dropLast().reduce(1, *)
    }
    guard depth > 0, outputs > 0, positions > 0 else { return nil }
  }

  /// Writes the inputs of group `group` at `chosen` positions of one sample: a row of `depth` numbers each, rows
  /// `stride` numbers apart.
  func gather(
    _ input: UnsafePointer<Float>, group: Int, at chosen: [Int], into rows: UnsafeMutablePointer<Float>, stride: Int
  ) {
    switch kind {
    case .product:
      for (row, position) in chosen.enumerated() {
        (rows + row &* stride).update(from: input + position &* depth, count: depth)
      }
    case .convolution(let g):
      let image = input + group &* g.groupInputs &* g.inputPixels
      for (row, position) in chosen.enumerated() {
        let target = rows + row &* stride
        let top = position / g.x.output &* g.y.stride &- g.y.padBegin
        let left = position % g.x.output &* g.x.stride &- g.x.padBegin
        var at = 0
        for channel in 0..<g.groupInputs {
          let plane = image + channel &* g.inputPixels
          for ky in 0..<g.y.kernel {
            let y = top &+ ky &* g.y.dilation
            for kx in 0..<g.x.kernel {
              let x = left &+ kx &* g.x.dilation
              let isInside = y >= 0 && y < g.y.input && x >= 0 && x < g.x.input
              target[at] = isInside ? plane[y &* g.x.input &+ x] : 0
              at &+= 1
            }
          }
        }
      }
    }
  }

  /// Index of output `channel` at `position` in the output of one sample.
  func index(channel: Int, position: Int) -> Int {
    switch kind {
    case .convolution: channel &* positions &+ position
    case .product: position &* outputs &+ channel
    }
  }

  /// `count` different positions for one sample, ascending: one from each of as many equal parts. The same for the same
  /// arguments.
  func sample(_ count: Int, salt: UInt64) -> [Int] {
    guard count < positions else { return Array(0..<positions) }
    var state = salt
    return (0..<count).map { part in
      let (start, end) = (part * positions / count, (part + 1) * positions / count)
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return start + Int((state >> 33) % UInt64(max(1, end - start)))
    }
  }
}
