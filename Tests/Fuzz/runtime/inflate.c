/* DEFLATE streams, beside zlib: both take the same ones, and give the same bytes. The first two bytes say how many bytes are asked for. */
#include "fuzz.h"
#include <zlib.h>

size_t fuzz_make(uint8_t to[MOST_BYTES]) {
  static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED};
  uint8_t raw[2000];
  size_t size = fuzz_below(sizeof raw), alphabet = 1 + fuzz_below(256);
  for (size_t i = 0; i < size; i++) raw[i] = (uint8_t)(fuzz_below(3) ? fuzz_below(alphabet) : i / 50);
  z_stream z = {0};
  deflateInit2(&z, (int)fuzz_below(10), Z_DEFLATED, -15, 9, strategies[fuzz_below(5)]);
  z.next_in = raw, z.avail_in = (unsigned)size, z.next_out = to + 2, z.avail_out = MOST_BYTES - 2;
  deflate(&z, Z_FINISH);
  deflateEnd(&z);
  to[0] = (uint8_t)size, to[1] = (uint8_t)(size >> 8);
  return 2 + z.total_out;
}

void fuzz_mend(uint8_t *data, size_t size) { (void)data, (void)size; }

void fuzz_try(const uint8_t *data, size_t size) {
  if (size < 2) return;
  size_t asked = data[0] | (size_t)data[1] << 8;
  uint8_t *ours = malloc(asked + !asked), *theirs = malloc(asked + 1);
  z_stream z = {0};
  inflateInit2(&z, -15);
  z.next_in = (uint8_t *)data + 2, z.avail_in = (unsigned)(size - 2), z.next_out = theirs, z.avail_out = (unsigned)asked + 1;
  int status = inflate(&z, Z_FINISH);
  int expected = status == Z_STREAM_END && !z.avail_in && z.total_out == asked;
  inflateEnd(&z);
  if (kdc_inflate(data + 2, size - 2, ours, asked) != expected) fuzz_fault(expected ? "zlib takes it" : "zlib refuses it");
  if (expected && memcmp(ours, theirs, asked)) fuzz_fault("zlib gives other bytes");
  free(ours);
  free(theirs);
}
