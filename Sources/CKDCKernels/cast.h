// Float to integer: toward zero, saturating, NaN gives 0; and the formula of `QuantizeStep`.
#pragma once
#include "base.h"

static inline int32_t kdc_cast_int32(float x) {
  return x >= 2147483648.0f ? INT32_MAX : x >= -2147483648.0f ? (int32_t)x : x < -2147483648.0f ? INT32_MIN : 0;
}

static inline int64_t kdc_cast_int64(float x) {
  return x >= 9223372036854775808.0f    ? INT64_MAX
         : x >= -9223372036854775808.0f ? (int64_t)x
         : x < -9223372036854775808.0f  ? INT64_MIN
                                        : 0;
}

static inline int8_t kdc_cast_int8(float x) {
  return x >= 128.0f ? 127 : x >= -128.0f ? (int8_t)x : x < -128.0f ? -128 : 0;
}

static inline uint8_t kdc_cast_uint8(float x) { return x >= 256.0f ? 255 : x >= 0.0f ? (uint8_t)x : x < 0.0f ? 0 : 0; }

static inline int16_t kdc_cast_int16(float x) {
  return x >= 32768.0f ? 32767 : x >= -32768.0f ? (int16_t)x : x < -32768.0f ? -32768 : 0;
}

static inline uint16_t kdc_cast_uint16(float x) {
  return x >= 65536.0f ? 65535 : x >= 0.0f ? (uint16_t)x : x < 0.0f ? 0 : 0;
}

static inline uint32_t kdc_cast_uint32(float x) {
  return x >= 4294967296.0f ? UINT32_MAX : x >= 0.0f ? (uint32_t)x : x < 0.0f ? 0 : 0;
}

static inline uint64_t kdc_cast_uint64(float x) {
  return x >= 18446744073709551616.0f ? UINT64_MAX : x >= 0.0f ? (uint64_t)x : x < 0.0f ? 0 : 0;
}

static inline int8_t kdc_quantize(float x, float inverse_scale, int zero_point) {
  float t = x * inverse_scale;
  t = t > -512.0f ? t : -512.0f;
  t = t > 511.0f ? 511.0f : t;
  const int32_t q = (int32_t)__builtin_roundevenf(t) + zero_point;
  return (int8_t)(q < -128 ? -128 : q > 127 ? 127 : q);
}
