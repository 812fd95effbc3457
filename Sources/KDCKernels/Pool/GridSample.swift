import KDCProgram

/// Kernels of `GridSampleStep`.
enum GridSampleKernels {
  /// The places of a point are found once for all channels.
  static let scalar = StepFamily<GridSampleStep>(
    name: "grid_sample_scalar",
    cycles: { step in
      let taps = step.sizes.reduce(1) { product, _ in product * step.sampling.mode.taps }
      return Double(step.batch * step.points) * (30 * Double(step.sizes.count) + Double(step.channels * taps) * 4)
    },
    emit: { step in
      let axes = step.sizes.count
      let mode = step.sampling.mode == .nearest ? 0 : step.sampling.mode == .linear ? 1 : 2
      let padding = step.sampling.padding == .zeros ? 0 : step.sampling.padding == .border ? 1 : 2
      let sizes = (0..<axes).map { ", SIZE\($0) = \(step.sizes[$0])" }.joined()
      let places = (0..<axes).map { axis in
        """
          kdc_grid_taps(g[\(axes - 1 - axis)], SIZE\(axis), \(mode), \(padding), \(step.sampling.alignsCorners ? 1 : 0), at[\(axis)], w[\(axis)]);
        """
      }
      let body = """
        enum { CHANNELS = \(step.channels), POINTS = \(step.points), AXES = \(axes), TAPS = \(step.sampling.mode.taps), PLANE = \(step.plane)\(sizes) };
        const float *restrict x = b[0];
        const float *restrict grid = b[1];
        float *restrict y = b[2];
        for (size_t u = begin; u < end; u++) {
          const float *restrict g = grid + u * AXES;
          int32_t at[AXES][TAPS];
          float w[AXES][TAPS];
        \(places.joined(separator: "\n"))
          for (size_t plane = u / POINTS * CHANNELS; plane < u / POINTS * CHANNELS + CHANNELS; plane++) {
            const float *restrict p = x + plane * PLANE;
        \(CText.indented(sums(axis: 0, of: axes), by: 4))
            y[plane * POINTS + u % POINTS] = sum0;
          }
        }
        """
      return KernelCode(body: body, units: step.batch * step.points)
    })

  /// The loop over the taps of an axis, which adds up sum0 (sum1, sum2).
  private static func sums(axis: Int, of axes: Int) -> String {
    let k = "k\(axis)"
    let inner: String
    if axis == axes - 1 {
      let outside = (0..<axes).map { "at[\($0)][k\($0)]" }.joined(separator: " | ")
      let place = (1..<axes).reduce("(size_t)at[0][k0]") { "(\($0) * SIZE\($1) + (size_t)at[\($1)][k\($1)])" }
      inner = "  sum\(axis) = sum\(axis) + w[\(axis)][\(k)] * ((\(outside)) < 0 ? 0.0f : p[\(place)]);"
    } else {
      inner =
        CText.indented(sums(axis: axis + 1, of: axes))
        + "\n  sum\(axis) = sum\(axis) + w[\(axis)][\(k)] * sum\(axis + 1);"
    }
    return """
      float sum\(axis) = 0.0f;
      for (size_t \(k) = 0; \(k) < TAPS; \(k)++) {
      \(inner)
      }
      """
  }
}
