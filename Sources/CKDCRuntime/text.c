#include "internal.h"

int kdc_out_flush(kdc_out *out) {
  if (!kdc_write_all(out->file, out->data, out->used)) out->failed = 1;
  out->used = 0;
  return !out->failed;
}

void kdc_out_bytes(kdc_out *out, const char *text, size_t size) {
  if (out->used + size > sizeof out->data) kdc_out_flush(out);
  if (size > sizeof out->data) {
    if (!kdc_write_all(out->file, text, size)) out->failed = 1;
    return;
  }
  memcpy(out->data + out->used, text, size);
  out->used += size;
}

void kdc_out_text(kdc_out *out, const char *text) { kdc_out_bytes(out, text, strlen(text)); }

/* The length of the character at `at`, or 0 where that is not UTF-8. */
static size_t character_bytes(const uint8_t *at, size_t size) {
  size_t count = *at < 0x80                  ? 1
                 : *at >= 0xC2 && *at < 0xE0 ? 2
                 : *at >= 0xE0 && *at < 0xF0 ? 3
                 : *at >= 0xF0 && *at < 0xF5 ? 4
                                             : 0;
  if (count > size) return 0;
  for (size_t i = 1; i < count; i++)
    if ((at[i] & 0xC0) != 0x80) return 0;
  return count;
}

void kdc_out_escaped(kdc_out *out, const char *text, size_t size, int keep_lines) {
  for (size_t at = 0, count; at < size; at += count ? count : 1) {
    const uint8_t *byte = (const uint8_t *)text + at;
    count = character_bytes(byte, size - at);
    uint32_t control = count == 1 ? *byte : count == 2 && *byte == 0xC2 ? byte[1] : 0x20;
    if (!count) {
      kdc_out_text(out, "\\ufffd");
    } else if ((control < 0x20 || (control >= 0x7F && control < 0xA0)) && !(keep_lines && control == '\n')) {
      char escape[] = {'\\', 'u', '0', '0', "0123456789abcdef"[control >> 4], "0123456789abcdef"[control & 15]};
      kdc_out_bytes(out, escape, sizeof escape);
    } else {
      kdc_out_bytes(out, (const char *)byte, count);
    }
  }
}

void kdc_out_name(kdc_out *out, const char *name) { kdc_out_escaped(out, name, strlen(name), 0); }

void kdc_out_padded(kdc_out *out, const char *text, size_t width) {
  size_t size = strlen(text);
  kdc_out_escaped(out, text, size, 0);
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
