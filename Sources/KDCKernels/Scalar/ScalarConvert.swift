import KDCProgram
import KDCTensor

/// Portable C for steps that change type or place: `QuantizeStep`, `DequantizeStep`, `CastStep`, `MoveStep`.
enum ScalarConvert {
  static let quantize = StepFamily<QuantizeStep>(
    name: "quantize_scalar", cycles: { step, _, _ in LoopNest(step.walk).scalarCycles(dense: 2.2, strided: 2.2) },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      let body = nest.emit(ScalarInteger.unaryOperands("float", "int8_t")) { x in
        "\(x[1]) = \(value(of: x[0], step));"
      }
      return KernelCode(
        body: body, helpers: helpers(of: step).union(["KDC_ELEMENTWISE"]), units: nest.units, packings: [])
    })

  /// The formula of a `QuantizeStep` for the C expression `x`, and the helpers that it needs.
  static func value(of x: String, _ step: QuantizeStep) -> String {
    let q = "kdc_quantize(\(x), \(CText.literal(step.inverseScale)), \(step.zeroPoint))"
    return step.isNarrow ? "kdc_clamp(\(q), \(step.low), \(step.high))" : q
  }
  static func helpers(of step: QuantizeStep) -> Set<String> {
    step.isNarrow ? ["kdc_quantize", "kdc_clamp"] : ["kdc_quantize"]
  }

  static let dequantize = StepFamily<DequantizeStep>(
    name: "dequantize_scalar", cycles: { step, _, _ in LoopNest(step.walk).scalarCycles(dense: 1, strided: 2.4) },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      let body = nest.emit(ScalarInteger.unaryOperands("int8_t", "float")) { x in
        "\(x[1]) = (float)(\(x[0]) - (\(step.zeroPoint))) * \(CText.literal(step.scale));"
      }
      return KernelCode(body: body, helpers: ["KDC_ELEMENTWISE"], units: nest.units, packings: [])
    })

  static let move = StepFamily<MoveStep>(
    name: "move_scalar",
    cycles: { step, _, _ in LoopNest(step.walk).scalarCycles(dense: Double(step.elementBytes) / 8, strided: 2.3) },
    emit: { step, _, _ in
      // Elements as wide as the contiguous runs and the offsets allow are fewer elements.
      let type = "uint\(step.elementBytes * 8)_t"
      let nest = LoopNest(step.walk)
      let operands = [
        LoopNest.Operand(name: "x", type: "const \(type)", origin: origin(type, "b[0]", step.inputOffset)),
        LoopNest.Operand(name: "y", type: type, origin: origin(type, "b[1]", step.outputOffset)),
      ]
      let body = nest.emit(operands) { "\($0[1]) = \($0[0]);" }
      return KernelCode(body: body, helpers: ["KDC_ELEMENTWISE"], units: nest.units, packings: [])
    })

  private static func origin(_ type: String, _ pointer: String, _ offset: Int) -> String {
    offset == 0 ? pointer : "(\(type) *)\(pointer) + \(offset)"
  }

  static let cast = StepFamily<CastStep>(
    name: "cast_scalar",
    refuses: { step, _ in
      CastStep.types.contains(step.from) && CastStep.types.contains(step.to) ? nil : "a type outside CastStep's"
    },
    cycles: { step, _, _ in Double(step.count) * 4 },
    emit: { step, _, _ in
      let nest = LoopNest(Walk(extents: [step.count], strides: [[1], [1]]))
      let (from, to) = (CText.type(step.from), CText.type(step.to))
      var helpers: Set<String> = ["KDC_ELEMENTWISE"]
      let body = nest.emit(ScalarInteger.unaryOperands(from, to)) { x in
        let value = x[0]
        if step.to == .bool { return "\(x[1]) = \(value) != 0;" }
        if step.from == .float32, step.to != .float32 {
          let helper = "kdc_cast_" + step.to.rawValue
          helpers.insert(helper)
          return "\(x[1]) = \(helper)(\(value));"
        }
        return "\(x[1]) = (\(to))\(step.from == .bool ? "(\(value) != 0)" : value);"
      }
      return KernelCode(body: body, helpers: helpers, units: nest.units, packings: [])
    })

  /// Float to integer: toward zero, saturating, NaN gives 0.
  static let helpers: [CHelper] = [
    castHelper("int32", low: "-2147483648.0f", beyond: "2147483648.0f", minimum: "INT32_MIN", maximum: "INT32_MAX"),
    castHelper(
      "int64", low: "-9223372036854775808.0f", beyond: "9223372036854775808.0f", minimum: "INT64_MIN",
      maximum: "INT64_MAX"),
    castHelper("int8", low: "-128.0f", beyond: "128.0f", minimum: "-128", maximum: "127"),
    castHelper("uint8", low: "0.0f", beyond: "256.0f", minimum: "0", maximum: "255"),
    castHelper("int16", low: "-32768.0f", beyond: "32768.0f", minimum: "-32768", maximum: "32767"),
    castHelper("uint16", low: "0.0f", beyond: "65536.0f", minimum: "0", maximum: "65535"),
    castHelper("uint32", low: "0.0f", beyond: "4294967296.0f", minimum: "0", maximum: "UINT32_MAX"),
    castHelper("uint64", low: "0.0f", beyond: "18446744073709551616.0f", minimum: "0", maximum: "UINT64_MAX"),
  ]

  private static func castHelper(
    _ name: String, low: String, beyond: String, minimum: String, maximum: String
  ) -> CHelper {
    CHelper(
      "kdc_cast_\(name)",
      """
      static inline \(name)_t kdc_cast_\(name)(float x) {
        return x >= \(beyond) ? \(maximum) : x >= \(low) ? (\(name)_t)x : x < \(low) ? \(minimum) : 0;
      }
      """)
  }
}
