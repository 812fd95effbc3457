import KDCGraph
import KDCOps
import KDCTensor

/// What passes ask of graphs when they look for patterns.
extension Graph {
  /// The float constant `name`, or nil.
  func floatConstant(_ name: String?) -> Tensor? {
    guard let name, let tensor = initializers[name], tensor.floats != nil else { return nil }
    return tensor
  }

  /// The value of a float constant of one element.
  func scalar(_ name: String?) -> Float? {
    guard let values = floatConstant(name)?.floats, values.count == 1 else { return nil }
    return values[0]
  }

  /// A node's data input and its one-element constant input, in either order where `commutes`.
  func valueAndScalar(_ node: Node, commutes: Bool = true) -> (value: String, scalar: Float)? {
    guard node.inputs.count == 2 else { return nil }
    // The scalar must not add dimensions to the value.
    func fits(_ value: String, _ constant: String) -> Bool {
      initializers[value] == nil && (initializers[constant]?.shape.rank ?? 0) <= (types[value]?.shape.rank ?? 0)
    }
    if let scalar = scalar(node.inputs[1]), fits(node.inputs[0], node.inputs[1]) { return (node.inputs[0], scalar) }
    guard commutes, let scalar = scalar(node.inputs[0]), fits(node.inputs[1], node.inputs[0]) else { return nil }
    return (node.inputs[1], scalar)
  }

  /// The bounds of a Clip, or 0...∞ for a Relu, where they are constant; nil for other nodes.
  func clampBounds(_ node: Node) -> (low: Float, high: Float)? {
    guard node.domain.isEmpty, node.inputs.first.flatMap({ types[$0] })?.dataType == .float32 else { return nil }
    if node.opType == "Relu" { return (0, .infinity) }
    guard node.opType == "Clip" else { return nil }
    var bounds: (low: Float, high: Float) = (-.infinity, .infinity)
    if case .float(let low)? = node.attributes["min"] { bounds.low = low }
    if case .float(let high)? = node.attributes["max"] { bounds.high = high }
    if let name = node.input(1) {
      guard let low = scalar(name) else { return nil }
      bounds.low = low
    }
    if let name = node.input(2) {
      guard let high = scalar(name) else { return nil }
      bounds.high = high
    }
    return bounds.low <= bounds.high ? bounds : nil
  }

  /// Replaces input `index` of the node by a new constant: in place where only this node reads it, else under a new name.
  mutating func setConstant(_ tensor: Tensor, input index: Int, ofNodeAt node: Int, name base: String) {
    if let old = nodes[node].input(index), initializers[old] != nil, uses().onlyConsumer(of: old) != nil {
      initializers[old] = tensor
      types[old] = tensor.type
      return
    }
    let name = addInitializer(nodes[node].input(index) ?? base, tensor)
    editNode(at: node) {
      while $0.inputs.count <= index { $0.inputs.append("") }
      $0.inputs[index] = name
    }
  }
}

extension Node {
  func isStandard(_ opTypes: String...) -> Bool { domain.isEmpty && opTypes.contains(opType) }

  /// FusedConv and FusedGemm, the two forms that take biases, residuals and activations.
  var isFused: Bool { domain == "com.microsoft" && (opType == "FusedConv" || opType == "FusedGemm") }

  var hasActivation: Bool { attributes["activation"] != nil }
}

extension Graph {
  /// The integers of a constant input.
  func integers(_ name: String?) -> [Int]? {
    switch name.flatMap({ initializers[$0] })?.elements {
    case .int64(let values)?: values.map { Int($0) }
    case .int32(let values)?: values.map { Int($0) }
    default: nil
    }
  }

  /// Elements a Pad adds before and after each axis of its input, or nil where they are not constant.
  func padding(of node: Node) -> [(before: Int, after: Int)]? {
    guard let rank = node.input(0).flatMap({ types[$0] })?.shape.rank else { return nil }
    var pads: [Int]
    if case .ints(let values)? = node.attributes["pads"] {
      pads = values.map { Int($0) }
    } else {
      guard let values = integers(node.input(1)) else { return nil }
      pads = values
    }
    var axes = Array(0..<rank)
    if node.input(3) != nil {
      guard let given = integers(node.input(3)) else { return nil }
      axes = given.map { $0 < 0 ? $0 + rank : $0 }
    }
    guard pads.count == 2 * axes.count, axes.allSatisfy({ (0..<rank).contains($0) }) else { return nil }
    var result = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
    for (index, axis) in axes.enumerated() { result[axis] = (pads[index], pads[index + axes.count]) }
    return result
  }
}
