// The integer semantics of `Requantization`, and integer powers.
#pragma once
#include "base.h"

static inline int32_t kdc_rdmulh(int32_t a, int32_t m) { return (int32_t)(((int64_t)a * m + (1 << 30)) >> 31); }

// Rounding shift, zero point, clamp.
static inline int8_t kdc_finish(int32_t h, int shift, int zero_point, int low, int high) {
  int32_t r = shift ? (int32_t)(((int64_t)h + ((int64_t)1 << (shift - 1))) >> shift) : h;
  r = r > 32767 ? 32767 : r < -32768 ? -32768 : r;
  r += zero_point;
  r = r > 32767 ? 32767 : r < -32768 ? -32768 : r;
  return (int8_t)(r < low ? low : r > high ? high : r);
}

static inline int8_t kdc_clamp(int8_t q, int8_t low, int8_t high) { return q < low ? low : q > high ? high : q; }

static inline uint64_t kdc_power_unsigned(uint64_t a, uint64_t b) {
  uint64_t r = 1;
  for (; b > 0; b >>= 1) {
    r = (b & 1) ? r * a : r;
    a = a * a;
  }
  return r;
}

static inline int64_t kdc_power_signed(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? ((b & 1) ? -1 : 1) : 0;
  return (int64_t)kdc_power_unsigned((uint64_t)a, (uint64_t)b);
}
