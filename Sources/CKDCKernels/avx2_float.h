// AVX2 with FMA for float sums of products, eight lanes.
#pragma once
#include <immintrin.h>
#include "base.h"

KDC_INLINE __m256 kdc_load_f8(const float *from) { return _mm256_loadu_ps(from); }

KDC_INLINE void kdc_store_f8(float *to, __m256 v) { _mm256_storeu_ps(to, v); }

// The first 1 to 7 lanes.
KDC_INLINE void kdc_store_some_f8(float *to, __m256 v, int count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  _mm256_maskstore_ps(to, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lanes), v);
}

KDC_INLINE __m256 kdc_set_f8(float x) { return _mm256_set1_ps(x); }

KDC_INLINE __m256 kdc_add_f8(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }

KDC_INLINE __m256 kdc_sub_f8(__m256 a, __m256 b) { return _mm256_sub_ps(a, b); }

// s + x * w, rounded once.
KDC_INLINE __m256 kdc_fma_f8(__m256 s, __m256 x, __m256 w) { return _mm256_fmadd_ps(x, w, s); }

// `FloatFunction` relu and clip: NaN stays, -0 becomes 0.
KDC_INLINE __m256 kdc_relu_f8(__m256 v) {
  return _mm256_and_ps(v, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NLE_UQ));
}

KDC_INLINE __m256 kdc_clip_f8(__m256 v, float low, float high) {
  const __m256 l = _mm256_set1_ps(low), t = _mm256_blendv_ps(l, v, _mm256_cmp_ps(v, l, _CMP_NLE_UQ));
  return _mm256_min_ps(_mm256_set1_ps(high), t);
}
