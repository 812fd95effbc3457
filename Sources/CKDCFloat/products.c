/* Each loop is compiled for the machine's baseline and, on x86-64, for cores with FMA: without that the C library
   computes the same bits slowly. */
#include "kdc_float.h"

#define ADD_PRODUCTS(name)                                                                                             \
  static void name(float *restrict sums, const float *restrict factors, const float *restrict weights, int64_t depth,  \
                   int64_t stride, int64_t count) {                                                                    \
    int64_t n = 0;                                                                                                     \
    for (; n + 32 <= count; n += 32) {                                                                                 \
      float block[32];                                                                                                 \
      for (int l = 0; l < 32; l++) block[l] = sums[n + l];                                                             \
      for (int64_t i = 0; i < depth; i++)                                                                              \
        for (int l = 0; l < 32; l++)                                                                                   \
          block[l] = __builtin_fmaf(factors[i], weights[i * stride + n + l], block[l]);                                \
      for (int l = 0; l < 32; l++) sums[n + l] = block[l];                                                             \
    }                                                                                                                  \
    for (int64_t i = 0; i < depth && n < count; i++)                                                                   \
      for (int64_t l = n; l < count; l++) sums[l] = __builtin_fmaf(factors[i], weights[i * stride + l], sums[l]);      \
  }

#define ADD_PAIRS(name)                                                                                                \
  static void name(float *restrict sums, const float *restrict a, const float *restrict b, int64_t count) {            \
    for (int64_t n = 0; n < count; n++) sums[n] = __builtin_fmaf(a[n], b[n], sums[n]);                                 \
  }

ADD_PRODUCTS(add_products)
ADD_PAIRS(add_pairs)

#if defined(__x86_64__)
#define WITH_FMA __attribute__((target("avx2,fma")))
WITH_FMA ADD_PRODUCTS(add_products_fma)
WITH_FMA ADD_PAIRS(add_pairs_fma)
#define CHOOSE(name) (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2") ? name##_fma : name)
#else
#define CHOOSE(name) name
#endif

void kdc_float_add_products(float *sums, const float *factors, const float *weights, int64_t depth, int64_t stride,
                            int64_t count) {
  CHOOSE(add_products)(sums, factors, weights, depth, stride, count);
}

void kdc_float_add_pairs(float *sums, const float *a, const float *b, int64_t count) {
  CHOOSE(add_pairs)(sums, a, b, count);
}
