// `FloatMath.power` and `FloatMath.remainder` in C.
#pragma once
#include "base.h"
#include "float.h"

static inline double kdc_from_bits64(uint64_t bits) {
  union {
    uint64_t u;
    double f;
  } x = {bits};
  return x.f;
}

static inline uint64_t kdc_to_bits64(double value) {
  union {
    double f;
    uint64_t u;
  } x = {value};
  return x.u;
}

// ln m of a positive normal number.
KDC_INLINE double kdc_log64(double m) {
  const uint64_t bits = kdc_to_bits64(m), above = bits - 0x3fe6a09e00000000u;
  const double n = (double)(int32_t)((int64_t)above >> 52);
  const double f = kdc_from_bits64(bits - (above & 0xfff0000000000000u));
  const double s = (f - 1.0) / (f + 1.0);
  const double z = s * s;
  double p = 1.0 / 17.0;
  p = p * z + 1.0 / 15.0;
  p = p * z + 1.0 / 13.0;
  p = p * z + 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z + 1.0 / 3.0;
  p = p * z + 1.0;
  return n * 0.69314718055994531 + (2.0 * s) * p;
}

// e^t for -110 <= t <= 90.
KDC_INLINE double kdc_exp64(double t) {
  const double k = __builtin_roundeven(t * 1.4426950408889634);
  const double r = t - k * 0.69314718055994531;
  double p = 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return p * kdc_from_bits64((uint64_t)((int64_t)(int32_t)k + 1023) << 52);
}

KDC_INLINE float kdc_powerf(float a, float b) {
  const float magnitude = __builtin_fabsf(a), infinity = __builtin_inff();
  const double m = (double)magnitude;
  const double l = magnitude == 0.0f ? -__builtin_inf() : magnitude == infinity ? m : kdc_log64(m);
  const double product = (double)b * l;
  double t = product > -110.0 ? product : -110.0;
  t = t < 90.0 ? t : 90.0;
  const float y = (float)kdc_exp64(t);
  const int whole = __builtin_floorf(b) == b;
  const int odd = whole & (__builtin_floorf(b * 0.5f) != b * 0.5f);
  const int one = (b == 0.0f) | (a == 1.0f) | ((a == -1.0f) & (__builtin_fabsf(b) == infinity));
  const int real = (a == a) & (b == b) & ((a >= 0.0f) | whole | (a == -infinity));
  return one ? 1.0f : !real ? kdc_from_bits(0x7fc00000u) : odd ? kdc_signed(y, a) : y;
}

// C's fmodf in integers: both numbers are m · 2^(e − 150), and m · 2^n mod the divisor's m is taken 40 bits at a time.
static inline float kdc_remainderf(float x, float y) {
  union {
    float f;
    uint32_t u;
  } result = {.f = x}, divisor = {.f = y};
  const uint32_t sign = result.u & 0x80000000u, a = result.u & 0x7fffffffu, b = divisor.u & 0x7fffffffu;
  if (b == 0 || b > 0x7f800000u || a >= 0x7f800000u) {
    result.u = 0x7fc00000u;
    return result.f;
  }
  if (a < b) return x;
  const int32_t exponent = b >> 23 ? (int32_t)(b >> 23) : 1;
  const uint64_t m = b >> 23 ? (b & 0x7fffffu) | 0x800000u : b;
  uint64_t r = (a >> 23 ? (a & 0x7fffffu) | 0x800000u : a) % m;
  for (int32_t n = (a >> 23 ? (int32_t)(a >> 23) : 1) - exponent; n > 0; n -= 40) r = (r << (n < 40 ? n : 40)) % m;
  // Normalised, as far as exponents go.
  int32_t e = exponent;
  while (r != 0 && r < 0x800000u && e > 1) {
    r <<= 1;
    e--;
  }
  result.u = sign | (r < 0x800000u ? (uint32_t)r : (uint32_t)e << 23 | ((uint32_t)r & 0x7fffffu));
  return result.f;
}
