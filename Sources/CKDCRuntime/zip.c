/* The zip archives that NumPy calls npz: members stored or deflated, sizes from the central directory. */
#include "internal.h"

enum { DIRECTORY_BYTES = 46, END_BYTES = 22, LOCAL_BYTES = 30, LOCATOR_BYTES = 20, END64_BYTES = 56 };

static uint32_t word16(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8; }
static uint32_t word32(const uint8_t *at) { return word16(at) | word16(at + 2) << 16; }
static uint64_t word64(const uint8_t *at) { return word32(at) | (uint64_t)word32(at + 4) << 32; }

/* Where the end record lies, or NULL. */
static const uint8_t *find_end(kdc_bytes zip) {
  if (zip.size < END_BYTES) return NULL;
  size_t lowest = zip.size > END_BYTES + 65535 ? zip.size - END_BYTES - 65535 : 0;
  for (size_t at = zip.size - END_BYTES + 1; at-- > lowest;)
    if (word32(zip.data + at) == 0x06054B50) return zip.data + at;
  return NULL;
}

/* Where the directory begins and how many entries it has. Numbers that do not fit the end record, or all of them, stand
   in a larger one, to which a locator before the end record points. */
static int find_directory(kdc_bytes zip, uint64_t *at, uint64_t *count) {
  const uint8_t *end = find_end(zip);
  if (!end) return 0;
  *count = word16(end + 10);
  *at = word32(end + 16);
  if (*count != 0xFFFF && *at != 0xFFFFFFFFu) return 1;
  if (end - zip.data < LOCATOR_BYTES || word32(end - LOCATOR_BYTES) != 0x07064B50) return 0;
  uint64_t place = word64(end - LOCATOR_BYTES + 8);
  if (place > zip.size || zip.size - place < END64_BYTES || word32(zip.data + place) != 0x06064B50) return 0;
  *count = word64(zip.data + place + 32);
  *at = word64(zip.data + place + 48);
  return 1;
}

/* Sizes that do not fit 32 bits stand in the extra field 1, in this order, each only where its word is all ones. */
static int widen(const uint8_t *extra, size_t size, uint64_t *raw, uint64_t *stored, uint64_t *offset) {
  while (size >= 4) {
    size_t length = word16(extra + 2);
    if (length > size - 4) return 0;
    if (word16(extra) == 1) {
      const uint8_t *at = extra + 4;
      uint64_t *const values[] = {raw, stored, offset};
      for (int i = 0; i < 3; i++) {
        if (*values[i] != 0xFFFFFFFFu) continue;
        if ((size_t)(at - extra) + 8 > length + 4) return 0;
        *values[i] = word64(at);
        at += 8;
      }
      return 1;
    }
    extra += 4 + length;
    size -= 4 + length;
  }
  return *raw != 0xFFFFFFFFu && *stored != 0xFFFFFFFFu && *offset != 0xFFFFFFFFu;
}

static int open_member(kdc_bytes zip, const uint8_t *entry, const uint8_t *extra, size_t extra_size, kdc_bytes *member,
                       uint8_t **owned, const char **why) {
  uint32_t method = word16(entry + 10);
  uint64_t stored = word32(entry + 20), raw = word32(entry + 24), offset = word32(entry + 42);
  if (word16(entry + 8) & 1 || !widen(extra, extra_size, &raw, &stored, &offset)) return 0;
  if (offset > zip.size || zip.size - offset < LOCAL_BYTES || word32(zip.data + offset) != 0x04034B50) return 0;
  uint64_t start = offset + LOCAL_BYTES + word16(zip.data + offset + 26) + word16(zip.data + offset + 28);
  if (start > zip.size || stored > zip.size - start) return 0;
  *member = (kdc_bytes){zip.data + start, raw};
  if (method == 0) return raw == stored;
  if (method != 8 || raw / 1040 > stored) return 0;
  if (!(*owned = malloc(raw + 1))) return *why = kdc_status_text(KDC_NO_MEMORY), 0;
  member->data = *owned;
  return kdc_inflate(zip.data + start, stored, *owned, raw);
}

int kdc_zip_member(kdc_bytes zip, const char *name, kdc_bytes *member, uint8_t **owned, const char **why) {
  *owned = NULL;
  *why = "the file is not a readable npz archive";
  uint64_t at, count;
  if (!find_directory(zip, &at, &count)) return 0;
  size_t name_size = strlen(name);
  for (uint64_t i = 0; i < count; i++) {
    if (at > zip.size || zip.size - at < DIRECTORY_BYTES) return 0;
    const uint8_t *entry = zip.data + at;
    if (word32(entry) != 0x02014B50) return 0;
    size_t length = word16(entry + 28), extra = word16(entry + 30), comment = word16(entry + 32);
    if (zip.size - at < DIRECTORY_BYTES + length + extra + comment) return 0;
    const uint8_t *text = entry + DIRECTORY_BYTES;
    if (length == name_size + 4 && !memcmp(text, name, name_size) && !memcmp(text + name_size, ".npy", 4)) {
      *why = "its array is damaged";
      if (open_member(zip, entry, text + length, extra, member, owned, why) &&
          kdc_crc32(0, member->data, member->size) == word32(entry + 16))
        return 1;
      free(*owned);
      *owned = NULL;
      return 0;
    }
    at += DIRECTORY_BYTES + length + extra + comment;
  }
  *why = "the file has no array of this name";
  return 0;
}
