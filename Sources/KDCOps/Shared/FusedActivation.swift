import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// The activation of FusedConv and FusedGemm, applied to the sum with the optional residual.
package enum FusedActivation: Hashable, Sendable {
  case none
  /// max(x, 0)
  case relu
  /// min(max(x, low), high)
  case clip(low: Float, high: Float)

  /// Reads `activation` and `activation_params`.
  package init(decoding node: Node) throws(Diagnostic) {
    guard try node.optionalString("activation") != nil else {
      self = .none
      return
    }
    guard try node.choice("activation", default: "", of: ["Relu", "Clip"]) == "Clip" else {
      self = .relu
      return
    }
    guard let bounds = try node.optionalFloats("activation_params"), bounds.count == 2 else {
      throw node.invalid("activation_params", "must be the two bounds of the Clip")
    }
    self = .clip(low: bounds[0], high: bounds[1])
  }

  /// y lies between these: −∞ and ∞ where there is no bound.
  package var bounds: (low: Float, high: Float) {
    switch self {
    case .none: (-.infinity, .infinity)
    case .relu: (0, .infinity)
    case .clip(let low, let high): (low, high)
    }
  }

  package func apply(_ values: inout [Float]) {
    guard self != .none else { return }
    let (low, high) = bounds
    values.withUnsafeMutableBufferPointer { buffer in
      for i in buffer.indices { buffer[i] = min(max(buffer[i], low), high) }
    }
  }
}

extension FusedActivation {
  /// The step's form.
  var function: FloatFunction {
    switch self {
    case .none: .identity
    case .relu: .relu
    case .clip(let low, let high): FloatFunction(.clip, a: low, b: high)
    }
  }
}

extension FusedActivation {
  /// ∂L/∂sum from ∂L/∂y, by y itself: the gradient passes where y lies strictly between the bounds.
  func inputGradient(_ gradient: [Float], output: (shape: Shape, values: [Float])) -> [Float] {
    guard self != .none else { return gradient }
    let (low, high) = bounds
    return [Float](count: gradient.count) { result in
      gradient.withPointer { gradient in
        output.values.withPointer { y in
          for i in 0..<output.values.count { result[i] = y[i] > low && y[i] < high ? gradient[i] : 0 }
        }
      }
    }
  }
}
