/* SHA-256 (FIPS 180-4) over bytes that come in pieces. Functions of a header: see seal.h. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { KDC_SHA256_BYTES = 32 };

typedef struct {
  uint32_t state[8];
  uint64_t size;     /* bytes so far */
  uint8_t block[64]; /* the last size % 64 of them */
} kdc_sha256;

static inline __attribute__((always_inline)) uint32_t kdc_sha256_rotate(uint32_t x, int by) {
  return x >> by | x << (32 - by);
}

static __attribute__((noinline, unused)) void kdc_sha256_block(uint32_t state[8], const uint8_t *at) {
  static const uint32_t k[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t w[16], s0 = state[0], s1 = state[1], s2 = state[2], s3 = state[3], s4 = state[4], s5 = state[5],
                  s6 = state[6], s7 = state[7];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)at[4 * i] << 24 | (uint32_t)at[4 * i + 1] << 16 | (uint32_t)at[4 * i + 2] << 8 | at[4 * i + 3];
/* Round i; instead of every word by one place, the names move. */
#define KDC_ROUND(a, b, c, d, e, f, g, h, i)                                                                           \
  h += (kdc_sha256_rotate(e, 6) ^ kdc_sha256_rotate(e, 11) ^ kdc_sha256_rotate(e, 25)) + (g ^ (e & (f ^ g))) + k[i] +  \
       w[(i) & 15];                                                                                                    \
  d += h;                                                                                                              \
  h += (kdc_sha256_rotate(a, 2) ^ kdc_sha256_rotate(a, 13) ^ kdc_sha256_rotate(a, 22)) + ((a & b) | (c & (a | b)));
  for (int i = 0; i < 64; i += 8) {
    for (int j = i; j < i + 8 && i >= 16; j++) {
      uint32_t x = w[(j + 1) & 15], y = w[(j + 14) & 15];
      w[j & 15] += (kdc_sha256_rotate(x, 7) ^ kdc_sha256_rotate(x, 18) ^ x >> 3) + w[(j + 9) & 15] +
                   (kdc_sha256_rotate(y, 17) ^ kdc_sha256_rotate(y, 19) ^ y >> 10);
    }
    KDC_ROUND(s0, s1, s2, s3, s4, s5, s6, s7, i)
    KDC_ROUND(s7, s0, s1, s2, s3, s4, s5, s6, i + 1)
    KDC_ROUND(s6, s7, s0, s1, s2, s3, s4, s5, i + 2)
    KDC_ROUND(s5, s6, s7, s0, s1, s2, s3, s4, i + 3)
    KDC_ROUND(s4, s5, s6, s7, s0, s1, s2, s3, i + 4)
    KDC_ROUND(s3, s4, s5, s6, s7, s0, s1, s2, i + 5)
    KDC_ROUND(s2, s3, s4, s5, s6, s7, s0, s1, i + 6)
    KDC_ROUND(s1, s2, s3, s4, s5, s6, s7, s0, i + 7)
  }
#undef KDC_ROUND
  const uint32_t sums[8] = {s0, s1, s2, s3, s4, s5, s6, s7};
  for (int i = 0; i < 8; i++) state[i] += sums[i];
}

static inline void kdc_sha256_start(kdc_sha256 *hash) {
  *hash = (kdc_sha256){
      {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}, 0, {0}};
}

static __attribute__((noinline, unused)) void kdc_sha256_add(kdc_sha256 *hash, const uint8_t *data, size_t size) {
  while (size) {
    size_t used = hash->size % 64, part = 64 - used < size ? 64 - used : size;
    if (part == 64) {
      kdc_sha256_block(hash->state, data);
    } else {
      for (size_t i = 0; i < part; i++) hash->block[used + i] = data[i];
      if (used + part == 64) kdc_sha256_block(hash->state, hash->block);
    }
    hash->size += part;
    data += part;
    size -= part;
  }
}

static inline void kdc_sha256_end(kdc_sha256 *hash, uint8_t digest[KDC_SHA256_BYTES]) {
  uint64_t bits = hash->size * 8;
  uint8_t tail[72] = {0x80};
  size_t zeros = (119 - hash->size % 64) % 64; /* 0x80, these, and the length fill the last block */
  for (int i = 0; i < 8; i++) tail[1 + zeros + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
  kdc_sha256_add(hash, tail, 9 + zeros);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
