import KDCProgram

/// Kernels of `TableStep`.
enum TableKernels {
  static let scalar = StepFamily<TableStep>(
    name: "table_scalar", cycles: { step in Double(step.count) * 2.5 },
    emit: { step in
      let channels = step.channels
      if channels == 1 {
        let nest = LoopNest(Walk(extents: [step.count], strides: [[1], [1]]))
        let body = nest.emit(LoopNest.unary("int8_t", "int8_t"), pragma: nil) { "\($0[1]) = t[\($0[0])];" }
        return KernelCode(
          body: "const int8_t *t = (const int8_t *)c[0] + 128;\n" + body, units: nest.units, packings: [.plain])
      }
      let nest = LoopNest(
        Walk(extents: [step.count / channels, channels], strides: [[channels, 1], [channels, 1], [0, 256]]))
      let operands =
        LoopNest.unary("int8_t", "int8_t")
        + [LoopNest.Operand(name: "t", type: "const int8_t", origin: "(const int8_t *)c[0] + 128")]
      let body = nest.emitInner(operands) { names, first, last in
        let t = nest.innerStride(2)
        return """
          for (size_t i = \(first); i < \(last); i++) \(names[1])[i] = \(names[2])[(ptrdiff_t)(i * \(t)) + \(names[0])[i]];
          """
      }
      return KernelCode(body: body, units: nest.units, packings: [.plain])
    })

  /// One table, in sixteen registers.
  static let neon = StepFamily<TableStep>(
    name: "table_tbl_neon", feature: .neon,
    refuses: { step in step.channels == 1 ? nil : "a table for each channel" },
    // Four lookups in 64 bytes each, of which every one takes a quarter of the values.
    cycles: { step in Double(step.count) / 16 * 21 + 20 },
    emit: { step in
      let nest = LoopNest(Walk(extents: [step.count], strides: [[1], [1]]))
      let body = nest.emitInner(LoopNest.unary("uint8_t", "uint8_t")) { names, first, last in
        """
        const uint8_t *t = c[0];
        const uint8x16x4_t t0 = vld1q_u8_x4(t), t1 = vld1q_u8_x4(t + 64), t2 = vld1q_u8_x4(t + 128), t3 = vld1q_u8_x4(t + 192);
        size_t i = \(first);
        for (; i + 16 <= \(last); i += 16) {
          // Entry 0 is that of -128.
          const uint8x16_t k = veorq_u8(vld1q_u8(x + i), vdupq_n_u8(128));
          uint8x16_t r = vqtbl4q_u8(t0, k);
          r = vqtbx4q_u8(r, t1, vsubq_u8(k, vdupq_n_u8(64)));
          r = vqtbx4q_u8(r, t2, vsubq_u8(k, vdupq_n_u8(128)));
          r = vqtbx4q_u8(r, t3, vsubq_u8(k, vdupq_n_u8(192)));
          vst1q_u8(y + i, r);
        }
        for (; i < \(last); i++) y[i] = t[x[i] ^ 128];
        """
      }
      return KernelCode(body: body, units: nest.units, packings: [.plain])
    })
}
