import KDCProgram

/// Kernels of `SuppressionStep`.
enum SuppressionKernels {
  /// The boxes of a class above the threshold are a heap in the workspace, from which the best are taken.
  static let scalar = StepFamily<SuppressionStep>(
    name: "suppression_scalar",
    cycles: { step in
      let perClass = Double(step.boxCount) * 4 + Double(step.most * step.most) * 15
      return Double(step.images * step.classes) * perClass
    },
    emit: { step in
      let centered = step.centered ? 1 : 0
      let body = """
        enum { IMAGES = \(step.images), CLASSES = \(step.classes), BOXES = \(step.boxCount), MOST = \(step.most) };
        int64_t *restrict y = b[2];
        int32_t *restrict heap = b[4];
        size_t found = 0;
        for (size_t u = 0; u < IMAGES * CLASSES; u++) {
          const float *restrict box = (const float *)b[0] + u / CLASSES * BOXES * 4;
          const float *restrict score = (const float *)b[1] + u * BOXES;
          const size_t first = found;
          size_t n = 0;
          for (int32_t i = 0; i < BOXES; i++) {
            if (score[i] > \(CText.literal(step.scoreThreshold))) heap[n++] = i;
          }
          for (size_t root = n / 2; root > 0; root--) kdc_sift_box(heap, root - 1, n, heap[root - 1], score);
          while (n > 0 && found - first < MOST) {
            const int32_t i = heap[0];
            n--;
            if (n > 0) kdc_sift_box(heap, 0, n, heap[n], score);
            int overlaps = 0;
            for (size_t k = first; k < found && !overlaps; k++) {
              overlaps = kdc_boxes_overlap(box + 4 * y[3 * k + 2], box + 4 * i, \(centered), \(CText.literal(step.overlap)));
            }
            if (overlaps) continue;
            y[3 * found] = (int64_t)(u / CLASSES);
            y[3 * found + 1] = (int64_t)(u % CLASSES);
            y[3 * found + 2] = i;
            found++;
          }
        }
        for (size_t k = 3 * found; k < (size_t)3 * IMAGES * CLASSES * MOST; k++) y[k] = -1;
        *(int64_t *)b[3] = (int64_t)found;
        """
      return KernelCode(body: body, workspaceBytes: step.boxCount * 4)
    })
}
