#include "internal.h"

static void write_all(int file, const char *data, size_t size) {
  while (size) {
    long written = write(file, data, size);
    if (written <= 0) return;
    data += written;
    size -= (size_t)written;
  }
}

void kdc_out_flush(kdc_out *out) {
  write_all(out->file, out->data, out->used);
  out->used = 0;
}

void kdc_out_bytes(kdc_out *out, const char *text, size_t size) {
  if (out->used + size > sizeof out->data) kdc_out_flush(out);
  if (size > sizeof out->data) {
    write_all(out->file, text, size);
    return;
  }
  memcpy(out->data + out->used, text, size);
  out->used += size;
}

void kdc_out_text(kdc_out *out, const char *text) { kdc_out_bytes(out, text, strlen(text)); }

void kdc_out_padded(kdc_out *out, const char *text, size_t width) {
  size_t size = strlen(text);
  kdc_out_bytes(out, text, size);
  for (; size < width; size++) kdc_out_bytes(out, " ", 1);
}

void kdc_out_integer(kdc_out *out, int64_t value) {
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) digits[--at] = '-';
  kdc_out_bytes(out, digits + at, sizeof digits - at);
}

void kdc_out_milliseconds(kdc_out *out, uint64_t nanoseconds) {
  uint64_t microseconds = (nanoseconds + 500) / 1000, part = microseconds % 1000;
  kdc_out_integer(out, (int64_t)(microseconds / 1000));
  char decimals[4] = {'.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10)};
  kdc_out_bytes(out, decimals, 4);
}

int kdc_equal(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

uint8_t *kdc_read_file(const char *path, size_t *size) {
  int file = open(path, KDC_O_RDONLY | KDC_O_CLOEXEC);
  if (file < 0) return NULL;
  long length = lseek(file, 0, KDC_SEEK_END);
  uint8_t *data = length >= 0 && lseek(file, 0, KDC_SEEK_SET) == 0 ? malloc((size_t)length + 1) : NULL;
  size_t used = 0;
  while (data && used < (size_t)length) {
    long count = read(file, data + used, (size_t)length - used);
    if (count <= 0) {
      free(data);
      data = NULL;
    } else {
      used += (size_t)count;
    }
  }
  close(file);
  *size = used;
  return data;
}
