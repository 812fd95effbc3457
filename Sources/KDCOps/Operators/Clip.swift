import KDCDiagnostics
import KDCGraph
import KDCTensor

/// min(max(x, low), high). ONNX `Clip`, opsets 6, 11, 12, 13; either bound may be absent.
///
/// Opset < 11: bounds are attributes; from 11 on, scalar inputs. Low above high gives high. int8: a table, where the
/// bounds are constant.
package struct Clip: Quantizable {
  package static let onnxName = "Clip"
  package static let inputCount = 1...3
  /// Bounds from attributes; nil from opset 11 on and where absent.
  package let low: Float?
  package let high: Float?

  package init(decoding node: Node) throws(Diagnostic) {
    let hasAttributes = node.opset < 11
    low = hasAttributes ? try node.optionalFloat("min") : nil
    high = hasAttributes ? try node.optionalFloat("max") : nil
  }

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "input").type
    guard type.dataType != .bool else { throw typeMismatch("is not defined for bool") }
    for (index, name) in [(1, "min"), (2, "max")] where index < inputs.count {
      guard let bound = inputs[index]?.type else { continue }
      guard bound.dataType == type.dataType else { throw typeMismatch("input is \(type), \(name) is \(bound)") }
      guard bound.shape.count == 1 else { throw shapeMismatch("\(name) is \(bound), must be a scalar") }
    }
    return [type]
  }

  /// The bounds in force, −∞ and ∞ where absent; nil where a bound is computed from data.
  package func bounds(min: OperatorInput?, max: OperatorInput?) -> (low: Float, high: Float)? {
    guard min == nil || min?.constant != nil, max == nil || max?.constant != nil else { return nil }
    let given = [min, max].map { $0?.constant?.cast(to: .float32).floats?.first }
    return (given[0] ?? low ?? -.infinity, given[1] ?? high ?? .infinity)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let given = [1, 2].map { inputs.optional($0) }
    switch x.elements.numbers {
    case .float(let values):
      let bounds = given.map { $0?.elements.numbers.firstFloat }
      let clipped = Self.clip(values, bounds[0] ?? low ?? -.infinity, bounds[1] ?? high ?? .infinity)
      return [Tensor(x.shape, Numbers.float(clipped).elements(as: x.dataType))]
    case .double(let values):
      let bounds = given.map { $0?.elements.numbers.firstDouble }
      let clipped = Self.clip(
        values, bounds[0] ?? low.map { Double($0) } ?? -.infinity,
        bounds[1] ?? high.map { Double($0) } ?? .infinity)
      return [Tensor(x.shape, .float64(clipped))]
    case .signed(let values):
      let bounds = given.map { $0?.elements.numbers.firstSigned }
      let clipped = Self.clip(values, bounds[0] ?? .min, bounds[1] ?? .max)
      return [Tensor(x.shape, Numbers.signed(clipped).elements(as: x.dataType))]
    case .unsigned(let values):
      let bounds = given.map { $0?.elements.numbers.firstUnsigned }
      return [Tensor(x.shape, .uint64(Self.clip(values, bounds[0] ?? .min, bounds[1] ?? .max)))]
    }
  }

  private static func clip<T: Comparable>(_ values: [T], _ low: T, _ high: T) -> [T] {
    values.map { min(max($0, low), high) }
  }
}
