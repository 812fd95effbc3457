// NEON for float sums of products, four lanes.
#pragma once
#include <arm_neon.h>
#include "base.h"

KDC_INLINE float32x4_t kdc_load_f4(const float *from) { return vld1q_f32(from); }

KDC_INLINE void kdc_store_f4(float *to, float32x4_t v) { vst1q_f32(to, v); }

// The first 1 to 3 lanes.
KDC_INLINE void kdc_store_some_f4(float *to, float32x4_t v, int count) {
  vst1q_lane_f32(to, v, 0);
  if (count > 1) vst1q_lane_f32(to + 1, v, 1);
  if (count > 2) vst1q_lane_f32(to + 2, v, 2);
}

KDC_INLINE float32x4_t kdc_set_f4(float x) { return vdupq_n_f32(x); }

KDC_INLINE float32x4_t kdc_add_f4(float32x4_t a, float32x4_t b) { return vaddq_f32(a, b); }

KDC_INLINE float32x4_t kdc_sub_f4(float32x4_t a, float32x4_t b) { return vsubq_f32(a, b); }

// s + x * w, rounded once.
KDC_INLINE float32x4_t kdc_fma_f4(float32x4_t s, float32x4_t x, float32x4_t w) { return vfmaq_f32(s, x, w); }

// `FloatFunction` relu and clip: NaN stays, -0 becomes 0.
KDC_INLINE float32x4_t kdc_relu_f4(float32x4_t v) { return vmaxq_f32(v, vdupq_n_f32(0)); }

KDC_INLINE float32x4_t kdc_clip_f4(float32x4_t v, float low, float high) {
  return vminq_f32(vmaxq_f32(v, vdupq_n_f32(low)), vdupq_n_f32(high));
}
