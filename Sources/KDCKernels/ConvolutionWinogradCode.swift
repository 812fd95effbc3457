import KDCProgram

/// The C of a Winograd convolution.
struct WinogradCode {
  let shape: ConvolutionEmission
  let plan: WinogradPlan
  private var g: ConvolutionGeometry { shape.geometry }
  private var epilogue: NeonRequantization { NeonRequantization(step: shape.step) }

  var helpers: Set<String> {
    epilogue.helpers.union(["kdc_winograd4_input", "kdc_winograd4_products", "kdc_winograd4_output", "kdc_store_4"])
  }

  var numbers: [KernelNumber] {
    [
      .varying("IN_HEIGHT", g.inputHeight), .varying("IN_WIDTH", g.inputWidth),
      .varying("IN_CHANNELS", g.inputChannels), .varying("TOP", g.padTop), .varying("LEFT", g.padLeft),
      .varying("INPUT_ZERO", shape.step.inputZeroPoint), .varying("OUT_HEIGHT", g.outputHeight),
      .varying("OUT_WIDTH", g.outputWidth), .varying("OUT_CHANNELS", g.outputChannels),
      .varying("TILES", plan.tiles), .varying("COLUMNS", plan.columns), .varying("QUADS", plan.quads),
      .varying("BANDS", plan.bands), .varying("GROUPS", plan.groups), .varying("SPLITS", plan.splits),
      .varying("SPLIT", plan.splitChannels), .varying("BLOCKS", plan.blocks), .varying("PLANE", plan.plane),
      .varying("SUMS", plan.sums), .varying("CORRECTIONS_AT", plan.correctionsAt), .varying("SUMS_AT", plan.sumsAt),
      .varying("PATCH_AT", plan.patchAt),
      .varying("WEIGHTS", plan.panels * 36 * plan.blocks * 64),
    ] + shape.requantization
  }

  var text: String {
    shape.pointers(workspace: true, weights: "int16_t") + """
        const kdc_winograd4_image image = {IN_HEIGHT, IN_WIDTH, IN_CHANNELS, TOP, LEFT, COLUMNS, BLOCKS, PLANE, INPUT_ZERO};
        int8_t *const slice = workspace, *const patch = slice + PATCH_AT;
        int16_t *const planes = (int16_t *)(void *)slice;
        int32_t *const corrections = (int32_t *)(void *)(slice + CORRECTIONS_AT), *const sums = (int32_t *)(void *)(slice + SUMS_AT);
        const int32_t *constants = (const int32_t *)(const void *)(weights + WEIGHTS);
        for (int32_t unit = (int32_t)begin, next; unit < (int32_t)end; unit = next) {
          // All units of a band at once: its input is transformed for them once.
          const int32_t band = unit / SPLITS, from = QUADS * band / BANDS, count = QUADS * (band + 1) / BANDS - from;
          next = (band + 1) * SPLITS < (int32_t)end ? (band + 1) * SPLITS : (int32_t)end;
          const int32_t n0 = unit % SPLITS * SPLIT, reach = (next - band * SPLITS) * SPLIT;
          const int32_t n1 = reach < OUT_CHANNELS ? reach : OUT_CHANNELS;
          for (int32_t group = 0; group < GROUPS; group++) {
            const int32_t quad = from + count * group / GROUPS, quads = from + count * (group + 1) / GROUPS - quad;
            const int32_t first = 4 * quad, tiles = TILES - first < 4 * quads ? TILES - first : 4 * quads;
            kdc_winograd4_input(planes, patch, input, &image, first, tiles);
            kdc_winograd4_corrections(corrections, planes, quads, BLOCKS, PLANE);
            for (int32_t n = n0; n < n1; n += 16) {
              const int32_t panels = n1 - n < 16 ? (n1 - n + 3) / 4 : 4;
              kdc_winograd4_products(sums, SUMS, planes, corrections, weights + (ptrdiff_t)n * (36 * 16 * BLOCKS), panels, quads,
                                     BLOCKS, PLANE);
              for (int32_t p = 0; p < panels; p++) {
      \(indented(panel, 6))        }
            }
          }
        }
      """
  }

  /// One panel of 4 output channels of the group's tiles.
  private var panel: String {
    """
    const int32_t c = n + 4 * p;
    const int32x4_t scaled = vmulq_n_s32(vld1q_s32(bias + c), 576);
    int32x4_t start[16];
    KDC_UNROLL for (int i = 0; i < 16; i++) start[i] = vaddq_s32(scaled, vld1q_s32(constants + c * 16 + i * 4));
    for (int32_t t = 0; t < tiles; t++) {
      const int32_t y0 = (first + t) / COLUMNS * 4, x0 = (first + t) % COLUMNS * 4;
      const int32_t extent[3] = {
          y0 + 4 <= OUT_HEIGHT ? 4 : OUT_HEIGHT - y0, x0 + 4 <= OUT_WIDTH ? 4 : OUT_WIDTH - x0,
          c + 4 <= OUT_CHANNELS ? 4 : OUT_CHANNELS - c};
      const int whole = extent[0] + extent[1] + extent[2] == 12;
      const ptrdiff_t at = ((ptrdiff_t)y0 * OUT_WIDTH + x0) * OUT_CHANNELS + c;
      int8_t part[64];
      int8_t *to = whole ? output + at : part;
      const ptrdiff_t row = whole ? OUT_WIDTH * OUT_CHANNELS : 16, pixel = whole ? OUT_CHANNELS : 4;
    \(indented(residual, 1))  int32x4_t h[4][4];
      kdc_winograd4_output(h, sums + p * (36 * SUMS) + t * 4, SUMS, start);
    \(indented(store, 1))}

    """
  }

  private var residual: String {
    guard shape.step.residual != nil else { return "" }
    return """
      int8_t part_of_residual[64] = {0};
      const int8_t *other = residual + at;
      if (!whole) {
        kdc_copy_part(part_of_residual, 16, 4, other, OUT_WIDTH * OUT_CHANNELS, OUT_CHANNELS, extent);
        other = part_of_residual;
      }

      """
  }

  /// Requantises and stores `h`.
  private var store: String {
    let high = epilogue.high(
      "h[y][x]", bias: nil, multipliers: "vld1q_s32(multipliers + c)", at: "y * row + x * pixel", residual: "other")
    return """
      KDC_UNROLL for (int y = 0; y < 4; y++) {
        KDC_UNROLL for (int x = 0; x < 4; x++) {
      \(indented(high, 2))  }
        const int16x8_t t0 = \(epilogue.shifted(epilogue.narrow("h[y][0]", "h[y][1]")));
        const int16x8_t t1 = \(epilogue.shifted(epilogue.narrow("h[y][2]", "h[y][3]")));
        const int8x16_t values = \(epilogue.clamped("vqmovn_high_s16(vqmovn_s16(t0), t1)"));
        kdc_store_4(to + y * row, values, 0);
        kdc_store_4(to + y * row + pixel, values, 1);
        kdc_store_4(to + y * row + 2 * pixel, values, 2);
        kdc_store_4(to + y * row + 3 * pixel, values, 3);
      }
      if (!whole) kdc_copy_part(output + at, OUT_WIDTH * OUT_CHANNELS, OUT_CHANNELS, part, 16, 4, extent);

      """
  }
}
