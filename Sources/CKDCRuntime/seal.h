/* The seal of a bundle: a note of the ELF file (owner "KDC", type 1) that says how long the file is, where its
   container lies, and which SHA-256 its bytes have. It lies within the file's first KDC_SEAL_HEAD bytes and is found by
   the program headers, as the loader finds what it maps: section headers say nothing that is believed. Nothing of a
   file is used before its seal was compared.

   Functions of a header, since they are for bundles (which compare their own file) and for load.c: an application needs
   no more files of the runtime than before. */
#pragma once
#include "include/kdc.h"
#include "sha256.h"

enum { KDC_SEAL_VERSION = 1, KDC_SEAL_HEAD = 4096, KDC_SEAL_UNSIGNED = 0 };

/* Little-endian. The digest takes itself, key and signature as zeros; all other bytes of the file count. */
typedef struct {
  char magic[8]; /* KDCSEAL1 */
  uint32_t version;
  uint32_t signature_kind; /* 0: none, key and signature are zeros; 1: reserved for Ed25519 over the digest */
  uint64_t file_bytes;
  uint64_t container_offset, container_bytes;
  uint8_t digest[KDC_SHA256_BYTES];
  uint8_t key[32]; /* which key signed */
  uint8_t signature[64];
} kdc_seal;

/* Packed, since notes are aligned to 4 bytes. */
typedef struct __attribute__((packed, aligned(4))) {
  uint32_t name_bytes, seal_bytes, type;
  char name[4];
  kdc_seal seal;
} kdc_seal_note;

/* Where kdc_seal_read has found the seal, and the hash of what has been added since. */
typedef struct {
  kdc_seal seal;
  kdc_sha256 hash;
} kdc_seal_check;

static __attribute__((noinline, unused)) uint64_t kdc_seal_word(const uint8_t *at, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
  return value;
}

static inline int kdc_seal_equal(const void *a, const void *b, size_t size) {
  const uint8_t *x = a, *y = b;
  for (size_t i = 0; i < size; i++)
    if (x[i] != y[i]) return 0;
  return 1;
}

/* The seal's place in `head`, or 0. Notes are aligned to 4 bytes. */
static inline size_t kdc_seal_place(const uint8_t *head, size_t size) {
  uint64_t table = kdc_seal_word(head + 32, 8), count = kdc_seal_word(head + 56, 2);
  for (uint64_t i = 0; i < count && table <= size && (i + 1) * 56 <= size - table; i++) {
    const uint8_t *header = head + table + i * 56;
    uint64_t at = kdc_seal_word(header + 8, 8), bytes = kdc_seal_word(header + 32, 8);
    if (kdc_seal_word(header, 4) != 4 /* PT_NOTE */ || at > size) continue;
    uint64_t end = bytes < size - at ? at + bytes : size;
    while (end - at >= 12) {
      uint64_t name = kdc_seal_word(head + at, 4), content = kdc_seal_word(head + at + 4, 4);
      uint64_t total = 12 + ((name + 3) & ~3ull) + ((content + 3) & ~3ull);
      if (total > end - at) break;
      if (name == 4 && content == sizeof(kdc_seal) && kdc_seal_word(head + at + 8, 4) == 1 &&
          kdc_seal_equal(head + at + 12, "KDC", 4) && kdc_seal_equal(head + at + 16, "KDCSEAL1", 8))
        return at + 16;
      at += total;
    }
  }
  return 0;
}

/* Reads the seal from `head`, the first KDC_SEAL_HEAD bytes of a file (or all, if it has fewer), and judges what can be
   judged by them alone; then every byte after `head` goes to kdc_seal_add, in order, and kdc_seal_end compares the
   digests. */
static inline kdc_status kdc_seal_read(kdc_seal_check *check, const uint8_t *head, uint64_t file_bytes) {
  size_t size = file_bytes < KDC_SEAL_HEAD ? (size_t)file_bytes : KDC_SEAL_HEAD;
  static const uint8_t elf[] = {0x7F, 'E', 'L', 'F', 2, 1};
  if (!kdc_seal_equal(head, elf, size < sizeof elf ? size : sizeof elf) || !size) return KDC_NOT_BUNDLE;
  if (size < 64) return KDC_CUT_SHORT;
  size_t place = kdc_seal_place(head, size);
  if (!place) return size < KDC_SEAL_HEAD ? KDC_CUT_SHORT : KDC_NOT_BUNDLE;
  kdc_seal *seal = &check->seal;
  __builtin_memcpy(seal, head + place, sizeof *seal);
  if (seal->version != KDC_SEAL_VERSION) return KDC_BAD_VERSION;
  if (file_bytes < seal->file_bytes) return KDC_CUT_SHORT;
  if (file_bytes > seal->file_bytes) return KDC_ALTERED;
  uint8_t any = 0;
  for (size_t i = offsetof(kdc_seal, key); i < sizeof *seal; i++) any |= head[place + i];
  if (seal->signature_kind == KDC_SEAL_UNSIGNED && any) return KDC_ALTERED;
  static const uint8_t zeros[32];
  kdc_sha256_start(&check->hash);
  kdc_sha256_add(&check->hash, head, place + offsetof(kdc_seal, digest));
  for (size_t i = offsetof(kdc_seal, digest); i < sizeof *seal; i += sizeof zeros)
    kdc_sha256_add(&check->hash, zeros, sizeof zeros);
  kdc_sha256_add(&check->hash, head + place + sizeof *seal, size - place - sizeof *seal);
  return KDC_OK;
}

static inline void kdc_seal_add(kdc_seal_check *check, const uint8_t *data, size_t size) {
  kdc_sha256_add(&check->hash, data, size);
}

static inline kdc_status kdc_seal_end(kdc_seal_check *check) {
  uint8_t digest[KDC_SHA256_BYTES];
  kdc_sha256_end(&check->hash, digest);
  return kdc_seal_equal(digest, check->seal.digest, sizeof digest) ? KDC_OK : KDC_ALTERED;
}
