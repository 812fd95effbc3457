import KDCProgram

/// What element-wise int8 kernels on NEON share: 16 elements a turn along the innermost loop, where operands lie densely or
/// are one value.
enum NeonElementwise {
  static func refusal(of nest: LoopNest) -> String? {
    guard nest.innerStride(2) == 1, (0..<2).allSatisfy({ nest.innerStride($0) <= 1 && nest.innerStride($0) >= 0 })
    else {
      return "an operand is not dense along the innermost loop"
    }
    return nest.inner < 8 ? "fewer than 8 elements along the innermost loop" : nil
  }

  /// `each`: cycles of a turn of 16 elements.
  static func cycles(of nest: LoopNest, each: Double) -> Double {
    let turns = Double(nest.inner / 16) + (nest.inner % 16 >= 8 ? 0.7 : 0) + Double(nest.inner % 8) * 0.6
    return Double(nest.count / nest.inner) * (turns * each + 6)
  }

  /// Turns of 16, then of 8, then of one element. `vector` makes r0 (and r1 for 16) from u and v.
  static func loops(
    _ nest: LoopNest, _ q: Requantization, vector: (Int) -> String, scalar: String
  ) -> String {
    nest.emitInner(LoopNest.binaryInt8) { names, first, last in
      func load(_ operand: Int, _ lanes: Int) -> String {
        let name = names[operand]
        if nest.innerStride(operand) == 0 { return "\(operand == 0 ? "p" : "q")_all" }
        return lanes == 16 ? "vld1q_s8(\(name) + i)" : "vcombine_s8(vld1_s8(\(name) + i), vdup_n_s8(0))"
      }
      var text = ""
      for operand in 0..<2 where nest.innerStride(operand) == 0 {
        text += "const int8x16_t \(operand == 0 ? "p" : "q")_all = vdupq_n_s8(*\(names[operand]));\n"
      }
      text += "size_t i = \(first);\n"
      let isChunked = nest.extents.count == 1 && nest.units > 1
      if nest.inner >= 16 {
        text += """
          for (; i + 16 <= \(last); i += 16) {
            const int8x16_t u = \(load(0, 16)), v = \(load(1, 16));
          \(CText.indented(vector(16)))
            vst1q_s8(\(names[2]) + i, \(NeonText.clamp("vqmovn_high_s16(vqmovn_s16(r0), r1)", q, wide: true)));
          }

          """
      }
      if nest.inner % 16 >= 8 {
        text += """
          \(isChunked || nest.inner >= 16 ? "if (i + 8 <= \(last)) " : ""){
            const int8x16_t u = \(load(0, 8)), v = \(load(1, 8));
          \(CText.indented(vector(8)))
            vst1_s8(\(names[2]) + i, \(NeonText.clamp("vqmovn_s16(r0)", q, wide: false)));
            i += 8;
          }

          """
      }
      if nest.inner % 8 > 0 {
        let one = scalar.replacing("p[i]", with: nest.innerStride(0) == 0 ? "\(names[0])[0]" : "\(names[0])[i]")
          .replacing("q[i]", with: nest.innerStride(1) == 0 ? "\(names[1])[0]" : "\(names[1])[i]")
          .replacing("y[i]", with: "\(names[2])[i]")
        text += "for (; i < \(last); i++) {\n\(CText.indented(one))\n}\n"
      }
      return String(text.dropLast())
    }
  }
}
