/* Seals: the first bytes of an ELF file with notes, and the digest of all. */
#include "fuzz.h"
#include "seal.h"

enum { HEADERS = 64, HEADER = 56 };

static void put(uint8_t *at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

size_t fuzz_make(uint8_t to[MOST_BYTES]) {
  size_t size = 1000 + fuzz_below(9000), count = 1 + fuzz_below(6), notes = HEADERS + count * HEADER, at = notes;
  for (size_t i = 0; i < size; i++) to[i] = (uint8_t)(i / 3);
  memcpy(to, "\x7f" "ELF\2\1", 6);
  put(to + 32, HEADERS, 8);
  put(to + 56, count, 2);
  put(to + at, 4, 4), put(to + at + 4, 20, 4), put(to + at + 8, 3, 4), memcpy(to + at + 12, "GNU", 4), at += 36;
  kdc_seal_note note = {4, sizeof(kdc_seal), 1, "KDC", {{'K', 'D', 'C', 'S', 'E', 'A', 'L', '1'}, 1, 0, size, 100, 200, {0}, {0}, {0}}};
  memcpy(to + at, &note, sizeof note), at += sizeof note;
  for (size_t i = 0; i < count; i++) {
    uint8_t *header = to + HEADERS + i * HEADER;
    put(header, i + 1 == count ? 4 : 1, 4), put(header + 8, notes, 8), put(header + 32, at - notes, 8);
  }
  fuzz_mend(to, size);
  return size;
}

/* The right digest, where the seal is found. */
void fuzz_mend(uint8_t *data, size_t size) {
  size_t head = size < KDC_SEAL_HEAD ? size : KDC_SEAL_HEAD;
  size_t place = size < 64 ? 0 : kdc_seal_place(data, head);
  if (!place) return;
  kdc_sha256 hash;
  memset(data + place + offsetof(kdc_seal, digest), 0, sizeof(kdc_seal) - offsetof(kdc_seal, digest));
  kdc_sha256_start(&hash);
  kdc_sha256_add(&hash, data, size);
  kdc_sha256_end(&hash, data + place + offsetof(kdc_seal, digest));
}

void fuzz_try(const uint8_t *data, size_t size) {
  kdc_seal_check check;
  size_t head = size < KDC_SEAL_HEAD ? size : KDC_SEAL_HEAD;
  if (kdc_seal_read(&check, data, size)) return;
  kdc_seal_add(&check, data + head, size - head);
  if (!kdc_seal_end(&check) && check.seal.file_bytes != size) fuzz_fault("a file of another size is sealed");
}
