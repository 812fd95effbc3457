import KDCProgram

/// Kernels of `MoveStep`.
enum MoveKernels {
  static let scalar = StepFamily<MoveStep>(
    name: "move_scalar",
    cycles: { step in LoopNest(step.walk).scalarCycles(dense: Double(step.elementBytes) / 8, strided: 2.3) },
    emit: { step in
      // Elements as wide as the contiguous runs and the offsets allow are fewer elements.
      let type = "uint\(step.elementBytes * 8)_t"
      let nest = LoopNest(step.walk)
      let operands = [
        LoopNest.Operand(name: "x", type: "const \(type)", origin: origin(type, "b[0]", step.inputOffset)),
        LoopNest.Operand(name: "y", type: type, origin: origin(type, "b[1]", step.outputOffset)),
      ]
      let body = nest.emit(operands) { "\($0[1]) = \($0[0]);" }
      return KernelCode(body: body, units: nest.units)
    })

  private static func origin(_ type: String, _ pointer: String, _ offset: Int) -> String {
    offset == 0 ? pointer : "(\(type) *)\(pointer) + \(offset)"
  }

  /// Bytes read along one axis and written along the other: tiles of 8×8 in registers.
  static let transposeNeon = StepFamily<MoveStep>(
    name: "move_transpose8_neon", feature: .neon,
    refuses: { step in
      let nest = LoopNest(step.walk)
      guard step.elementBytes == 1, nest.extents.count == 2, nest.strides[0][0] == 1, nest.strides[1][1] == 1 else {
        return "not a transposition of bytes"
      }
      return nest.extents.contains { $0 < 8 } ? "fewer than 8 rows or columns" : nil
    },
    cycles: { step in Double(step.walk.count) * 0.26 + 20 },
    emit: { step in
      let nest = LoopNest(step.walk)
      let body = """
        // Row r of the output is column r of the input. A unit is 8 rows; the last tiles overlap those before.
        enum { ROWS = \(nest.extents[0]), COLUMNS = \(nest.extents[1]), FROM = \(nest.strides[0][1]), TO = \(nest.strides[1][0]) };
        const int8_t *restrict x = (const int8_t *)b[0] + \(step.inputOffset);
        int8_t *restrict y = (int8_t *)b[1] + \(step.outputOffset);
        for (size_t u = begin; u < end; u++) {
          const size_t r = u * 8, rows = ROWS - r < 8 ? ROWS - r : 8;
          if (rows < 8) {
            for (size_t j = r; j < ROWS; j++) {
              for (size_t k = 0; k < COLUMNS; k++) y[j * TO + k] = x[k * FROM + j];
            }
            continue;
          }
          for (size_t k = 0;; k = k + 16 > COLUMNS ? COLUMNS - 8 : k + 8) {
            kdc_transpose8(x + k * FROM + r, FROM, y + r * TO + k, TO);
            if (k + 8 == COLUMNS) break;
          }
        }
        """
      return KernelCode(body: body, units: (nest.extents[0] + 7) / 8)
    })
}
