// AVX-512 VNNI parts of integer convolutions, with the same results as `Requantization`.
#pragma once
#include <immintrin.h>
#include "base.h"

KDC_INLINE __m512i kdc_load_512(const void *from) { return _mm512_loadu_si512(from); }
KDC_INLINE __m512i kdc_four_512(const uint8_t *from) {
  int32_t four;
  __builtin_memcpy(&four, from, 4);
  return _mm512_set1_epi32(four);
}

KDC_INLINE __m512i kdc_dot_512(__m512i s, __m512i x, __m512i w) { return _mm512_dpbusd_epi32(s, x, w); }

// The first `count` of 16 lanes; none where it is negative.
KDC_INLINE __mmask16 kdc_lanes_512(int32_t count) {
  return (__mmask16)(count >= 16 ? 0xFFFF : count <= 0 ? 0 : (1 << count) - 1);
}

KDC_INLINE __m128i kdc_clamp_512(__m128i y, int low, int high) {
  if (low > -128) y = _mm_max_epi8(y, _mm_set1_epi8((int8_t)low));
  if (high < 127) y = _mm_min_epi8(y, _mm_set1_epi8((int8_t)high));
  return y;
}

// Even and odd lanes of 64-bit products, shifted to 32 bits by 31 and more.
KDC_INLINE __m512i kdc_join_512(__m512i even, __m512i odd, int shift) {
  even = _mm512_srai_epi64(even, 31 + shift);
  odd = shift ? _mm512_srai_epi64(odd, shift - 1) : _mm512_slli_epi64(odd, 1);
  return _mm512_mask_blend_epi32(0xAAAA, even, odd);
}

// int8 of 32 bits that still lack the zero point.
KDC_INLINE __m128i kdc_narrow_512(__m512i r, int zero_point) {
  const __m256i t = _mm512_cvtsepi32_epi16(r);
  return _mm256_cvtsepi16_epi8(_mm256_adds_epi16(t, _mm256_set1_epi16((int16_t)zero_point)));
}

// Requantises 16 sums; m0 has their multipliers, m1 those of odd lanes in the even ones. The rounding of
// (a·m + 2^30) >> 31 and that of the shift behind it are one: floors of floors. The zero point goes with them.
KDC_INLINE __m128i kdc_requantize_512(__m512i a, __m512i m0, __m512i m1, int pre_shift, int shift, int zero_point,
                                      int low, int high) {
  if (pre_shift) a = _mm512_slli_epi32(a, pre_shift);
  const int64_t behind = shift ? (1ll << (30 + shift)) + zero_point * (1ll << (31 + shift)) : 0;
  const __m512i round = _mm512_set1_epi64((1 << 30) + behind);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, m0), round);
  const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), m1), round);
  const __m512i r = kdc_join_512(even, odd, shift);
  return kdc_clamp_512(shift ? _mm512_cvtsepi32_epi8(r) : kdc_narrow_512(r, zero_point), low, high);
}

// The same with (r − zero) · multiplier added to the product's high half, modulo 2^32.
KDC_INLINE __m128i kdc_requantize_residual_512(__m512i a, __m512i m0, __m512i m1, __m128i r, int zero, int multiplier,
                                               int pre_shift, int shift, int zero_point, int low, int high) {
  if (pre_shift) a = _mm512_slli_epi32(a, pre_shift);
  const __m512i round = _mm512_set1_epi64((1 << 30) - (int64_t)(zero * multiplier) * (1ll << 31));
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, m0), round);
  const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), m1), round);
  __m512i h = kdc_join_512(even, odd, 0);
  h = _mm512_add_epi32(h, _mm512_madd_epi16(_mm512_cvtepi8_epi32(r), _mm512_set1_epi32(multiplier & 0xFFFF)));
  if (shift) { // what the minimum changes saturates in any case
    const int half = 1 << (shift - 1);
    h = _mm512_add_epi32(_mm512_min_epi32(h, _mm512_set1_epi32(INT32_MAX - half)), _mm512_set1_epi32(half));
    h = _mm512_srai_epi32(h, shift);
  }
  return kdc_clamp_512(kdc_narrow_512(h, zero_point), low, high);
}

KDC_INLINE __mmask64 kdc_bytes_512(int32_t count) { return count >= 64 ? ~0ull : (1ull << count) - 1; }
KDC_INLINE void kdc_fill_512(uint8_t *to, __m512i value, int32_t count) {
  int32_t i = 0;
  for (; i + 64 <= count; i += 64) _mm512_storeu_si512(to + i, value);
  if (i < count) _mm512_mask_storeu_epi8(to + i, kdc_bytes_512(count - i), value);
}

// Rows first … first + rows − 1 of an image of `height` rows `stride` bytes apart, as unsigned bytes: `bytes` of
// each, with `left` of `zero` before them and up to `pitch` in all; rows outside are all zero.
KDC_HELPER void kdc_flip_rows_512(uint8_t *to, const int8_t *from, int32_t first, int32_t rows, int32_t height,
                                  int32_t stride, int32_t bytes, int32_t left, int32_t pitch, int zero) {
  const __m512i flip = _mm512_set1_epi8(-128), pad = _mm512_set1_epi8((int8_t)(zero ^ -128));
  for (int32_t y = first; y < first + rows; y++, to += pitch) {
    if (y < 0 || y >= height) {
      kdc_fill_512(to, pad, pitch);
    } else {
      const int8_t *x = from + (ptrdiff_t)y * stride;
      uint8_t *row = to + left;
      kdc_fill_512(to, pad, left);
      int32_t i = 0;
      for (; i + 64 <= bytes; i += 64) _mm512_storeu_si512(row + i, _mm512_xor_si512(_mm512_loadu_si512(x + i), flip));
      if (i < bytes) {
        const __mmask64 mask = kdc_bytes_512(bytes - i);
        _mm512_mask_storeu_epi8(row + i, mask, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, x + i), flip));
      }
      kdc_fill_512(row + bytes, pad, pitch - left - bytes);
    }
  }
}
