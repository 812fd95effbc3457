// AVX2 for steps that change type.
#pragma once
#include <immintrin.h>
#include "base.h"

// The maximum's second operand is the result for NaN, as in the formula.
KDC_INLINE __m256i kdc_quantize8(const float *x, float scale) {
  const __m256 t = _mm256_max_ps(_mm256_mul_ps(_mm256_loadu_ps(x), _mm256_set1_ps(scale)), _mm256_set1_ps(-512.0f));
  const __m256 u = _mm256_min_ps(t, _mm256_set1_ps(511.0f));
  return _mm256_cvtps_epi32(_mm256_round_ps(u, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

KDC_INLINE __m256i kdc_quantize32(const float *x, float scale, int zero_point) {
  const __m256i zero = _mm256_set1_epi16((int16_t)zero_point);
  const __m256i a = _mm256_packs_epi32(kdc_quantize8(x, scale), kdc_quantize8(x + 8, scale));
  const __m256i b = _mm256_packs_epi32(kdc_quantize8(x + 16, scale), kdc_quantize8(x + 24, scale));
  const __m256i y = _mm256_packs_epi16(_mm256_adds_epi16(a, zero), _mm256_adds_epi16(b, zero));
  return _mm256_permutevar8x32_epi32(y, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// Bytes `first`, `first` + 3 … of 16 are those of v from `from` on, the others 0.
KDC_INLINE __m128i kdc_spread3(__m128i v, int first, int from) {
  int8_t at[16];
  for (int i = 0; i < 16; i++) at[i] = (int8_t)(i % 3 == first ? from + i / 3 : -128);
  return _mm_shuffle_epi8(v, _mm_loadu_si128((const __m128i *)(const void *)at));
}

KDC_INLINE void kdc_interleave3_16(int8_t *y, __m128i a, __m128i b, __m128i c) {
  __m128i *to = (__m128i *)(void *)y;
  _mm_storeu_si128(to, _mm_or_si128(_mm_or_si128(kdc_spread3(a, 0, 0), kdc_spread3(b, 1, 0)), kdc_spread3(c, 2, 0)));
  _mm_storeu_si128(to + 1,
                   _mm_or_si128(_mm_or_si128(kdc_spread3(a, 2, 6), kdc_spread3(b, 0, 5)), kdc_spread3(c, 1, 5)));
  _mm_storeu_si128(to + 2,
                   _mm_or_si128(_mm_or_si128(kdc_spread3(a, 1, 11), kdc_spread3(b, 2, 11)), kdc_spread3(c, 0, 10)));
}

// 32 pixels of three channels.
KDC_INLINE void kdc_interleave3(int8_t *y, __m256i a, __m256i b, __m256i c) {
  kdc_interleave3_16(y, _mm256_castsi256_si128(a), _mm256_castsi256_si128(b), _mm256_castsi256_si128(c));
  kdc_interleave3_16(y + 48, _mm256_extracti128_si256(a, 1), _mm256_extracti128_si256(b, 1),
                     _mm256_extracti128_si256(c, 1));
}
