import KDCProgram
import KDCTargets

/// Planes of an image to pixels of so many channels, `plane` elements apart.
struct ImagePlanes {
  let step: QuantizeStep
  let pixels, channels, plane: Int

  /// Pixels of a unit.
  static let chunk = 2048
  var units: Int { (pixels + Self.chunk - 1) / Self.chunk }

  init(_ step: QuantizeStep, channels counts: ClosedRange<Int>) throws(Refusal) {
    let nest = LoopNest(step.walk)
    guard nest.extents.count == 2, counts.contains(nest.extents[1]), nest.strides[0][0] == 1,
      nest.strides[1] == [nest.extents[1], 1]
    else {
      let wanted = counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
      throw Refusal("not \(wanted) planes")
    }
    self.step = step
    (pixels, channels, plane) = (nest.extents[0], nest.extents[1], nest.strides[0][1])
  }
}

/// Planes of 2, 3 or 4 channels to pixels, by the interleaving stores.
struct QuantizeImageNeon: KernelFamily {
  let name = "quantize_image_neon"

  func plan(_ step: QuantizeStep, in program: Program, on target: Target) throws(Refusal) -> ImagePlanes {
    try target.require(.neon)
    return try ImagePlanes(step, channels: 2...4)
  }

  func cycles(_ plan: ImagePlanes) -> Double { Double(plan.step.walk.count) / 16 * 18 + 20 }

  func emit(_ plan: ImagePlanes) -> KernelCode {
    let (step, pixels, channels, plane, chunk) = (plan.step, plan.pixels, plan.channels, plan.plane, ImagePlanes.chunk)
    let vectors = (0..<channels).map { "v.val[\($0)] = \(QuantizeKernels.neon(at: "x + i + \($0 * plane)", step));" }
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
          y[i * CHANNELS + k] = \(QuantizeKernels.value(of: "x[i + k * PLANE]", step));
        }
      }
      """
    return KernelCode(body: body, units: plan.units)
  }
}

/// Planes of 3 channels to pixels, by byte shuffles.
struct QuantizeImageAvx2: KernelFamily {
  let name = "quantize_image_avx2"

  func plan(_ step: QuantizeStep, in program: Program, on target: Target) throws(Refusal) -> ImagePlanes {
    try target.require(.avx2)
    return try ImagePlanes(step, channels: 3...3)
  }

  func cycles(_ plan: ImagePlanes) -> Double { Double(plan.step.walk.count) / 32 * 14 + 20 }

  func emit(_ plan: ImagePlanes) -> KernelCode {
    let (step, pixels, channels, plane, chunk) = (plan.step, plan.pixels, plan.channels, plan.plane, ImagePlanes.chunk)
    let body = """
      enum { PIXELS = \(pixels), CHUNK = \(chunk), CHANNELS = \(channels), PLANE = \(plane) };
      const float *x = b[0];
      int8_t *y = b[1];
      size_t i = (size_t)begin * CHUNK;
      const size_t last = (size_t)end * CHUNK < PIXELS ? (size_t)end * CHUNK : PIXELS;
      for (; i + 32 <= last; i += 32) {
        __m256i v[3];
        for (size_t k = 0; k < 3; k++) v[k] = \(QuantizeKernels.avx2("x + i + k * PLANE", step));
        kdc_interleave3(y + 3 * i, v[0], v[1], v[2]);
      }
      for (; i < last; i++) {
        for (size_t k = 0; k < CHANNELS; k++) {
          y[i * CHANNELS + k] = \(QuantizeKernels.value(of: "x[i + k * PLANE]", step));
        }
      }
      """
    return KernelCode(body: body, units: plan.units)
  }
}
