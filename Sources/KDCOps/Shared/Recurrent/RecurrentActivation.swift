import KDCDiagnostics
import KDCGraph

/// An activation function of a recurrent layer, with its constants.
package struct RecurrentActivation: Sendable, Equatable {
  let name: String
  let alpha, beta: Float

  /// Lower-case names with the defaults of alpha and beta; nil: the function has none.
  private static let known: [String: (name: String, alpha: Float?, beta: Float?)] = [
    "relu": ("Relu", nil, nil), "tanh": ("Tanh", nil, nil), "sigmoid": ("Sigmoid", nil, nil),
    "softsign": ("Softsign", nil, nil), "softplus": ("Softplus", nil, nil), "affine": ("Affine", 1, 0),
    "leakyrelu": ("LeakyRelu", 0.01, nil), "thresholdedrelu": ("ThresholdedRelu", 1, nil),
    "scaledtanh": ("ScaledTanh", 1, 1), "hardsigmoid": ("HardSigmoid", 0.2, 0.5), "elu": ("Elu", 1, nil),
  ]

  /// `fallback` for each direction, or what the attributes say. Constants are listed for the functions that have some.
  static func list(decoding node: Node, _ fallback: [String], directions: Int) throws(Diagnostic) -> [[Self]] {
    let names = try node.optionalStrings("activations") ?? (0..<directions).flatMap { _ in fallback }
    guard names.count == fallback.count * directions else {
      throw node.invalid("activations", "has \(names.count) elements, must have \(fallback.count * directions)")
    }
    var alphas = (try node.optionalFloats("activation_alpha") ?? [])[...]
    var betas = (try node.optionalFloats("activation_beta") ?? [])[...]
    var all: [Self] = []
    for name in names {
      guard let entry = known[name.lowercased()] else {
        throw node.invalid("activations", "has the element \"\(name)\", which ONNX does not define")
      }
      let alpha = entry.alpha.map { alphas.popFirst() ?? $0 }
      let beta = entry.beta.map { betas.popFirst() ?? $0 }
      all.append(Self(name: entry.name, alpha: alpha ?? 0, beta: beta ?? 0))
    }
    return (0..<directions).map { Array(all[$0 * fallback.count..<($0 + 1) * fallback.count]) }
  }

  /// f(x).
  func apply(_ x: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    switch name {
    case "Affine": return try expansion.shift(expansion.scale(x, by: alpha), by: beta)
    case "ScaledTanh": return try expansion.scale(expansion.add("Tanh", [expansion.scale(x, by: beta)]), by: alpha)
    // Operators of the same names, which leave alone the constants that they do not have.
    default: return try expansion.add(name, [x], ["alpha": .float(alpha), "beta": .float(beta)])
    }
  }
}
