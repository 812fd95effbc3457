// AVX2 parts of integer convolutions, with the same results as `Requantization`.
#pragma once
#include <immintrin.h>
#include "base.h"

KDC_INLINE void kdc_fill_16(int16_t *to, int16_t value, int32_t count) {
  for (int32_t i = 0; i < count; i += 16) _mm256_storeu_si256((__m256i *)(to + i), _mm256_set1_epi16(value));
}

// Rows first … first + rows − 1 of an image of `height` rows `stride` bytes apart, widened to int16: `bytes` of
// each, with `left` elements of `zero` before them and up to `pitch` in all; rows outside are all zero. Writes up
// to 15 elements past the last.
KDC_HELPER void kdc_widen_rows(int16_t *to, const int8_t *from, int32_t first, int32_t rows, int32_t height,
                               int32_t stride, int32_t bytes, int32_t left, int32_t pitch, int16_t zero) {
  for (int32_t y = first; y < first + rows; y++, to += pitch) {
    if (y < 0 || y >= height) {
      kdc_fill_16(to, zero, pitch);
    } else {
      const int8_t *x = from + (ptrdiff_t)y * stride;
      kdc_fill_16(to, zero, left);
      for (int32_t i = 0; i < bytes; i += 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(x + i));
        _mm256_storeu_si256((__m256i *)(to + left + i), _mm256_cvtepi8_epi16(v));
      }
      kdc_fill_16(to + left + bytes, zero, pitch - left - bytes);
    }
  }
}

KDC_INLINE __m256i kdc_load_avx2(const void *from) { return _mm256_loadu_si256((const __m256i *)from); }
KDC_INLINE __m256i kdc_pair_avx2(const int16_t *from) {
  int32_t pair;
  __builtin_memcpy(&pair, from, 4);
  return _mm256_set1_epi32(pair);
}

// 16 bytes of two weights each, as int16; the low halves are channels 0 ... 7, the high ones 8 ... 15.
KDC_INLINE __m256i kdc_halves_avx2(const int8_t *from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}

KDC_INLINE __m256i kdc_low_halves_avx2(__m256i v) { return _mm256_srai_epi16(_mm256_slli_epi16(v, 12), 12); }
KDC_INLINE __m256i kdc_high_halves_avx2(__m256i v) { return _mm256_srai_epi16(v, 4); }

// (2·a·m + 2^31) >> 32 of 8 lanes, m > 0, after a shift to the left.
KDC_INLINE __m256i kdc_high_avx2(__m256i a, __m256i m, int pre_shift) {
  const __m256i half = _mm256_set1_epi64x(1 << 30);
  if (pre_shift) a = _mm256_slli_epi32(a, pre_shift);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, m), half);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(m, 32)), half);
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
}

// h + (r − zero) · multiplier for 8 lanes.
KDC_INLINE __m256i kdc_residual_avx2(__m256i h, const int8_t *r, int zero, int multiplier) {
  const __m256i x = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)r));
  const __m256i product =
      _mm256_mullo_epi32(_mm256_sub_epi32(x, _mm256_set1_epi32(zero)), _mm256_set1_epi32(multiplier));
  return _mm256_add_epi32(h, product);
}

// Rounding shift, zero point and clamp of 16 lanes.
KDC_INLINE __m256i kdc_rshr_avx2(__m256i h, int shift) {
  if (!shift) return h;
  const __m256i bit = _mm256_and_si256(_mm256_srli_epi32(h, shift - 1), _mm256_set1_epi32(1));
  return _mm256_add_epi32(_mm256_srai_epi32(h, shift), bit);
}

KDC_INLINE __m128i kdc_finish_avx2(__m256i h0, __m256i h1, int shift, int zero_point, int low, int high) {
  __m256i t = _mm256_packs_epi32(kdc_rshr_avx2(h0, shift), kdc_rshr_avx2(h1, shift));
  t = _mm256_adds_epi16(_mm256_permute4x64_epi64(t, 0xD8), _mm256_set1_epi16((int16_t)zero_point));
  __m128i y = _mm_packs_epi16(_mm256_castsi256_si128(t), _mm256_extracti128_si256(t, 1));
  y = _mm_max_epi8(y, _mm_set1_epi8((int8_t)low));
  return _mm_min_epi8(y, _mm_set1_epi8((int8_t)high));
}

// From 8 sums to their results before saturation, for shifts from 1 on. The rounding of (a·m + 2^30) >> 31 and that
// of the shift behind it are one: floors of floors. The zero point goes with them, and a bias of 2^62 + 2^55 that
// keeps the products positive, for want of an arithmetic shift of 64 bits.
KDC_INLINE __m256i kdc_scaled_avx2(__m256i a, __m256i m, int pre_shift, int shift, int zero_point) {
  const int64_t bias = (1ll << 62) + (1ll << 55);
  const __m256i round =
      _mm256_set1_epi64x(bias + (1 << 30) + (1ll << (30 + shift)) + zero_point * (1ll << (31 + shift)));
  if (pre_shift) a = _mm256_slli_epi32(a, pre_shift);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, m), round);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(m, 32)), round);
  const __m256i r = _mm256_blend_epi32(_mm256_srli_epi64(even, 31 + shift), _mm256_srli_epi64(odd, shift - 1), 0xAA);
  return _mm256_sub_epi32(r, _mm256_set1_epi32((int32_t)(bias >> (31 + shift))));
}

// 16 sums to int8.
KDC_INLINE __m128i kdc_requantize_avx2(__m256i a0, __m256i a1, __m256i m0, __m256i m1, int pre_shift, int shift,
                                       int zero_point, int low, int high) {
  if (!shift)
    return kdc_finish_avx2(kdc_high_avx2(a0, m0, pre_shift), kdc_high_avx2(a1, m1, pre_shift), shift, zero_point, low,
                           high);
  const __m256i r0 = kdc_scaled_avx2(a0, m0, pre_shift, shift, zero_point);
  const __m256i r1 = kdc_scaled_avx2(a1, m1, pre_shift, shift, zero_point);
  return kdc_finish_avx2(r0, r1, 0, 0, low, high);
}

// The first `count` of 16 bytes.
KDC_INLINE void kdc_store_avx2(int8_t *to, __m128i y, int32_t count) {
  if (count >= 16) {
    _mm_storeu_si128((__m128i *)(void *)to, y);
  } else {
    int8_t bytes[16];
    _mm_storeu_si128((__m128i *)(void *)bytes, y);
    for (int32_t i = 0; i < count; i++) to[i] = bytes[i];
  }
}
