import KDCProgram

/// Kernels of `RoiAlignStep`.
enum RoiAlignKernels {
  static let scalar = StepFamily<RoiAlignStep>(
    name: "roi_align_scalar",
    cycles: { step in
      let samples = step.ratio > 0 ? step.ratio * step.ratio : 4
      return Double(step.regions * step.channels * step.outputHeight * step.outputWidth * samples) * 40
    },
    emit: { step in
      let samples = step.ratio > 0 ? "\(step.ratio)" : nil
      let half = step.halfPixel ? " - 0.5f" : " - 0.0f"
      let least =
        step.halfPixel
        ? ""
        : """

          region_width = region_width > 1.0f ? region_width : 1.0f;
          region_height = region_height > 1.0f ? region_height : 1.0f;
        """
      let add =
        step.isMaximum
        ? """
                  result = sx + sy == 0 || value > result ? value : result;
        """ : "          result = result + value;"
      let mean = step.isMaximum ? "" : " / (float)(rows * columns > 1 ? rows * columns : 1)"
      let body = """
        enum {
          BATCH = \(step.batch), CHANNELS = \(step.channels), HEIGHT = \(step.height), WIDTH = \(step.width),
          ROWS = \(step.outputHeight), COLUMNS = \(step.outputWidth),
        };
        for (size_t u = begin; u < end; u++) {
          const size_t region = u / CHANNELS;
          const float *restrict r = (const float *)b[1] + region * 4;
          const int64_t given = ((const int64_t *)b[2])[region];
          const size_t image = given < 0 ? 0 : given > BATCH - 1 ? BATCH - 1 : (size_t)given;
          const float scale = \(CText.literal(step.scale));
          const float left = r[0] * scale\(half), top = r[1] * scale\(half);
          float region_width = (r[2] * scale\(half)) - left, region_height = (r[3] * scale\(half)) - top;\(least)
          const float part_height = region_height / \(CText.literal(Float(step.outputHeight)));
          const float part_width = region_width / \(CText.literal(Float(step.outputWidth)));
          const int32_t rows = \(samples ?? "kdc_roi_samples(part_height)");
          const int32_t columns = \(samples ?? "kdc_roi_samples(part_width)");
          const float *restrict plane = (const float *)b[0] + (image * CHANNELS + u % CHANNELS) * HEIGHT * WIDTH;
          float *restrict y = (float *)b[3] + u * ROWS * COLUMNS;
          for (size_t o = 0; o < ROWS * COLUMNS; o++) {
            float result = 0.0f;
            for (int32_t sy = 0; sy < rows; sy++) {
              const float v = top + (float)(o / COLUMNS) * part_height + ((float)sy + 0.5f) * part_height / (float)rows;
              const kdc_neighbours vertical = kdc_roi_neighbours(v, HEIGHT);
              for (int32_t sx = 0; sx < columns; sx++) {
                const float h = left + (float)(o % COLUMNS) * part_width + ((float)sx + 0.5f) * part_width / (float)columns;
                const kdc_neighbours horizontal = kdc_roi_neighbours(h, WIDTH);
                const float value = kdc_roi_sample(plane, WIDTH, vertical, horizontal, \(step.isMaximum ? 1 : 0));
        \(add)
              }
            }
            y[o] = result\(mean);
          }
        }
        """
      return KernelCode(body: body, units: step.regions * step.channels)
    })
}
