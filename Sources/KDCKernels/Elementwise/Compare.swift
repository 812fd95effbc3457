import KDCProgram
import KDCTensor

/// Kernels of `CompareStep`.
enum CompareKernels {
  static let scalar = StepFamily<CompareStep>(
    name: "compare_scalar",
    cycles: { step in
      LoopNest(step.walk).scalarCycles(dense: 0.3 + 0.3 * Double(step.type.byteCount), strided: 3)
    },
    emit: { step in
      let nest = LoopNest(step.walk)
      let type = "const " + CText.type(step.type)
      let operands = [
        LoopNest.Operand(name: "p", type: type, origin: "b[0]"),
        LoopNest.Operand(name: "q", type: type, origin: "b[1]"),
        LoopNest.Operand(name: "y", type: "uint8_t", origin: "b[2]"),
      ]
      let sign =
        switch step.operation {
        case .equal: "=="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .less: "<"
        case .lessOrEqual: "<="
        }
      let body = nest.emit(operands) { x in
        step.type == .bool ? "\(x[2]) = (\(x[0]) != 0) \(sign) (\(x[1]) != 0);" : "\(x[2]) = \(x[0]) \(sign) \(x[1]);"
      }
      return KernelCode(body: body, units: nest.units)
    })
}
