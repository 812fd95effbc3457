/* Constants: a description that may be impossible, and a stream that may be too short for it. */
#include "fuzz.h"

enum { FIELDS = 8 };

size_t fuzz_make(uint8_t to[MOST_BYTES]) {
  static const uint32_t layouts[] = {0, 1, 2, 3, 6, 7, 8, 9};
  uint64_t rows = 1 + fuzz_below(20), runs = 1 + fuzz_below(9), length = 1 + fuzz_below(20), nr = 2 * (1 + fuzz_below(8)), kr = 1u << fuzz_below(5);
  uint32_t layout = layouts[fuzz_below(8)];
  uint64_t panels = (rows + nr - 1) / nr, pairs = runs / 2 * length + runs % 2 * (length / 2), single = runs & length & 1, bytes = 4 * fuzz_below(30);
  if (layout == 9) nr = 16, panels = (rows + 15) / 16;
  if (layout == 1 || layout == 2 || layout == 3) bytes = panels * runs * ((length + kr - 1) / kr) * nr * kr;
  if (layout == 2) bytes *= 2;
  if (layout == 3) bytes /= 2;
  if (layout == 6) bytes = panels * nr * ((length + kr - 1) / kr * kr * runs + 4);
  if (layout == 7) bytes = panels * nr * ((length + 7) / 8 * 8 * runs + 4);
  if (layout == 8) bytes = 36 * 128 * ((length + 15) / 16) * ((rows + 3) / 4) + (rows + 3) / 4 * 256, runs = 9;
  if (layout == 9) bytes = panels * nr * (2 * (((pairs ? pairs : 1) + kr - 1) / kr) + 2 * pairs + single);
  const uint32_t fields[FIELDS] = {layout | (uint32_t)fuzz_below(2) << 4 | (uint32_t)fuzz_below(2) << 5, (uint32_t)rows, (uint32_t)runs, (uint32_t)length,
                                   (uint32_t)nr, (uint32_t)kr, (uint32_t)bytes, 0};
  memcpy(to, fields, sizeof fields);
  size_t stored = (layout ? rows * runs * length : bytes) + fuzz_below(3);
  for (size_t i = 0; i < stored; i++) to[sizeof fields + i] = (uint8_t)fuzz_random();
  return sizeof fields + stored;
}

void fuzz_mend(uint8_t *data, size_t size) { (void)data, (void)size; }

void fuzz_try(const uint8_t *data, size_t size) {
  uint32_t fields[FIELDS];
  if (size < sizeof fields) return;
  memcpy(fields, data, sizeof fields);
  kdc_constant constant = {0};
  constant.packing = fields[0], constant.rows = fields[1], constant.runs = fields[2], constant.length = fields[3];
  constant.nr = fields[4], constant.kr = fields[5], constant.bytes = fields[6];
  if (constant.bytes > 1 << 20) return;
  uint8_t *to = malloc(constant.bytes + !constant.bytes);
  kdc_pack(&constant, data + sizeof fields, size - sizeof fields, to);
  free(to);
}
