// Rows of float images with padding.
#pragma once
#include "base.h"

// Copied as a vector.
typedef struct {
  float values[4];
} kdc_four_floats;

KDC_INLINE void kdc_zero_floats(float *to, int32_t count) {
  const kdc_four_floats zero = {{0, 0, 0, 0}};
  for (int32_t i = 0; i < count; i += 4) *(kdc_four_floats *)(void *)(to + i) = zero;
}

// Rows first … first + rows − 1 of an image of `height` rows `stride` floats apart: `count` of each, with `left` zeros
// before them and up to `pitch` in all; rows outside are all zero. Writes up to 3 floats past the last row.
KDC_HELPER void kdc_pad_floats(float *to, const float *from, int32_t first, int32_t rows, int32_t height,
                               int32_t stride, int32_t count, int32_t left, int32_t pitch) {
  for (int32_t y = first; y < first + rows; y++, to += pitch) {
    if (y < 0 || y >= height) {
      kdc_zero_floats(to, pitch);
    } else {
      const float *x = from + (ptrdiff_t)y * stride;
      kdc_zero_floats(to, left);
      for (int32_t i = 0; i < count; i += 4)
        *(kdc_four_floats *)(void *)(to + left + i) = *(const kdc_four_floats *)(const void *)(x + i);
      kdc_zero_floats(to + left + count, pitch - left - count);
    }
  }
}
