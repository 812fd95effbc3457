// `GridSampling` in C: padding 0 is zeros, 1 border, 2 reflection; mode 0 is nearest, 1 linear, 2 cubic.
#pragma once
#include "base.h"
#include "float.h"

KDC_INLINE float kdc_reflect(float x, int32_t size, int aligned) {
  const float low = aligned ? 0.0f : -0.5f, high = aligned ? (float)(size - 1) : (float)size - 0.5f;
  const float range = high - low;
  const float beyond = x < low ? low - x : x > high ? x - high : 0.0f;
  if (!(beyond > 0.0f)) return x;
  if (!(range > 0.0f)) return 0.0f;
  const float turns = __builtin_floorf(beyond / range);
  const float rest = beyond - turns * range;
  const int even = __builtin_floorf(turns * 0.5f) * 2.0f == turns;
  return (x < low) == even ? low + rest : high - rest;
}

// The element at an index that may lie outside; -1: 0 is there.
KDC_INLINE int32_t kdc_grid_element(int32_t index, int32_t size, int padding, int aligned) {
  if (padding == 0) return index >= 0 && index < size ? index : -1;
  const int32_t i = padding == 1 ? index : (int32_t)kdc_reflect((float)index, size, aligned);
  return i < 0 ? 0 : i > size - 1 ? size - 1 : i;
}

// The elements and their weights for one place along an axis.
KDC_INLINE void kdc_grid_taps(float place, int32_t size, int mode, int padding, int aligned, int32_t *elements,
                              float *weights) {
  const float x =
      aligned ? (place + 1.0f) * 0.5f * (float)(size - 1) : ((place + 1.0f) * (float)size - 1.0f) * 0.5f;
  const float limited = x > -4194304.0f ? (x < 4194304.0f ? x : 4194304.0f) : -4194304.0f;
  const float rounded = mode == 0 ? __builtin_roundevenf(limited) : limited;
  const float at = padding == 0   ? rounded
                   : padding == 1 ? kdc_clampf(rounded, 0.0f, (float)(size - 1))
                                  : kdc_reflect(rounded, size, aligned);
  const float first = __builtin_floorf(at), t = at - first;
  const int32_t i = (int32_t)first;
  if (mode == 0) {
    elements[0] = kdc_grid_element(i, size, padding, aligned);
    weights[0] = 1.0f;
  } else if (mode == 1) {
    for (int32_t k = 0; k < 2; k++) elements[k] = kdc_grid_element(i + k, size, padding, aligned);
    weights[0] = 1.0f - t;
    weights[1] = t;
  } else {
    for (int32_t k = 0; k < 4; k++) elements[k] = kdc_grid_element(i + k - 1, size, padding, aligned);
    const float before = t + 1.0f, behind = 1.0f - t, last = 2.0f - t;
    weights[0] = ((-0.75f * before + 3.75f) * before + -6.0f) * before + 3.0f;
    weights[1] = (1.25f * t - 2.25f) * t * t + 1.0f;
    weights[2] = (1.25f * behind - 2.25f) * behind * behind + 1.0f;
    weights[3] = ((-0.75f * last + 3.75f) * last + -6.0f) * last + 3.0f;
  }
}
