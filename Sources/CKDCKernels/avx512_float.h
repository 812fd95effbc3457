// AVX-512 for float sums of products, sixteen lanes.
#pragma once
#include <immintrin.h>
#include "base.h"

KDC_INLINE __m512 kdc_load_f16(const float *from) { return _mm512_loadu_ps(from); }

KDC_INLINE void kdc_store_f16(float *to, __m512 v) { _mm512_storeu_ps(to, v); }

// The first 1 to 15 lanes.
KDC_INLINE void kdc_store_some_f16(float *to, __m512 v, int count) {
  _mm512_mask_storeu_ps(to, (__mmask16)((1 << count) - 1), v);
}

KDC_INLINE __m512 kdc_set_f16(float x) { return _mm512_set1_ps(x); }

KDC_INLINE __m512 kdc_add_f16(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }

KDC_INLINE __m512 kdc_sub_f16(__m512 a, __m512 b) { return _mm512_sub_ps(a, b); }

// s + x * w, rounded once.
KDC_INLINE __m512 kdc_fma_f16(__m512 s, __m512 x, __m512 w) { return _mm512_fmadd_ps(x, w, s); }

// `FloatFunction` relu and clip: NaN stays, -0 becomes 0.
KDC_INLINE __m512 kdc_relu_f16(__m512 v) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NLE_UQ), v);
}

KDC_INLINE __m512 kdc_clip_f16(__m512 v, float low, float high) {
  const __m512 l = _mm512_set1_ps(low), t = _mm512_mask_mov_ps(l, _mm512_cmp_ps_mask(v, l, _CMP_NLE_UQ), v);
  return _mm512_min_ps(_mm512_set1_ps(high), t);
}
