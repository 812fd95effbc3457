import KDCDiagnostics
import KDCGraph
import KDCTensor

/// saturate(round(x / scale) + zeroPoint), halves to even. ONNX `QuantizeLinear`, opsets 10, 13, 19, 21, 23, 24, 25.
///
/// To int8, uint8, int16 and uint16; 4 bits are values of 8 that are no larger. In device code a composition of Div, Round,
/// Add, Clip and Cast, unless a pass has taken the step for a representation in int8.
package struct QuantizeLinear: LinearQuantization {
  package static let onnxName = "QuantizeLinear"
  package static let inputCount = 2...3
  package let axis: Int
  package let blockSize: Int
  /// nil: that of the zero point, else uint8.
  private let output: DataType?
  /// Of 4-bit types.
  private let narrow: ClosedRange<Int>?

  /// Numbers of uint4 and int4 in ONNX.
  private static let fourBits: [Int: (DataType, ClosedRange<Int>)] = [21: (.uint8, 0...15), 22: (.int8, -8...7)]

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: 1)
    blockSize = try node.int("block_size", default: 0)
    guard blockSize >= 0 else { throw node.invalid("block_size", "is \(blockSize), must not be negative") }
    let code = try node.int("output_dtype", default: 0)
    if let known = Self.fourBits[code] {
      (output, narrow) = known
    } else {
      guard code == 0 || DataType(onnxCode: code)?.quantizedLimits != nil else {
        throw node.unsupported("'QuantizeLinear' to ONNX data type \(code)")
      }
      (output, narrow) = (code == 0 ? nil : DataType(onnxCode: code), nil)
    }
    let precision = try node.int("precision", default: 0)
    guard precision == 0 || precision == DataType.float32.onnxCode || precision == DataType.float16.onnxCode else {
      throw node.unsupported("'QuantizeLinear' with precision \(precision)")
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try required(inputs, 0, "x").type
    guard x.dataType == .float32 || x.dataType == .int32 else {
      throw typeMismatch("input x is \(x), must be float32 or int32")
    }
    let scale = try requiredFloat(inputs, 1, "y_scale")
    _ = try layout(of: x.shape, scale: scale)
    let zero = try checkZeroPoint(inputs, scale: scale)
    if let zero, let output, zero != output {
      throw typeMismatch("the zero point is \(zero.rawValue), output_dtype \(output.rawValue)")
    }
    let type = output ?? zero ?? .uint8
    guard type.quantizedLimits != nil else {
      throw typeMismatch("the zero point is \(type.rawValue), must be int8, uint8, int16 or uint16")
    }
    return [TensorType(type, x.shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let values = x.cast(to: .float32).asFloats
    let (scaleShape, scales) = try inputs.floats(1)
    let zeros = inputs.optional(2)
    let layout = try layout(of: x.shape, scale: scaleShape)
    let type = output ?? zeros?.dataType ?? .uint8
    guard let limits = narrow ?? type.quantizedLimits else { throw InternalError("QuantizeLinear to \(type)") }
    let offsets = zeros?.cast(to: .float32).asFloats ?? [Float](repeating: 0, count: scales.count)
    let (low, high) = (Float(limits.lowerBound), Float(limits.upperBound))
    func rounded<T: FixedWidthInteger>(_: T.Type) -> [T] {
      var result = [T](repeating: 0, count: values.count)
      var at = 0
      for o in 0..<layout.outer {
        for a in 0..<layout.count {
          for i in 0..<layout.inner {
            let index = layout.index(o, a, i)
            let q = (values[at] / scales[index]).rounded(.toNearestOrEven) + offsets[index]
            result[at] = q.isNaN ? 0 : T(Swift.min(Swift.max(q, low), high))
            at += 1
          }
        }
      }
      return result
    }
    switch type {
    case .int8: return [Tensor(x.shape, .int8(rounded(Int8.self)))]
    case .int16: return [Tensor(x.shape, .int16(rounded(Int16.self)))]
    case .uint16: return [Tensor(x.shape, .uint16(rounded(UInt16.self)))]
    default: return [Tensor(x.shape, .uint8(rounded(UInt8.self)))]
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let type = try outputTypes(inputs)[0]
    guard let limits = narrow ?? type.dataType.quantizedLimits else { throw typeMismatch("the output is \(type)") }
    let x = try expansion.cast(expansion.inputs[0] ?? "", to: .float32)
    let scale = try spread(expansion.inputs[1] ?? "", over: type.shape, &expansion)
    var q = try expansion.add("Round", [expansion.add("Div", [x, scale])])
    if inputs.count > 2, let zero = expansion.inputs[2] {
      q = try expansion.add("Add", [q, spread(expansion.cast(zero, to: .float32), over: type.shape, &expansion)])
    }
    let bounds = [limits.lowerBound, limits.upperBound].map { expansion.scalar(Float($0)) }
    expansion.outputs = [try expansion.cast(expansion.add("Clip", [q] + bounds), to: type.dataType)]
  }
}
