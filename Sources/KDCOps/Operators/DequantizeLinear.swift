import KDCDiagnostics
import KDCGraph
import KDCTensor

/// (x − zeroPoint) · scale. ONNX `DequantizeLinear`, opsets 10, 13, 19, 21, 23, 24, 25.
///
/// Of int8, uint8, int16, uint16 and int32. In device code a composition of Cast, Sub and Mul, unless a pass has taken the
/// step for a representation in int8.
package struct DequantizeLinear: LinearQuantization {
  package static let onnxName = "DequantizeLinear"
  package static let inputCount = 2...3
  package let axis: Int
  package let blockSize: Int

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: 1)
    blockSize = try node.int("block_size", default: 0)
    guard blockSize >= 0 else { throw node.invalid("block_size", "is \(blockSize), must not be negative") }
    let code = try node.int("output_dtype", default: 0)
    // Half precision is widened, as everywhere.
    guard [0, DataType.float32.onnxCode, DataType.float16.onnxCode, 16].contains(code) else {
      throw node.unsupported("'DequantizeLinear' to ONNX data type \(code)")
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try required(inputs, 0, "x").type
    guard x.dataType.quantizedLimits != nil || x.dataType == .int32 else {
      throw typeMismatch("input x is \(x), must be int8, uint8, int16, uint16 or int32")
    }
    let scale = try requiredFloat(inputs, 1, "x_scale")
    _ = try layout(of: x.shape, scale: scale)
    if let zero = try checkZeroPoint(inputs, scale: scale), zero != x.dataType {
      throw typeMismatch("x is \(x), the zero point \(zero.rawValue)")
    }
    return [TensorType(.float32, x.shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let (scaleShape, scales) = try inputs.floats(1)
    let layout = try layout(of: x.shape, scale: scaleShape)
    let offsets = inputs.optional(2)?.cast(to: .float32).asFloats ?? [Float](repeating: 0, count: scales.count)
    var values = x.cast(to: .float32).asFloats
    var at = 0
    values.withUnsafeMutableBufferPointer { values in
      for o in 0..<layout.outer {
        for a in 0..<layout.count {
          for i in 0..<layout.inner {
            let index = layout.index(o, a, i)
            values[at] = (values[at] - offsets[index]) * scales[index]
            at += 1
          }
        }
      }
    }
    return [Tensor(x.shape, values)]
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let shape = try outputTypes(inputs)[0].shape
    var x = try expansion.cast(expansion.inputs[0] ?? "", to: .float32)
    if inputs.count > 2, let zero = expansion.inputs[2] {
      x = try expansion.add("Sub", [x, spread(expansion.cast(zero, to: .float32), over: shape, &expansion)])
    }
    let scale = try spread(expansion.inputs[1] ?? "", over: shape, &expansion)
    expansion.outputs = [try expansion.add("Mul", [x, scale])]
  }
}
