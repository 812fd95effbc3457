/* npz archives: as this runtime writes them, or with deflated members. */
#include "fuzz.h"
#include <zlib.h>

static void put(uint8_t **at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) *(*at)++ = (uint8_t)(value >> 8 * i);
}

size_t fuzz_make(uint8_t to[MOST_BYTES]) {
  uint8_t raw[400], *at = to;
  uint32_t fields[3][5], count = 1 + (uint32_t)fuzz_below(3);
  for (uint32_t i = 0; i < count; i++) {
    size_t size = fuzz_below(sizeof raw), stored = size;
    uint32_t method = fuzz_below(2) ? 8 : 0;
    for (size_t j = 0; j < size; j++) raw[j] = (uint8_t)(j / 5);
    uint8_t packed[1000];
    memcpy(packed, raw, size);
    if (method) {
      z_stream z = {0};
      deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
      z.next_in = raw, z.avail_in = (unsigned)size, z.next_out = packed, z.avail_out = sizeof packed;
      deflate(&z, Z_FINISH);
      stored = z.total_out;
      deflateEnd(&z);
    }
    const uint32_t all[] = {method, kdc_crc32(0, raw, size), (uint32_t)stored, (uint32_t)size, (uint32_t)(at - to)};
    memcpy(fields[i], all, sizeof all);
    put(&at, 0x04034B50, 4);
    put(&at, 20, 2), put(&at, 0, 2), put(&at, method, 2), put(&at, 0, 4);
    put(&at, all[1], 4), put(&at, stored, 4), put(&at, size, 4), put(&at, 5, 2), put(&at, 0, 2);
    *at++ = (uint8_t)('a' + i);
    memcpy(at, ".npy", 4), at += 4;
    memcpy(at, packed, stored), at += stored;
  }
  uint32_t directory = (uint32_t)(at - to);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t *f = fields[i];
    put(&at, 0x02014B50, 4);
    put(&at, 20, 2), put(&at, 20, 2), put(&at, 0, 2), put(&at, f[0], 2), put(&at, 0, 4);
    put(&at, f[1], 4), put(&at, f[2], 4), put(&at, f[3], 4), put(&at, 5, 2), put(&at, 0, 8), put(&at, 0, 4);
    put(&at, f[4], 4);
    *at++ = (uint8_t)('a' + i);
    memcpy(at, ".npy", 4), at += 4;
  }
  uint32_t size = (uint32_t)(at - to) - directory;
  put(&at, 0x06054B50, 4), put(&at, 0, 4), put(&at, count, 2), put(&at, count, 2), put(&at, size, 4), put(&at, directory, 4), put(&at, 0, 2);
  return (size_t)(at - to);
}

void fuzz_mend(uint8_t *data, size_t size) { (void)data, (void)size; }

void fuzz_try(const uint8_t *data, size_t size) {
  static const char *const names[] = {"a", "b", "c", ""};
  for (int i = 0; i < 4; i++) {
    kdc_bytes member;
    uint8_t *owned;
    const char *why;
    if (!kdc_zip_member((kdc_bytes){data, size}, names[i], &member, &owned, &why)) {
      if (owned) fuzz_fault("a refused member is left");
      continue;
    }
    volatile uint32_t sum = kdc_crc32(0, member.data, member.size);
    (void)sum;
    free(owned);
  }
}
