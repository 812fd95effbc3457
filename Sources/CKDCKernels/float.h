// `FloatMath` in C: the same operations in the same order, branches written as selections so that loops vectorise.
#pragma once
#include "base.h"

static inline float kdc_from_bits(uint32_t bits) {
  union {
    uint32_t u;
    float f;
  } x = {bits};
  return x.f;
}

static inline uint32_t kdc_to_bits(float value) {
  union {
    float f;
    uint32_t u;
  } x = {value};
  return x.u;
}

// y, where it is no NaN: arithmetic makes NaN of other bits on each architecture.
static inline float kdc_number(float y) { return y == y ? y : kdc_from_bits(0x7fc00000u); }

// `magnitude`, which is not negative, with the sign of x.
static inline float kdc_signed(float magnitude, float x) {
  return kdc_from_bits(kdc_to_bits(magnitude) | (kdc_to_bits(x) & 0x80000000u));
}

// n and e^r - 1 of x = n * ln 2 + r.
static inline float kdc_exponential(float x, float *n) {
  *n = __builtin_roundevenf(x * 1.4426950408889634f);
  const float r = (x - *n * 0.693359375f) - *n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r);
  return p + r;
}

static inline float kdc_power_of_two(int32_t n) { return kdc_from_bits((uint32_t)(n + 127) << 23); }

KDC_INLINE float kdc_expf(float value) {
  float n, x = value > -104.0f ? value : -104.0f;
  x = x < 89.0f ? x : 89.0f;
  const float tail = kdc_exponential(x, &n);
  const int32_t k = (int32_t)n, half = k >> 1;
  const float y = (tail + 1.0f) * kdc_power_of_two(half) * kdc_power_of_two(k - half);
  return value == value ? y : kdc_from_bits(0x7fc00000u);
}

// e^x - 1 for x <= 0; 0 for more.
static inline float kdc_expm1f(float value) {
  float n;
  const float x = value < 0.0f ? value : 0.0f;
  const float tail = kdc_exponential(value > -30.0f ? x : -30.0f, &n);
  const float scale = kdc_power_of_two((int32_t)n);
  const float y = tail * scale + (scale - 1.0f);
  return value == value ? y : kdc_from_bits(0x7fc00000u);
}

static inline float kdc_sigmoidf(float x) {
  const float e = kdc_expf(-__builtin_fabsf(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

KDC_INLINE float kdc_tanhf(float x) {
  const float magnitude = __builtin_fabsf(x);
  const float s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s + -5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s + -3.33332819422e-1f;
  p = p * s;
  p = p * magnitude + magnitude;
  const float t = 1.0f - 2.0f / (kdc_expf(2.0f * magnitude) + 1.0f);
  const float y = kdc_signed(magnitude < 0.625f ? p : t, x);
  return x == x ? y : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_logf(float value) {
  const int tiny = value < 1.1754944e-38f;
  const float x = tiny ? value * 8388608.0f : value;
  const uint32_t bits = kdc_to_bits(x);
  int32_t e = (int32_t)(bits >> 23) - (tiny ? 149 : 126);
  float m = kdc_from_bits((bits & 0x007fffffu) | 0x3f000000u);
  const int low = m < 0.70710678f;
  e = low ? e - 1 : e;
  m = low ? m + m : m;
  m = m - 1.0f;
  const float z = m * m;
  float p = 7.0376836292e-2f;
  p = p * m + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m;
  p = p * z;
  const float n = (float)e;
  p = p + n * -2.12194440e-4f;
  p = p + z * -0.5f;
  const float y = (m + p) + n * 0.693359375f;
  return !(value >= 0.0f)        ? kdc_from_bits(0x7fc00000u)
         : value == 0.0f         ? -__builtin_inff()
         : value > 3.4028235e38f ? value
                                 : y;
}

// erf(m) / m for 0 <= m < 1.
static inline float kdc_inner_erff(float m) {
  const float s = m * m;
  float p = 7.853861353153693e-5f;
  p = p * s + -8.010193625184903e-4f;
  p = p * s + 5.188327685732524e-3f;
  p = p * s + -2.685381193529856e-2f;
  p = p * s + 1.128358514861418e-1f;
  p = p * s + -3.761262582423300e-1f;
  p = p * s + 1.128379165726710f;
  return p;
}

// 1 - erf(magnitude) for magnitude >= 0.
KDC_INLINE float kdc_erfcf(float magnitude) {
  const float m = magnitude < 12.0f ? magnitude : 12.0f;
  const float q = 1.0f / m;
  const float y = q * q;
  float u = 2.326819970068386e-2f;
  u = u * y + -1.387039388740657e-1f;
  u = u * y + 3.687424674597105e-1f;
  u = u * y + -5.824733027278666e-1f;
  u = u * y + 6.210004621745983e-1f;
  u = u * y + -4.944515323274145e-1f;
  u = u * y + 3.404879937665872e-1f;
  u = u * y + -2.741127028184656e-1f;
  u = u * y + 5.638259427386472e-1f;
  float v = -1.047766399936249e+1f;
  v = v * y + 1.297719955372516e+1f;
  v = v * y + -7.495518717768503f;
  v = v * y + 2.921019019210786f;
  v = v * y + -1.015265279202700f;
  v = v * y + 4.218463358204948e-1f;
  v = v * y + -2.820767439740514e-1f;
  v = v * y + 5.641895067754075e-1f;
  const float high = kdc_from_bits(kdc_to_bits(m) & 0xfffff000u);
  const float low = (m - high) * (m + high);
  const float tail = ((kdc_expf(-(high * high)) * kdc_expf(-low)) * q) * (m < 2.0f ? u : v);
  const float inner = 1.0f - m * kdc_inner_erff(m);
  return m < 1.0f ? inner : tail;
}

KDC_INLINE float kdc_erff(float x) {
  const float m = __builtin_fabsf(x);
  const float inner = m * kdc_inner_erff(m), outer = 1.0f - kdc_erfcf(m);
  const float y = kdc_signed(m < 1.0f ? inner : m < 4.0f ? outer : 1.0f, x);
  return x == x ? y : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_geluf(float x) {
  const float c = kdc_erfcf(__builtin_fabsf(x) * 0.70710678f);
  return kdc_number((0.5f * x) * (x < 0.0f ? c : 2.0f - c));
}

KDC_INLINE float kdc_softplusf(float x) {
  const float e = kdc_expf(-__builtin_fabsf(x));
  const float u = 1.0f + e;
  return (x > 0.0f ? x : 0.0f) + (kdc_logf(u) + (e - (u - 1.0f)) / u);
}

// NaN stays, and -0 becomes `low` where that is 0.
static inline float kdc_clampf(float x, float low, float high) {
  const float t = x <= low ? low : x;
  return t > high ? high : t;
}

// Whether a is larger than b: NaN is larger than all numbers.
static inline int kdc_above(float a, float b) { return (a > b) | ((a != a) & (b == b)); }
