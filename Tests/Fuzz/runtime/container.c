/* Containers: the table, and every stream in it. */
#include "fuzz.h"
#include <zlib.h>

enum { HEADER = 32, ENTRY = 24 };

static void put(uint8_t *at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

size_t fuzz_make(uint8_t to[MOST_BYTES]) {
  uint32_t count = (uint32_t)fuzz_below(6);
  size_t at = HEADER + count * ENTRY;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t raw[500], *entry = to + HEADER + i * ENTRY;
    size_t size = fuzz_below(sizeof raw), stored = size;
    for (size_t j = 0; j < size; j++) raw[j] = (uint8_t)(j / 9);
    uint32_t method = (uint32_t)fuzz_below(2);
    if (method) {
      z_stream z = {0};
      deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
      z.next_in = raw, z.avail_in = (unsigned)size, z.next_out = to + at, z.avail_out = 1000;
      deflate(&z, Z_FINISH);
      stored = z.total_out;
      deflateEnd(&z);
    } else {
      memcpy(to + at, raw, size);
    }
    const uint64_t words[] = {(1 + fuzz_below(4)) | method << 16, fuzz_below(3), kdc_crc32(0, raw, size), at, stored, size};
    for (int j = 0; j < 6; j++) put(entry + 4 * j, words[j], 4);
    at += stored;
  }
  while (at % 64) to[at++] = 0;
  memcpy(to, "KDCBNDL1", 8);
  put(to + 8, 3, 4);
  put(to + 12, count, 4);
  put(to + 16, at, 8);
  put(to + 28, 0, 4);
  fuzz_mend(to, at);
  return at;
}

void fuzz_mend(uint8_t *data, size_t size) {
  if (size < HEADER) return;
  uint32_t count;
  memcpy(&count, data + 12, 4);
  if (count <= (size - HEADER) / ENTRY) put(data + 24, kdc_crc32(0, data + HEADER, (size_t)count * ENTRY), 4);
}

void fuzz_try(const uint8_t *data, size_t size) {
  kdc_container_view view;
  if (kdc_container_open(data, size, &view)) return;
  for (uint32_t kind = 0; kind < 6; kind++)
    for (uint32_t index = 0; index < 4; index++) {
      kdc_entry entry;
      char *to;
      size_t to_size;
      if (kdc_container_find(&view, kind, index, &entry) || entry.raw_bytes > 1 << 20) continue;
      if (!kdc_container_copy(&view, kind, index, &to, &to_size)) free(to);
    }
}
