/* Compares the runtime's inflater with zlib on streams of every kind that zlib makes, whole and damaged: both must
   accept the same streams and give the same bytes. Prints "ok", or the seed of the first difference. */
#include "../../Sources/CKDCRuntime/internal.h"
#include <stdio.h>
#include <zlib.h>

static uint64_t state;
static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static size_t make(uint8_t *raw, size_t size, uint8_t *stream, size_t room) {
  int mode = (int)(next() % 4);
  for (size_t i = 0; i < size; i++)
    raw[i] = (uint8_t)(mode == 0 ? next() : mode == 1 ? next() % 4 : mode == 2 ? i / 7 : next() % 20 * (next() % 3));
  static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED};
  z_stream z = {0};
  deflateInit2(&z, (int)(next() % 10), Z_DEFLATED, -15, 9, strategies[next() % 5]);
  z.next_in = raw, z.avail_in = (unsigned)size, z.next_out = stream, z.avail_out = (unsigned)room;
  deflate(&z, Z_FINISH);
  deflateEnd(&z);
  return z.total_out;
}

static int zlib_accepts(uint8_t *stream, size_t size, uint8_t *to, size_t to_size) {
  z_stream z = {0};
  inflateInit2(&z, -15);
  z.next_in = stream, z.avail_in = (unsigned)size, z.next_out = to, z.avail_out = (unsigned)to_size + 1;
  int status = inflate(&z, Z_FINISH);
  inflateEnd(&z);
  return status == Z_STREAM_END && !z.avail_in && z.total_out == to_size;
}

int main(void) {
  for (unsigned seed = 1; seed <= 20000; seed++) {
    state = seed * 0x9E3779B97F4A7C15u;
    uint8_t raw[600], stream[2000], theirs[601];
    size_t size = next() % 600, stored = make(raw, size, stream, sizeof stream);
    for (int damage = 0; damage < 4; damage++) {
      for (uint64_t flips = damage ? 1 + next() % 4 : 0; flips && stored; flips--)
        stream[next() % stored] ^= (uint8_t)(1u << next() % 8);
      size_t length = damage == 3 ? next() % (stored + 1) : stored;
      /* Blocks of the exact sizes, so that a sanitizer sees any access beyond them. */
      uint8_t *from = malloc(length + !length), *ours = malloc(size + !size);
      memcpy(from, stream, length);
      int accepted = kdc_inflate(from, length, ours, size), expected = zlib_accepts(from, length, theirs, size);
      int equal = accepted == expected && (!accepted || !memcmp(ours, theirs, size));
      if (!damage && (!accepted || memcmp(ours, raw, size))) equal = 0;
      free(from);
      free(ours);
      if (!equal) return printf("seed %u damage %d: %d, zlib %d\n", seed, damage, accepted, expected), 1;
    }
  }
  puts("ok");
  return 0;
}
