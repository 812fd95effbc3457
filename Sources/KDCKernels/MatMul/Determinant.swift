import KDCProgram

/// Kernels of `DeterminantStep`.
enum DeterminantKernels {
  static let scalar = StepFamily<DeterminantStep>(
    name: "determinant_scalar",
    cycles: { step in
      let size = Double(step.size)
      return Double(step.batch) * (size * size * size / 3 * 2 + size * size * 20)
    },
    emit: { step in
      let body = """
        enum { SIZE = \(step.size) };
        double *restrict a = b[2];
        for (size_t u = begin; u < end; u++) {
          const float *restrict x = (const float *)b[0] + u * SIZE * SIZE;
          for (size_t i = 0; i < SIZE * SIZE; i++) a[i] = (double)x[i];
          double product = 1.0;
          for (size_t k = 0; k < SIZE; k++) {
            size_t pivot = k;
            for (size_t r = k + 1; r < SIZE; r++) {
              pivot = __builtin_fabs(a[r * SIZE + k]) > __builtin_fabs(a[pivot * SIZE + k]) ? r : pivot;
            }
            if (pivot != k) {
              for (size_t i = 0; i < SIZE; i++) {
                const double t = a[k * SIZE + i];
                a[k * SIZE + i] = a[pivot * SIZE + i];
                a[pivot * SIZE + i] = t;
              }
              product = -product;
            }
            const double diagonal = a[k * SIZE + k];
            product = product * diagonal;
            if (diagonal == 0.0) continue;
            for (size_t r = k + 1; r < SIZE; r++) {
              const double factor = a[r * SIZE + k] / diagonal;
              for (size_t i = k + 1; i < SIZE; i++) a[r * SIZE + i] = a[r * SIZE + i] - factor * a[k * SIZE + i];
            }
          }
          ((float *)b[1])[u] = kdc_number((float)product);
        }
        """
      return KernelCode(body: body, units: step.batch, workspaceBytes: step.size * step.size * 8)
    })
}
