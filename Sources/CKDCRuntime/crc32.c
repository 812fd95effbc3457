#include "internal.h"

#if defined(__aarch64__)
enum { AT_HWCAP_KEY = 16, HWCAP_CRC32_BIT = 1 << 7 };

__attribute__((target("crc"))) static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *data, size_t size) {
  for (; size >= 8; size -= 8, data += 8) {
    uint64_t word;
    memcpy(&word, data, 8);
    crc = __builtin_arm_crc32d(crc, word);
  }
  for (; size; size--) crc = __builtin_arm_crc32b(crc, *data++);
  return crc;
}
#endif

uint32_t kdc_crc32(uint32_t crc, const void *bytes, size_t size) {
  const uint8_t *data = bytes;
  crc = ~crc;
#if defined(__aarch64__)
  if (getauxval(AT_HWCAP_KEY) & HWCAP_CRC32_BIT) return ~crc_by_instruction(crc, data, size);
#endif
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (0xEDB88320u & (0u - (value & 1)));
    table[i] = value;
  }
  while (size--) crc = crc >> 8 ^ table[(crc ^ *data++) & 255];
  return ~crc;
}
