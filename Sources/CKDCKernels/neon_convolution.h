// NEON parts of integer convolutions. Loops over constant bounds unroll; the arrays become registers.
#pragma once
#include <arm_neon.h>
#include "base.h"

// Sums of two products a lane, in int16: exact because weights are at least -127.
KDC_INLINE int16x8_t kdc_products(int8x16_t a, int8x16_t w) {
  return vmlal_high_s8(vmull_s8(vget_low_s8(a), vget_low_s8(w)), a, w);
}

// 4 pixels by 4 channels, 16 deep, to 16 sums of 4 lanes each: sets them, adds to them, adds 8 deep.
KDC_INLINE void kdc_dot_4x4_first(int32x4_t s[4][4], const int8_t *const a[4], int32_t k, const int8_t *w) {
  int8x16_t x[4];
  KDC_UNROLL for (int m = 0; m < 4; m++) x[m] = vld1q_s8(a[m] + k);
  KDC_UNROLL for (int n = 0; n < 4; n++) {
    const int8x16_t y = vld1q_s8(w + 16 * n);
    KDC_UNROLL for (int m = 0; m < 4; m++) s[m][n] = vpaddlq_s16(kdc_products(x[m], y));
  }
}

KDC_INLINE void kdc_dot_4x4(int32x4_t s[4][4], const int8_t *const a[4], int32_t k, const int8_t *w) {
  int8x16_t x[4];
  KDC_UNROLL for (int m = 0; m < 4; m++) x[m] = vld1q_s8(a[m] + k);
  KDC_UNROLL for (int n = 0; n < 4; n++) {
    const int8x16_t y = vld1q_s8(w + 16 * n);
    KDC_UNROLL for (int m = 0; m < 4; m++) s[m][n] = vpadalq_s16(s[m][n], kdc_products(x[m], y));
  }
}

KDC_INLINE void kdc_dot_4x4_half_first(int32x4_t s[4][4], const int8_t *const a[4], int32_t k, const int8_t *w) {
  int8x8_t x[4];
  KDC_UNROLL for (int m = 0; m < 4; m++) x[m] = vld1_s8(a[m] + k);
  KDC_UNROLL for (int n = 0; n < 4; n++) {
    const int8x8_t y = vld1_s8(w + 16 * n);
    KDC_UNROLL for (int m = 0; m < 4; m++) s[m][n] = vpaddlq_s16(vmull_s8(x[m], y));
  }
}

KDC_INLINE void kdc_dot_4x4_half(int32x4_t s[4][4], const int8_t *const a[4], int32_t k, const int8_t *w) {
  int8x8_t x[4];
  KDC_UNROLL for (int m = 0; m < 4; m++) x[m] = vld1_s8(a[m] + k);
  KDC_UNROLL for (int n = 0; n < 4; n++) {
    const int8x8_t y = vld1_s8(w + 16 * n);
    KDC_UNROLL for (int m = 0; m < 4; m++) s[m][n] = vpadalq_s16(s[m][n], vmull_s8(x[m], y));
  }
}

// Has the second cache fetch the line of weights that is read some hundred cycles after this one: the first finds it
// there.
KDC_INLINE void kdc_prefetch(const void *weights) { __builtin_prefetch((const int8_t *)weights + 2048, 0, 2); }

// 1 pixel by 4 channels, 16 deep and 8 deep.
KDC_INLINE void kdc_dot_1x4(int32x4_t s[4], const int8_t *a, const int8_t *w) {
  const int8x16_t x = vld1q_s8(a);
  KDC_UNROLL for (int n = 0; n < 4; n++) s[n] = vpadalq_s16(s[n], kdc_products(x, vld1q_s8(w + 16 * n)));
}

KDC_INLINE void kdc_dot_1x4_half(int32x4_t s[4], const int8_t *a, const int8_t *w) {
  const int8x8_t x = vld1_s8(a);
  KDC_UNROLL for (int n = 0; n < 4; n++) s[n] = vpadalq_s16(s[n], vmull_s8(x, vld1_s8(w + 16 * n)));
}

// 1 pixel by 4 channels of two weights a byte, 16 deep and 8 deep: the low halves are channels 0 and 1, the high
// ones 2 and 3. Up to 15 blocks add up in int16: 30 products of at most 128 * 8 a lane.
KDC_INLINE int8x16_t kdc_low_halves(int8x16_t w) { return vshrq_n_s8(vshlq_n_s8(w, 4), 4); }
KDC_INLINE int8x16_t kdc_high_halves(int8x16_t w) { return vshrq_n_s8(w, 4); }
KDC_INLINE int16x8_t kdc_add_products(int16x8_t t, int8x16_t a, int8x16_t w) {
  return vmlal_high_s8(vmlal_s8(t, vget_low_s8(a), vget_low_s8(w)), a, w);
}

KDC_INLINE void kdc_dot_1x4_int4(int32x4_t s[4], const int8_t *a, const int8_t *w, int32_t blocks) {
  int16x8_t t[4];
  KDC_UNROLL for (int n = 0; n < 4; n++) t[n] = vdupq_n_s16(0);
  for (int32_t k = 0; k < blocks; k++) {
    const int8x16_t x = vld1q_s8(a + 16 * k);
    KDC_UNROLL for (int n = 0; n < 2; n++) {
      const int8x16_t y = vld1q_s8(w + 32 * k + 16 * n);
      t[n] = kdc_add_products(t[n], x, kdc_low_halves(y));
      t[n + 2] = kdc_add_products(t[n + 2], x, kdc_high_halves(y));
    }
  }
  KDC_UNROLL for (int n = 0; n < 4; n++) s[n] = vpadalq_s16(s[n], t[n]);
}

KDC_INLINE void kdc_dot_1x4_int4_half(int32x4_t s[4], const int8_t *a, const int8_t *w) {
  const int8x8_t x = vld1_s8(a);
  KDC_UNROLL for (int n = 0; n < 2; n++) {
    const int8x8_t y = vld1_s8(w + 16 * n);
    s[n] = vpadalq_s16(s[n], vmull_s8(x, vshr_n_s8(vshl_n_s8(y, 4), 4)));
    s[n + 2] = vpadalq_s16(s[n + 2], vmull_s8(x, vshr_n_s8(y, 4)));
  }
}

// The sums of the lanes of four vectors.
KDC_INLINE int32x4_t kdc_sum_4(const int32x4_t s[4]) {
  return vpaddq_s32(vpaddq_s32(s[0], s[1]), vpaddq_s32(s[2], s[3]));
}

static inline int16x4_t kdc_load_4(const int8_t *x) {
  uint32_t v;
  __builtin_memcpy(&v, x, 4);
  return vget_low_s16(vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(v))));
}

// Lanes 4·lane … 4·lane + 3 of y.
#define kdc_store_4(to, y, lane) vst1q_lane_s32((int32_t *)(void *)(to), vreinterpretq_s32_s8(y), lane)

// The first `count` of four lanes.
static inline void kdc_store_some(int8_t *to, int8x16_t y, int32_t count) {
  vst1q_lane_s8(to, y, 0);
  if (count > 1) vst1q_lane_s8(to + 1, y, 1);
  if (count > 2) vst1q_lane_s8(to + 2, y, 2);
}

// Copies and fills whole vectors: may read and write up to 15 bytes past the end.
static void kdc_copy(int8_t *to, const int8_t *from, int32_t count) {
  for (int32_t i = 0; i < count; i += 16) vst1q_s8(to + i, vld1q_s8(from + i));
}

static void kdc_fill(int8_t *to, int8_t value, int32_t count) {
  const int8x16_t v = vdupq_n_s8(value);
  for (int32_t i = 0; i < count; i += 16) vst1q_s8(to + i, v);
}

// Rows first … first + rows − 1 of an image of `height` rows `stride` bytes apart: `bytes` of each, with `left`
// bytes of `zero` before them and up to `pitch` bytes in all; rows outside are all zero. Writes up to 15 bytes past the
// last.
KDC_HELPER void kdc_pad_rows(int8_t *to, const int8_t *from, int32_t first, int32_t rows, int32_t height,
                             int32_t stride, int32_t bytes, int32_t left, int32_t pitch, int8_t zero) {
  for (int32_t y = first; y < first + rows; y++, to += pitch) {
    if (y < 0 || y >= height) {
      kdc_fill(to, zero, pitch);
    } else {
      kdc_fill(to, zero, left);
      kdc_copy(to + left, from + (ptrdiff_t)y * stride, bytes);
      kdc_fill(to + left + bytes, zero, pitch - left - bytes);
    }
  }
}

// The first `count` of 16 bytes.
KDC_INLINE void kdc_store_lanes(int8_t *to, int8x16_t y, int32_t count) {
  int8_t bytes[16];
  vst1q_s8(bytes, y);
  for (int32_t i = 0; i < count; i++) to[i] = bytes[i];
}

// How sums become int8. What is known when compiling costs nothing where it changes nothing.
typedef struct {
  int32_t pre_shift, shift, zero_point, low, high, residual_zero, residual_multiplier;
} kdc_requantization;

#define KDC_KNOWN(x, value) (__builtin_constant_p(x) && (x) == (value))

// Eight sums shifted to the right with rounding, saturated to int16. The instructions take a constant only.
#define KDC_NARROW(shift)                                                                                              \
  case shift:                                                                                                          \
    return vqrshrn_high_n_s32(vqrshrn_n_s32(a, shift), b, shift)
KDC_INLINE int16x8_t kdc_narrow(int32x4_t a, int32x4_t b, int shift) {
  switch (shift) {
    KDC_NARROW(1);
    KDC_NARROW(2);
    KDC_NARROW(3);
    KDC_NARROW(4);
    KDC_NARROW(5);
    KDC_NARROW(6);
    KDC_NARROW(7);
    KDC_NARROW(8);
    KDC_NARROW(9);
    KDC_NARROW(10);
    KDC_NARROW(11);
    KDC_NARROW(12);
    KDC_NARROW(13);
    KDC_NARROW(14);
    KDC_NARROW(15);
    KDC_NARROW(16);
    default: return vqmovn_high_s32(vqmovn_s32(a), b);
  }
}
