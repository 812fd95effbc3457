// The gates of recurrent cells.
#pragma once
#include "base.h"

// sums[l] = bias[l] + Σ vector[i] · weights[i, l] for the lanes first ..< last, i ascending.
static inline void kdc_gates(float *restrict sums, const float *restrict bias, const float *restrict weights,
                             size_t width, const float *restrict vector, size_t count, size_t first, size_t last) {
  size_t l = first;
  for (; l + 16 <= last; l += 16) {
    float acc[16];
    for (int k = 0; k < 16; k++) acc[k] = bias[l + (size_t)k];
    for (size_t i = 0; i < count; i++) {
      for (int k = 0; k < 16; k++) acc[k] = acc[k] + vector[i] * weights[i * width + l + (size_t)k];
    }
    for (int k = 0; k < 16; k++) sums[l + (size_t)k] = acc[k];
  }
  for (; l < last; l++) {
    float acc = bias[l];
    for (size_t i = 0; i < count; i++) acc = acc + vector[i] * weights[i * width + l];
    sums[l] = acc;
  }
}
