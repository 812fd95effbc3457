// `FloatMath` in C: trigonometric and hyperbolic functions and their inverses, in double, rounded once.
#pragma once
#include "base.h"
#include "float.h"
#include "power.h"

// magnitude = n * pi / 2 + r with |r| <= pi / 4, n modulo 4: the fractions of 2^8g / (2 * pi) in 29 bits, 29 bits and the rest.
KDC_INLINE int32_t kdc_quadrant(float magnitude, double *r) {
  static const double turns[14][3] = {
      {85445659, 240010261, 5.69002518269599e-19},   {399252338, 239342889, 3.4173196469191853e-18},
      {203125362, 68495868, 5.331977190006248e-19},  {460485152, 355073063, 1.19018493796901e-18},
      {309469353, 167520087, 2.8454593001021025e-18}, {304130383, 472340433, 3.3231678678328996e-18},
      {11096033, 123195893, 7.164709365867991e-19},  {156229946, 399635764, 3.0053182646326145e-18},
      {266418878, 301282525, 2.6136993642005284e-18}, {20627087, 355786176, 2.9732224602413937e-18},
      {448696233, 350077147, 1.3360673439552855e-18}, {512731558, 499178338, 2.027437761098926e-18},
      {262776558, 14377621, 2.0767270002365032e-18}, {161934854, 459445657, 8.167284116418754e-19}};
  const float m = magnitude < __builtin_inff() ? magnitude : 0.0f;
  const int32_t exponent = (int32_t)(kdc_to_bits(m) >> 23);
  const int32_t g = (exponent > 150 ? exponent - 150 : 0) >> 3;
  const double k = (double)m * kdc_from_bits64((uint64_t)(1023 - 8 * g) << 52);
  const double a = k * (turns[g][0] * 0x1p-27), b = k * (turns[g][1] * 0x1p-56);
  const double whole_a = __builtin_roundeven(a), whole_b = __builtin_roundeven(b);
  const double rest_a = a - whole_a, rest_b = b - whole_b;
  const double whole = __builtin_roundeven(rest_a + rest_b);
  const double rest = ((rest_a - whole) + rest_b) + k * (turns[g][2] * 4.0);
  const double n = whole_a + (whole_b + whole);
  *r = rest * 1.5707963267948966;
  return (int32_t)(n - 4.0 * __builtin_floor(n * 0.25));
}

// For |r| <= pi / 4.
KDC_INLINE double kdc_sine(double r) {
  const double z = r * r;
  double p = -1.0 / 39916800.0;
  p = p * z + 1.0 / 362880.0;
  p = p * z + -1.0 / 5040.0;
  p = p * z + 1.0 / 120.0;
  p = p * z + -1.0 / 6.0;
  return r + r * z * p;
}

// For |r| <= pi / 4.
KDC_INLINE double kdc_cosine(double r) {
  const double z = r * r;
  double p = 1.0 / 479001600.0;
  p = p * z + -1.0 / 3628800.0;
  p = p * z + 1.0 / 40320.0;
  p = p * z + -1.0 / 720.0;
  p = p * z + 1.0 / 24.0;
  p = p * z + -0.5;
  return 1.0 + z * p;
}

KDC_INLINE float kdc_sinf(float x) {
  double r;
  const int32_t n = kdc_quadrant(__builtin_fabsf(x), &r);
  const double s = kdc_sine(r), c = kdc_cosine(r), y = (n & 1) == 0 ? s : c;
  const float f = (float)((n & 2) == 0 ? y : -y) * kdc_signed(1.0f, x);
  return __builtin_fabsf(x) < __builtin_inff() ? f : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_cosf(float x) {
  double r;
  const int32_t n = kdc_quadrant(__builtin_fabsf(x), &r);
  const double s = kdc_sine(r), c = kdc_cosine(r), y = (n & 1) == 0 ? c : s;
  const float f = (float)(((n + 1) & 2) == 0 ? y : -y);
  return __builtin_fabsf(x) < __builtin_inff() ? f : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_tanf(float x) {
  double r;
  const int32_t n = kdc_quadrant(__builtin_fabsf(x), &r);
  const double s = kdc_sine(r), c = kdc_cosine(r);
  const float f = (float)((n & 1) == 0 ? s / c : -c / s) * kdc_signed(1.0f, x);
  return __builtin_fabsf(x) < __builtin_inff() ? f : kdc_from_bits(0x7fc00000u);
}

// asin(m) below 1 / 2, from there to 1 asin(sqrt((1 - m) / 2)).
KDC_INLINE double kdc_inner_asin(double m) {
  const int large = m >= 0.5;
  const double half = (1.0 - m) * 0.5, positive = half > 0.0 ? half : 0.0;
  const double z = large ? positive : m * m, root = __builtin_sqrt(positive), s = large ? root : m;
  double p = 0.03308117163171095;
  p = p * z + 0.0017925205172500767;
  p = p * z + 0.020731107000908834;
  p = p * z + 0.02184526740596102;
  p = p * z + 0.03042933903515837;
  p = p * z + 0.04464048762257642;
  p = p * z + 0.07500005894535756;
  p = p * z + 0.16666666610467779;
  return s + s * z * p;
}

KDC_INLINE float kdc_asinf(float x) {
  const double m = (double)__builtin_fabsf(x), y = kdc_inner_asin(m), outer = 1.5707963267948966 - 2.0 * y;
  const float f = (float)(m >= 0.5 ? outer : y) * kdc_signed(1.0f, x);
  return m <= 1.0 ? f : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_acosf(float x) {
  const double m = (double)__builtin_fabsf(x), y = kdc_inner_asin(m);
  const double outer = x < 0.0f ? 3.1415926535897931 - 2.0 * y : 2.0 * y;
  const double inner = 1.5707963267948966 - (x < 0.0f ? -y : y);
  const float f = (float)(m >= 0.5 ? outer : inner);
  return m <= 1.0 ? f : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_atanf(float x) {
  const double m = (double)__builtin_fabsf(x);
  const int large = m > 2.414213562373095, middle = m > 0.41421356237309503;
  const double a = large ? -1.0 : middle ? m - 1.0 : m, b = large ? m : middle ? m + 1.0 : 1.0;
  const double base = large ? 1.5707963267948966 : middle ? 0.78539816339744828 : 0.0;
  const double t = a / b, z = t * t;
  double p = -0.0376985715542979;
  p = p * z + 0.06976828570081278;
  p = p * z + -0.08993178779501222;
  p = p * z + 0.111035307834786;
  p = p * z + -0.14285391033501033;
  p = p * z + 0.19999993183061085;
  p = p * z + -0.33333333278328775;
  const float f = (float)(base + (t + t * z * p)) * kdc_signed(1.0f, x);
  return x == x ? f : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_sinhf(float x) {
  const double m = (double)__builtin_fabsf(x), e = kdc_exp64(m < 90.0 ? m : 90.0), z = m * m;
  double p = 1.0 / 39916800.0;
  p = p * z + 1.0 / 362880.0;
  p = p * z + 1.0 / 5040.0;
  p = p * z + 1.0 / 120.0;
  p = p * z + 1.0 / 6.0;
  const double inner = m + m * z * p, outer = 0.5 * (e - 1.0 / e);
  const float f = (float)(m < 1.0 ? inner : outer) * kdc_signed(1.0f, x);
  return x == x ? f : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_coshf(float x) {
  const double m = (double)__builtin_fabsf(x), e = kdc_exp64(m < 90.0 ? m : 90.0);
  const float f = (float)(0.5 * (e + 1.0 / e));
  return x == x ? f : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_asinhf(float x) {
  const float magnitude = __builtin_fabsf(x);
  const double m = magnitude < __builtin_inff() ? (double)magnitude : 1.0, z = m * m;
  const double y = kdc_log64(m + __builtin_sqrt(z + 1.0));
  double p = -5.0 / 112.0;
  p = p * z + 3.0 / 40.0;
  p = p * z + -1.0 / 6.0;
  const double inner = m + m * z * p;
  const float f = (float)(m < 0.0625 ? inner : y) * kdc_signed(1.0f, x);
  return x == x ? (magnitude == __builtin_inff() ? x : f) : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_acoshf(float x) {
  const float from = x < 1.0f ? 1.0f : x;
  const double m = __builtin_fabsf(from) < __builtin_inff() ? (double)from : 1.0;
  const float f = (float)kdc_log64(m + __builtin_sqrt((m - 1.0) * (m + 1.0)));
  return x >= 1.0f ? (x == __builtin_inff() ? x : f) : kdc_from_bits(0x7fc00000u);
}

KDC_INLINE float kdc_atanhf(float x) {
  const double m = (double)__builtin_fabsf(x), inside = m < 1.0 ? m : 0.0, z = inside * inside;
  const double y = 0.5 * kdc_log64((1.0 + inside) / (1.0 - inside));
  double p = 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z + 1.0 / 3.0;
  const double inner = m + m * z * p;
  const float f = (float)(m < 0.0625 ? inner : y), infinity = __builtin_inff();
  return m <= 1.0 ? (m == 1.0 ? infinity : f) * kdc_signed(1.0f, x) : kdc_from_bits(0x7fc00000u);
}
