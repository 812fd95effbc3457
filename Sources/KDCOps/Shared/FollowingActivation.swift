import KDCDiagnostics
import KDCGraph

/// An activation that ONNX Runtime fuses into FusedConv and FusedGemm and no step has: it stays a node of its own.
struct FollowingActivation: Sendable {
  let opType: String
  let attributes: [String: Attribute]

  /// The attributes of each, in the order of `activation_params`.
  private static let parameters = [
    "Tanh": [], "Sigmoid": [], "LeakyRelu": ["alpha"], "HardSigmoid": ["alpha", "beta"],
  ]

  /// nil where the node has none of them. Parameters are in `activation_params`, or in `activation_alpha` and `activation_beta`.
  init?(decoding node: Node) throws(Diagnostic) {
    guard let name = try node.optionalString("activation"), let names = Self.parameters[name] else { return nil }
    let values = try node.optionalFloats("activation_params") ?? []
    var attributes: [String: Attribute] = [:]
    for (index, parameter) in names.enumerated() {
      let own = try node.optionalFloat("activation_\(parameter)")
      if let value = index < values.count ? values[index] : own { attributes[parameter] = .float(value) }
    }
    opType = name
    self.attributes = attributes
  }
}

extension Expansion {
  /// The activation as nodes.
  mutating func activated(
    _ value: String, _ activation: FusedActivation, _ following: FollowingActivation?
  ) throws(Diagnostic) -> String {
    if let following { return try add(following.opType, [value], following.attributes) }
    switch activation {
    case .none: return value
    case .relu: return try add("Relu", [value])
    case .clip(let low, let high): return try add("Clip", [value, scalar(low), scalar(high)])
    }
  }
}
