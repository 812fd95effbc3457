import KDCProgram
import KDCTensor

/// Kernels of `IntegerBinaryStep`.
enum IntegerBinaryKernels {
  static let scalar = StepFamily<IntegerBinaryStep>(
    name: "integer_binary_scalar",
    cycles: { step in
      let lanes = Double(step.type.byteCount) / 4
      return switch step.operation {
      case .divide, .remainder, .modulo: LoopNest(step.walk).scalarCycles(dense: 14, strided: 16)
      case .power: LoopNest(step.walk).scalarCycles(dense: 60, strided: 60)
      // Neither NEON nor AVX2 multiplies 64 bits.
      case .multiply where step.type.byteCount == 8: LoopNest(step.walk).scalarCycles(dense: 4, strided: 5)
      default: LoopNest(step.walk).scalarCycles(dense: 1.2 * lanes, strided: 4)
      }
    },
    emit: { step in
      let nest = LoopNest(step.walk)
      let type = CText.type(step.type)
      let operands = [
        LoopNest.Operand(name: "p", type: "const \(type)", origin: "b[0]"),
        LoopNest.Operand(name: "q", type: "const \(type)", origin: "b[1]"),
        LoopNest.Operand(name: "y", type: type, origin: "b[2]"),
      ]
      let body = nest.emit(operands) { x in
        """
        const \(type) s = \(x[0]), t = \(x[1]);
        \(x[2]) = (\(type))(\(expression(step)));
        """
      }
      return KernelCode(body: body, units: nest.units)
    })

  /// The formula for s and t. What wraps is computed without a sign, in 32 bits at least.
  private static func expression(_ step: IntegerBinaryStep) -> String {
    let wide = step.type.byteCount == 8 ? "uint64_t" : "uint32_t"
    let isSigned = !step.type.rawValue.hasPrefix("u")
    // The quotient by −1 may not fit, which C leaves undefined.
    let minusOne = isSigned ? "t == -1 ? 0 : " : ""
    let remainder = "t == 0 ? 0 : \(minusOne)s % t"
    return switch step.operation {
    case .add: "(\(wide))s + (\(wide))t"
    case .subtract: "(\(wide))s - (\(wide))t"
    case .multiply: "(\(wide))s * (\(wide))t"
    case .divide:
      "t == 0 ? 0 : " + (isSigned ? "t == -1 ? (\(CText.type(step.type)))(0 - (\(wide))s) : " : "") + "s / t"
    case .remainder: remainder
    case .modulo where isSigned:
      "t == 0 || t == -1 ? 0 : s % t != 0 && (s < 0) != (t < 0) ? s % t + t : s % t"
    case .modulo: remainder
    case .maximum: "s > t ? s : t"
    case .minimum: "s < t ? s : t"
    case .power: "\(powerHelper(step.type))(s, t)"
    case .bitAnd: "s & t"
    case .bitOr: "s | t"
    case .bitXor: "s ^ t"
    case .shiftLeft: "t < \(8 * step.type.byteCount) ? (\(wide))s << t : 0"
    case .shiftRight: "t < \(8 * step.type.byteCount) ? s >> t : 0"
    case .and: "s != 0 && t != 0"
    case .or: "s != 0 || t != 0"
    case .xor: "(s != 0) != (t != 0)"
    }
  }

  /// In 64 bits, of which the low ones are right for every type.
  private static func powerHelper(_ type: DataType) -> String {
    type.rawValue.hasPrefix("u") ? "kdc_power_unsigned" : "kdc_power_signed"
  }
}
