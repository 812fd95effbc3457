/* npy arrays: the header, and every conversion. */
#include "fuzz.h"

size_t fuzz_make(uint8_t to[MOST_BYTES]) {
  static const char *const types[] = {"<f2", "<f4", "<f8", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "|b1", ">f4", "<c8"};
  const char *type = types[fuzz_below(14)];
  unsigned a = (unsigned)fuzz_below(5), b = (unsigned)fuzz_below(9), version = 1 + (unsigned)fuzz_below(3);
  char header[128];
  size_t start = version == 1 ? 10 : 12;
  size_t length = (size_t)snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': (%u, %u), }\n", type,
                                   fuzz_below(9) ? "False" : "True", a, b);
  memset(to, 0, start);
  memcpy(to, "\x93NUMPY", 6);
  to[6] = (uint8_t)version;
  to[8] = (uint8_t)length;
  memcpy(to + start, header, length);
  size_t bytes = (size_t)a * b * (size_t)(type[2] - '0');
  for (size_t i = 0; i < bytes; i++) to[start + length + i] = (uint8_t)(fuzz_below(3) ? fuzz_random() : fuzz_below(2));
  return start + length + bytes;
}

void fuzz_mend(uint8_t *data, size_t size) { (void)data, (void)size; }

void fuzz_try(const uint8_t *data, size_t size) {
  kdc_array array;
  const char *why;
  if (!kdc_npy_read(data, size, &array, &why)) return;
  for (uint32_t dtype = 0; dtype <= KDC_BOOL + 1; dtype++) {
    uint8_t *to = malloc(array.count * 8 + 1);
    kdc_npy_convert(&array, 0, array.count, dtype, to, &why);
    free(to);
  }
}
