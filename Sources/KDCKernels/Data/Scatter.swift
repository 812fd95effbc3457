import KDCProgram
import KDCTensor

/// Kernels of `ScatterStep`.
enum ScatterKernels {
  /// One unit: updates may meet.
  static let scalar = StepFamily<ScatterStep>(
    name: "scatter_scalar",
    cycles: { step in
      let nest = LoopNest(step.walk)
      let copy = Double(step.count * step.type.byteCount) / 8
      return copy
        + (nest.innerStride(1) == 0
          ? nest.scalarCycles(dense: 1, strided: 4) + Double(nest.count / max(nest.inner, 1) * step.rows.count) * 6
          : nest.scalarCycles(dense: 8, strided: 8) * Double(step.rows.count))
    },
    emit: { step in
      let nest = LoopNest(step.walk)
      let type = step.operation == .replace ? "uint\(step.type.byteCount * 8)_t" : CText.type(step.type)
      let operands = [
        LoopNest.Operand(name: "y", type: type, origin: "b[3]"),
        LoopNest.Operand(name: "k", type: "const int\(step.indexBytes * 8)_t", origin: "b[1]"),
        LoopNest.Operand(name: "x", type: "const \(type)", origin: "b[2]"),
      ]
      let strides = (0..<3).map { nest.innerStride($0) }
      let loops = nest.emitInner(operands) { names, first, last in
        let index = strides[1] == 0 ? "\(names[1])[AXIS]" : "\(names[1])[i * \(strides[1]) + AXIS]"
        let place = IndexText.checkedPlace(step.rows, step.axisStrides, of: index)
        let update = """
          const \(type) u = \(names[2])[i * \(strides[2])];
          \(type) *to = \(names[0]) + (ptrdiff_t)i * (\(strides[0])) + place;
          *to = \(expression(step, type));
          """
        if strides[1] == 0 {
          return """
            \(place)
            for (size_t i = inside ? \(first) : \(last); i < \(last); i++) {
            \(CText.indented(update))
            }
            """
        }
        return """
          for (size_t i = \(first); i < \(last); i++) {
          \(CText.indented(place))
            if (!inside) continue;
          \(CText.indented(update))
          }
          """
      }
      // All turns of the outermost loop are in the one call.
      let body = """
        begin = 0;
        end = \(nest.units);
        enum { COUNT = \(step.count) };
        const \(type) *restrict from = b[0];
        \(type) *restrict copy = b[3];
        for (size_t i = 0; i < COUNT; i++) copy[i] = from[i];
        \(loops)
        """
      return KernelCode(body: body)
    })

  private static func expression(_ step: ScatterStep, _ type: String) -> String {
    let isFloat = step.type == .float32
    let wide = step.type.byteCount == 8 ? "uint64_t" : "uint32_t"
    return switch step.operation {
    case .replace: "u"
    case .add: isFloat ? "kdc_number(*to + u)" : "(\(type))((\(wide))*to + (\(wide))u)"
    case .multiply: isFloat ? "kdc_number(*to * u)" : "(\(type))((\(wide))*to * (\(wide))u)"
    case .maximum: isFloat ? "((*to > u) | (*to != *to)) ? *to : u" : "*to > u ? *to : u"
    case .minimum: isFloat ? "((*to < u) | (*to != *to)) ? *to : u" : "*to < u ? *to : u"
    }
  }
}
