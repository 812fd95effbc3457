// NEON for steps that change type or order.
#pragma once
#include <arm_neon.h>
#include "base.h"

// FMAXNM gives -512 for NaN, as the formula does; beyond 511 the saturating steps end at 127 anyway.
static inline int32x4_t kdc_quantize4(const float *x, float32x4_t scale) {
  return vcvtnq_s32_f32(vmaxnmq_f32(vmulq_f32(vld1q_f32(x), scale), vdupq_n_f32(-512.0f)));
}

static inline int8x16_t kdc_quantize16(const float *x, float32x4_t scale, int16x8_t zero) {
  const int16x8_t a = vqmovn_high_s32(vqmovn_s32(kdc_quantize4(x, scale)), kdc_quantize4(x + 4, scale));
  const int16x8_t b = vqmovn_high_s32(vqmovn_s32(kdc_quantize4(x + 8, scale)), kdc_quantize4(x + 12, scale));
  return vqmovn_high_s16(vqmovn_s16(vqaddq_s16(a, zero)), vqaddq_s16(b, zero));
}

// 8 rows of 8 bytes, `from` apart, to 8 rows `to` apart, rows and columns exchanged.
static inline void kdc_transpose8(const int8_t *x, size_t from, int8_t *y, size_t to) {
  int8x8_t v[8];
  for (size_t i = 0; i < 8; i++) v[i] = vld1_s8(x + i * from);
  for (size_t i = 0; i < 8; i += 2) {
    const int8x8x2_t t = vtrn_s8(v[i], v[i + 1]);
    v[i] = t.val[0];
    v[i + 1] = t.val[1];
  }
  for (size_t i = 0; i < 8; i += 4) {
    for (size_t k = i; k < i + 2; k++) {
      const int16x4x2_t t = vtrn_s16(vreinterpret_s16_s8(v[k]), vreinterpret_s16_s8(v[k + 2]));
      v[k] = vreinterpret_s8_s16(t.val[0]);
      v[k + 2] = vreinterpret_s8_s16(t.val[1]);
    }
  }
  for (size_t k = 0; k < 4; k++) {
    const int32x2x2_t t = vtrn_s32(vreinterpret_s32_s8(v[k]), vreinterpret_s32_s8(v[k + 4]));
    v[k] = vreinterpret_s8_s32(t.val[0]);
    v[k + 4] = vreinterpret_s8_s32(t.val[1]);
  }
  for (size_t i = 0; i < 8; i++) vst1_s8(y + i * to, v[i]);
}
