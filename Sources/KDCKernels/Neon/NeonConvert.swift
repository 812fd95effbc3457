import KDCProgram

/// NEON for steps that change type or order: float images to int8 pixels, and transposed bytes.
enum NeonConvert {
  static let quantizeFlat = StepFamily<QuantizeStep>(
    name: "quantize_16_neon", feature: .neon,
    refuses: { step, _ in LoopNest(step.walk).isFlat ? nil : "the order changes" },
    cycles: { step, _, _ in Double(step.walk.count) / 16 * 18 + 20 },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      let body = nest.emitInner(ScalarInteger.unaryOperands("float", "int8_t")) { names, first, last in
        """
        const float32x4_t scale = vdupq_n_f32(\(CText.literal(step.inverseScale)));
        const int16x8_t zero = vdupq_n_s16(\(step.zeroPoint));
        size_t i = \(first);
        for (; i + 16 <= \(last); i += 16) vst1q_s8(y + i, \(vector(at: "x + i", step)));
        for (; i < \(last); i++) y[i] = \(ScalarConvert.value(of: "x[i]", step));
        """
      }
      return KernelCode(
        body: body, helpers: ScalarConvert.helpers(of: step).union(["kdc_quantize16"]), units: nest.units, packings: [])
    })

  /// Planes of 2, 3 or 4 channels to pixels, by the interleaving stores.
  static let quantizeImage = StepFamily<QuantizeStep>(
    name: "quantize_image_neon", feature: .neon,
    refuses: { step, _ in planes(step) == nil ? "not 2 to 4 planes" : nil },
    cycles: { step, _, _ in Double(step.walk.count) / 16 * 18 + 20 },
    emit: { step, _, _ in
      guard let (pixels, channels, plane) = planes(step) else { return KernelCode(body: "", packings: []) }
      let vectors = (0..<channels).map { "v.val[\($0)] = \(vector(at: "x + i + \($0 * plane)", step));" }
      let units = (pixels + chunk - 1) / chunk
      let body = """
        enum { PIXELS = \(pixels), CHUNK = \(chunk), CHANNELS = \(channels), PLANE = \(plane), ZERO = \(step.zeroPoint) };
        const float *x = b[0];
        int8_t *y = b[1];
        const float32x4_t scale = vdupq_n_f32(\(CText.literal(step.inverseScale)));
        const int16x8_t zero = vdupq_n_s16(ZERO);
        size_t i = (size_t)begin * CHUNK;
        const size_t last = (size_t)end * CHUNK < PIXELS ? (size_t)end * CHUNK : PIXELS;
        for (; i + 16 <= last; i += 16) {
          int8x16x\(channels)_t v;
        \(CText.indented(vectors.joined(separator: "\n")))
          vst\(channels)q_s8(y + i * CHANNELS, v);
        }
        for (; i < last; i++) {
          for (size_t k = 0; k < CHANNELS; k++) {
            y[i * CHANNELS + k] = \(ScalarConvert.value(of: "x[i + k * PLANE]", step));
          }
        }
        """
      return KernelCode(
        body: body, helpers: ScalarConvert.helpers(of: step).union(["kdc_quantize16"]), units: units, packings: [])
    })

  /// 16 values at the address `x`; expects `scale` and `zero`.
  private static func vector(at x: String, _ step: QuantizeStep) -> String {
    let v = "kdc_quantize16(\(x), scale, zero)"
    return step.isNarrow ? "vminq_s8(vmaxq_s8(\(v), vdupq_n_s8(\(step.low))), vdupq_n_s8(\(step.high)))" : v
  }

  /// Pixels of a unit.
  static let chunk = 2048

  /// Pixels, channels and elements between planes where the step turns planes into pixels.
  static func planes(_ step: QuantizeStep) -> (pixels: Int, channels: Int, plane: Int)? {
    let nest = LoopNest(step.walk)
    guard nest.extents.count == 2, (2...4).contains(nest.extents[1]), nest.strides[0][0] == 1,
      nest.strides[1] == [nest.extents[1], 1]
    else { return nil }
    return (nest.extents[0], nest.extents[1], nest.strides[0][1])
  }

  /// Bytes read along one axis and written along the other: tiles of 8×8 in registers.
  static let transpose = StepFamily<MoveStep>(
    name: "move_transpose8_neon", feature: .neon,
    refuses: { step, _ in
      let nest = LoopNest(step.walk)
      guard step.elementBytes == 1, nest.extents.count == 2, nest.strides[0][0] == 1, nest.strides[1][1] == 1 else {
        return "not a transposition of bytes"
      }
      return nest.extents.contains { $0 < 8 } ? "fewer than 8 rows or columns" : nil
    },
    cycles: { step, _, _ in Double(step.walk.count) * 0.26 + 20 },
    emit: { step, _, _ in
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
      return KernelCode(body: body, helpers: ["kdc_transpose8"], units: (nest.extents[0] + 7) / 8, packings: [])
    })

  static let helpers: [CHelper] = [
    CHelper(
      "kdc_quantize16",
      """
      #if defined(__ARM_NEON)
      // FMAXNM gives -512 for NaN, as the formula does; beyond 511 the saturating steps end at 127 anyway.
      static inline int32x4_t kdc_quantize4(const float *x, float32x4_t scale) {
        return vcvtnq_s32_f32(vmaxnmq_f32(vmulq_f32(vld1q_f32(x), scale), vdupq_n_f32(-512.0f)));
      }
      static inline int8x16_t kdc_quantize16(const float *x, float32x4_t scale, int16x8_t zero) {
        const int16x8_t a = vqmovn_high_s32(vqmovn_s32(kdc_quantize4(x, scale)), kdc_quantize4(x + 4, scale));
        const int16x8_t b = vqmovn_high_s32(vqmovn_s32(kdc_quantize4(x + 8, scale)), kdc_quantize4(x + 12, scale));
        return vqmovn_high_s16(vqmovn_s16(vqaddq_s16(a, zero)), vqaddq_s16(b, zero));
      }
      #endif
      """),
    CHelper(
      "kdc_transpose8",
      """
      #if defined(__ARM_NEON)
      // 8 rows of 8 bytes, `from` apart, to 8 rows `to` apart, rows and columns exchanged.
      static inline void kdc_transpose8(const int8_t *x, size_t from, int8_t *y, size_t to) {
        int8x8_t v[8];
        for (size_t i = 0; i < 8; i++) v[i] = vld1_s8(x + i * from);
        for (size_t i = 0; i < 8; i += 2) {
          const int8x8x2_t t = vtrn_s8(v[i], v[i + 1]);
          v[i] = t.val[0];
          v[i + 1] = t.val[1];
        }
        for (size_t i = 0; i < 8; i += 4) {
          for (size_t k = i; k < i + 2; k++) {
            const int16x4x2_t t = vtrn_s16(vreinterpret_s16_s8(v[k]), vreinterpret_s16_s8(v[k + 2]));
            v[k] = vreinterpret_s8_s16(t.val[0]);
            v[k + 2] = vreinterpret_s8_s16(t.val[1]);
          }
        }
        for (size_t k = 0; k < 4; k++) {
          const int32x2x2_t t = vtrn_s32(vreinterpret_s32_s8(v[k]), vreinterpret_s32_s8(v[k + 4]));
          v[k] = vreinterpret_s8_s32(t.val[0]);
          v[k + 4] = vreinterpret_s8_s32(t.val[1]);
        }
        for (size_t i = 0; i < 8; i++) vst1_s8(y + i * to, v[i]);
      }
      #endif
      """),
  ]
}
