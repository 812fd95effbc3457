// Samples of regions, as `RoiAlignStep` has them.
#pragma once
#include "base.h"

// A sample along one axis.
typedef struct {
  int32_t first, second;
  float weight;
  int inside;
} kdc_neighbours;

KDC_INLINE kdc_neighbours kdc_roi_neighbours(float place, int32_t size) {
  kdc_neighbours n = {0, 0, 0.0f, place >= -1.0f && place <= (float)size};
  if (!n.inside) return n;
  const float x = place > 0.0f ? place : 0.0f;
  const int32_t first = (int32_t)x;
  const int last = first >= size - 1;
  n.first = last ? size - 1 : first;
  n.second = last ? size - 1 : first + 1;
  n.weight = last ? 0.0f : x - (float)first;
  return n;
}

KDC_INLINE int32_t kdc_roi_samples(float part) {
  const float count = __builtin_ceilf(part);
  return count > 0.0f ? (count < 1024.0f ? (int32_t)count : 1024) : 0;
}

KDC_INLINE float kdc_roi_sample(const float *plane, int32_t width, kdc_neighbours y, kdc_neighbours x, int maximum) {
  if (!(y.inside && x.inside)) return 0.0f;
  const float *top = plane + (size_t)y.first * (size_t)width, *bottom = plane + (size_t)y.second * (size_t)width;
  const float above = 1.0f - y.weight, left = 1.0f - x.weight;
  const float a = above * left * top[x.first], b = above * x.weight * top[x.second];
  const float c = y.weight * left * bottom[x.first], d = y.weight * x.weight * bottom[x.second];
  if (!maximum) return a + b + c + d;
  float largest = a;
  largest = b > largest ? b : largest;
  largest = c > largest ? c : largest;
  return d > largest ? d : largest;
}
