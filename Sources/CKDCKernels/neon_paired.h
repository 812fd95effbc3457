// Paired products on NEON (`PairedBlocks`, `PairedColumns`): lanes of 16 bits, sums modulo 2^16.
#pragma once
#include <arm_neon.h>
#include "base.h"
#include "neon_convolution.h"

// Paired products (Winograd's fast inner product): (a + w')(a' + w) for pairs of columns, minus a·a' and w·w', is
// a·w + a'·w'.
// What the lanes of a pixel start from: minus a·a' of blocks of 32 columns, and of one of 16.
KDC_INLINE int16x8_t kdc_paired_start(int16x8_t s, const int8_t *a, int32_t blocks) {
  for (int32_t k = 0; k < blocks; k++, a += 32) {
    const int8x16_t x = vld1q_s8(a), y = vld1q_s8(a + 16);
    s = vmlsl_high_s8(vmlsl_s8(s, vget_low_s8(x), vget_low_s8(y)), x, y);
  }
  return s;
}

KDC_INLINE int16x8_t kdc_paired_start_half(int16x8_t s, const int8_t *a) {
  return vmlsl_s8(s, vld1_s8(a), vld1_s8(a + 8));
}

KDC_INLINE void kdc_paired_begin(int16x8_t s[2][4], const int16_t *from, int32_t pixel) {
  KDC_UNROLL for (int i = 0; i < 8; i++) s[i / 4][i % 4] = vld1q_s16(from + i / 4 * pixel);
}

KDC_INLINE void kdc_paired_widen(int32x4_t t[2][4], int16x8_t s[2][4]) {
  KDC_UNROLL for (int i = 0; i < 8; i++) t[i / 4][i % 4] = vpadalq_s16(t[i / 4][i % 4], s[i / 4][i % 4]);
}

// 2 pixels by 4 channels, 32 deep and 16 deep; then 16 and 8 deep without pairs.
KDC_INLINE void kdc_paired_2x4(int16x8_t s[2][4], const int8_t *const a[2], int32_t k, const int8_t *w) {
  KDC_UNROLL for (int n = 0; n < 4; n++) {
    const int8x16_t v = vld1q_s8(w + 32 * n), u = vld1q_s8(w + 32 * n + 16);
    KDC_UNROLL for (int m = 0; m < 2; m++) {
      const int8x16_t x = vaddq_s8(vld1q_s8(a[m] + k), v), y = vaddq_s8(vld1q_s8(a[m] + k + 16), u);
      s[m][n] = vmlal_high_s8(vmlal_s8(s[m][n], vget_low_s8(x), vget_low_s8(y)), x, y);
    }
  }
}

KDC_INLINE void kdc_paired_2x4_half(int16x8_t s[2][4], const int8_t *const a[2], int32_t k, const int8_t *w) {
  KDC_UNROLL for (int n = 0; n < 4; n++) {
    const int8x8_t v = vld1_s8(w + 16 * n), u = vld1_s8(w + 16 * n + 8);
    KDC_UNROLL for (int m = 0; m < 2; m++) {
      s[m][n] = vmlal_s8(s[m][n], vadd_s8(vld1_s8(a[m] + k), v), vadd_s8(vld1_s8(a[m] + k + 8), u));
    }
  }
}

KDC_INLINE void kdc_plain_2x4(int16x8_t s[2][4], const int8_t *const a[2], int32_t k, const int8_t *w) {
  KDC_UNROLL for (int n = 0; n < 4; n++) {
    const int8x16_t v = vld1q_s8(w + 16 * n);
    KDC_UNROLL for (int m = 0; m < 2; m++) {
      const int8x16_t x = vld1q_s8(a[m] + k);
      s[m][n] = vmlal_high_s8(vmlal_s8(s[m][n], vget_low_s8(x), vget_low_s8(v)), x, v);
    }
  }
}

KDC_INLINE void kdc_plain_2x4_half(int16x8_t s[2][4], const int8_t *const a[2], int32_t k, const int8_t *w) {
  KDC_UNROLL for (int n = 0; n < 4; n++) {
    const int8x8_t v = vld1_s8(w + 8 * n);
    KDC_UNROLL for (int m = 0; m < 2; m++) s[m][n] = vmlal_s8(s[m][n], vld1_s8(a[m] + k), v);
  }
}

// One pixel by 16 channels a vector: p and q hold the two values of a pair in all lanes, w the weights of q's value,
// then those of p's.
KDC_INLINE void kdc_columns_begin(int16x8_t *s, const int8_t *corrections, int16_t start, int vectors) {
  const int16x8_t a = vdupq_n_s16(start);
  KDC_UNROLL for (int i = 0; i < 2 * vectors; i++) {
    s[i] = vsubq_s16(vreinterpretq_s16_s8(vld1q_s8(corrections + 16 * i)), a);
  }
}

KDC_INLINE void kdc_columns(int16x8_t *s, int8x16_t p, int8x16_t q, const int8_t *w, int vectors) {
  KDC_UNROLL for (int v = 0; v < vectors; v++) {
    const int8x16_t x = vaddq_s8(p, vld1q_s8(w + 32 * v)), y = vaddq_s8(q, vld1q_s8(w + 32 * v + 16));
    s[2 * v] = vmlal_s8(s[2 * v], vget_low_s8(x), vget_low_s8(y));
    s[2 * v + 1] = vmlal_high_s8(s[2 * v + 1], x, y);
  }
}

KDC_INLINE void kdc_columns_single(int16x8_t *s, int8x16_t p, const int8_t *w, int vectors) {
  KDC_UNROLL for (int v = 0; v < vectors; v++) {
    const int8x16_t x = vld1q_s8(w + 16 * v);
    s[2 * v] = vmlal_s8(s[2 * v], vget_low_s8(p), vget_low_s8(x));
    s[2 * v + 1] = vmlal_high_s8(s[2 * v + 1], p, x);
  }
}
