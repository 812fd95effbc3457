import KDCProgram
import KDCTargets

/// Any integer convolution in plain C, one output at a time: what the other families are compared with, and what
/// remains for shapes that they refuse.
struct ConvolutionScalar: RowFamily {
  let name = "conv_scalar"
  var rows: RowUnits?
  var readsRings: Bool { true }

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) -> ConvolutionEmission {
    ConvolutionEmission(step)
  }

  func cycles(_ shape: ConvolutionEmission) -> Double { shape.macs * 2 + shape.outputs * 12 }

  func emit(_ shape: ConvolutionEmission) -> KernelCode {
    let g = shape.geometry
    let constants: [KernelNumber] = [
      .varying("IN_HEIGHT", g.inputHeight), .varying("IN_WIDTH", g.inputWidth),
      .varying("IN_CHANNELS", g.inputChannels),
      .varying("OUT_WIDTH", g.outputWidth), .varying("OUT_CHANNELS", g.outputChannels),
      .varying("KERNEL_HEIGHT", g.kernelHeight), .varying("KERNEL_WIDTH", g.kernelWidth),
      .varying("STRIDE_Y", g.strideY),
      .varying("STRIDE_X", g.strideX), .varying("DILATION_Y", g.dilationY), .varying("DILATION_X", g.dilationX),
      .varying("TOP", g.padTop),
      .varying("LEFT", g.padLeft), .varying("GROUP_IN", shape.channelsPerGroup),
      .varying("GROUP_OUT", g.outputChannels / max(g.groups, 1)),
      .varying("INPUT_ZERO", shape.step.inputZeroPoint), .varying("OUT_HEIGHT", g.outputHeight),
      .varying("BAND", rows?.height ?? 1), .varying("RING", rows?.ring?.rows ?? 0),
      .varying("SLOT", rows?.ring?.slotBytes ?? 0),
    ]
    let place =
      rows?.ring == nil
      ? """
      const int32_t iy = y * STRIDE_Y + ky * DILATION_Y - TOP;
      for (int32_t kx = 0; kx < KERNEL_WIDTH; kx++, w += GROUP_IN) {
        const int32_t ix = x * STRIDE_X + kx * DILATION_X - LEFT;
        const int inside = iy >= 0 && iy < IN_HEIGHT && ix >= 0 && ix < IN_WIDTH;
        const ptrdiff_t pixel = inside ? (ptrdiff_t)iy * IN_WIDTH + ix : 0;
        const int8_t *a = input + pixel * IN_CHANNELS + n / GROUP_OUT * GROUP_IN;
        for (int32_t i = 0; i < GROUP_IN; i++) sum += (uint32_t)((inside ? a[i] : INPUT_ZERO) * w[i]);
      }
      """
      : """
      const int8_t *row = input + (y * STRIDE_Y + ky * DILATION_Y) % RING * SLOT;
      for (int32_t kx = 0; kx < KERNEL_WIDTH; kx++, w += GROUP_IN) {
        const int8_t *a = row + (x * STRIDE_X + kx * DILATION_X) * IN_CHANNELS + n / GROUP_OUT * GROUP_IN;
        for (int32_t i = 0; i < GROUP_IN; i++) sum += (uint32_t)(a[i] * w[i]);
      }
      """
    let residual =
      shape.step.residual == nil
      ? "" : "        h += (uint32_t)((residual[at] - RESIDUAL_ZERO) * RESIDUAL_MULTIPLIER);\n"
    let body =
      shape.pointers() + """
          const int32_t last = (int32_t)end * BAND < OUT_HEIGHT ? (int32_t)end * BAND : OUT_HEIGHT;
          for (int32_t y = (int32_t)begin * BAND; y < last; y++) {
            for (int32_t x = 0; x < OUT_WIDTH; x++) {
              for (int32_t n = 0; n < OUT_CHANNELS; n++) {
                const int8_t *w = weights + (ptrdiff_t)n * (KERNEL_HEIGHT * KERNEL_WIDTH * GROUP_IN);
                uint32_t sum = (uint32_t)bias[n];
                for (int32_t ky = 0; ky < KERNEL_HEIGHT; ky++) {
        \(CText.indented(place, by: 10))
                }
                const ptrdiff_t at = ((ptrdiff_t)y * OUT_WIDTH + x) * OUT_CHANNELS + n;
                uint32_t h = (uint32_t)kdc_rdmulh((int32_t)(sum << PRE_SHIFT), multipliers[n]);
        \(residual)        output[at] = kdc_finish((int32_t)h, SHIFT, ZERO_POINT, LOW, HIGH);
              }
            }
          }
        """
    return KernelCode(
      numbers: constants + shape.requantization, body: body,
      units: (g.outputHeight + (rows?.height ?? 1) - 1) / (rows?.height ?? 1),
      packings: [.plain, .plain, .plain])
  }
}
