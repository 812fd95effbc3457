// AVX VNNI parts of integer convolutions, and the copies of rows that both widths share.
#pragma once
#include <immintrin.h>
#include "base.h"

KDC_INLINE __m256i kdc_load_256(const void *from) { return _mm256_loadu_si256((const __m256i *)from); }
KDC_INLINE __m256i kdc_four_256(const uint8_t *from) {
  int32_t four;
  __builtin_memcpy(&four, from, 4);
  return _mm256_set1_epi32(four);
}

KDC_INLINE __m256i kdc_dot_256(__m256i s, __m256i x, __m256i w) {
#if defined(__AVXVNNI__)
  return _mm256_dpbusd_avx_epi32(s, x, w);
#else
  return _mm256_dpbusd_epi32(s, x, w);
#endif
}

KDC_INLINE void kdc_fill_256(uint8_t *to, uint8_t value, int32_t count) {
  for (int32_t i = 0; i < count; i += 16) _mm_storeu_si128((__m128i *)(void *)(to + i), _mm_set1_epi8((int8_t)value));
}

// As kdc_widen_rows, but to unsigned bytes.
KDC_HELPER void kdc_flip_rows_256(uint8_t *to, const int8_t *from, int32_t first, int32_t rows, int32_t height,
                                  int32_t stride, int32_t bytes, int32_t left, int32_t pitch, int zero) {
  const uint8_t pad = (uint8_t)(zero ^ -128);
  for (int32_t y = first; y < first + rows; y++, to += pitch) {
    if (y < 0 || y >= height) {
      kdc_fill_256(to, pad, pitch);
    } else {
      const int8_t *x = from + (ptrdiff_t)y * stride;
      kdc_fill_256(to, pad, left);
      for (int32_t i = 0; i < bytes; i += 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(x + i));
        _mm_storeu_si128((__m128i *)(void *)(to + left + i), _mm_xor_si128(v, _mm_set1_epi8(-128)));
      }
      kdc_fill_256(to + left + bytes, pad, pitch - left - bytes);
    }
  }
}

// 16 channels of column x, as unsigned bytes.
KDC_INLINE __m128i kdc_column(const int8_t *row, int32_t x, int32_t width, int32_t channels, __m128i pad) {
  if (x < 0 || x >= width) return pad;
  const int8_t *at = row + (ptrdiff_t)x * channels;
  return _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)at), _mm_set1_epi8(-128));
}

// Row y of an image, `left` columns of `zero` before it and as many behind as it takes, as quads: for each block of
// 16 channels and each even column x the bytes of columns x … x + 3, channel by channel.
KDC_HELPER void kdc_quads_row(uint8_t *to, const int8_t *from, int32_t y, int32_t height, int32_t width,
                              int32_t channels, int32_t left, int32_t quads, int zero) {
  const __m128i pad = _mm_set1_epi8((int8_t)(zero ^ -128));
  if (y < 0 || y >= height) width = 0;
  for (int32_t c = 0; c < channels; c += 16) {
    const int8_t *row = from + (ptrdiff_t)y * width * channels + c;
    __m128i v0 = kdc_column(row, -left, width, channels, pad), v1 = kdc_column(row, 1 - left, width, channels, pad);
    __m128i low = _mm_unpacklo_epi8(v0, v1), high = _mm_unpackhi_epi8(v0, v1);
    for (int32_t x = 2 - left; x < 2 - left + 2 * quads; x += 2, to += 64) {
      v0 = kdc_column(row, x, width, channels, pad), v1 = kdc_column(row, x + 1, width, channels, pad);
      const __m128i next_low = _mm_unpacklo_epi8(v0, v1), next_high = _mm_unpackhi_epi8(v0, v1);
      __m128i *quad = (__m128i *)(void *)to;
      _mm_storeu_si128(quad, _mm_unpacklo_epi16(low, next_low));
      _mm_storeu_si128(quad + 1, _mm_unpackhi_epi16(low, next_low));
      _mm_storeu_si128(quad + 2, _mm_unpacklo_epi16(high, next_high));
      _mm_storeu_si128(quad + 3, _mm_unpackhi_epi16(high, next_high));
      low = next_low, high = next_high;
    }
  }
}
