/// C for `FloatMath.remainder`.
enum ScalarRemainder {
  static let helpers: [CHelper] = [
    CHelper(
      "kdc_remainderf",
      """
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
      """)
  ]
}
