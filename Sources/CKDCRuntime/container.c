/* The container: a 32-byte header, a table of 24-byte entries, then the streams. All little-endian. */
#include "internal.h"

enum { HEADER_BYTES = 32, ENTRY_BYTES = 24, MAX_ENTRIES = 1 << 20, STORED = 0, DEFLATED = 1 };
/* No stream of DEFLATE grows by more than 1032 : 1; a larger claim is a lie that would only cost memory. */
enum { MAX_EXPANSION = 1040 };

static uint32_t word32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t word64(const uint8_t *at) { return word32(at) | (uint64_t)word32(at + 4) << 32; }

static void read_entry(const kdc_container_view *view, uint32_t number, kdc_entry *entry) {
  const uint8_t *at = view->data + HEADER_BYTES + (size_t)number * ENTRY_BYTES;
  *entry = (kdc_entry){word32(at) & 0xFFFF, word32(at + 4),  word32(at) >> 16, word32(at + 8),
                       word32(at + 12),     word32(at + 16), word32(at + 20)};
}

kdc_status kdc_container_open(const uint8_t *data, size_t size, kdc_container_view *view) {
  if (size < HEADER_BYTES || memcmp(data, "KDCBNDL1", 8)) return KDC_BAD_BUNDLE;
  if (word32(data + 8) != 3) return KDC_BAD_VERSION;
  uint32_t count = word32(data + 12);
  uint64_t total = word64(data + 16);
  if (total > size || count > MAX_ENTRIES || HEADER_BYTES + (uint64_t)count * ENTRY_BYTES > total)
    return KDC_BAD_BUNDLE;
  if (kdc_crc32(0, data + HEADER_BYTES, (size_t)count * ENTRY_BYTES) != word32(data + 24)) return KDC_BAD_CHECKSUM;
  *view = (kdc_container_view){data, total, count};
  for (uint32_t i = 0; i < count; i++) {
    kdc_entry entry;
    read_entry(view, i, &entry);
    if (entry.offset > total || entry.stored_bytes > total - entry.offset) return KDC_BAD_BUNDLE;
    if (entry.method == STORED ? entry.raw_bytes != entry.stored_bytes
                               : entry.method != DEFLATED || entry.raw_bytes / MAX_EXPANSION > entry.stored_bytes)
      return KDC_BAD_BUNDLE;
  }
  return KDC_OK;
}

kdc_status kdc_container_find(const kdc_container_view *view, uint32_t kind, uint32_t index, kdc_entry *entry) {
  for (uint32_t i = 0; i < view->entry_count; i++) {
    read_entry(view, i, entry);
    if (entry->kind == kind && entry->index == index) return KDC_OK;
  }
  return KDC_NOT_FOUND;
}

kdc_status kdc_container_extract(const kdc_container_view *view, const kdc_entry *entry, void *to) {
  const uint8_t *from = view->data + entry->offset;
  if (entry->method == STORED) {
    if (entry->raw_bytes) memcpy(to, from, entry->raw_bytes);
  } else if (!kdc_inflate(from, entry->stored_bytes, to, entry->raw_bytes)) {
    return KDC_BAD_BUNDLE;
  }
  return kdc_crc32(0, to, entry->raw_bytes) == entry->crc ? KDC_OK : KDC_BAD_CHECKSUM;
}

kdc_status kdc_container_copy(const kdc_container_view *view, uint32_t kind, uint32_t index, char **to, size_t *size) {
  kdc_entry entry;
  kdc_status status = kdc_container_find(view, kind, index, &entry);
  if (status) return status;
  char *data = malloc(entry.raw_bytes + 1);
  if (!data) return KDC_NO_MEMORY;
  status = kdc_container_extract(view, &entry, data);
  if (status) {
    free(data);
    return status;
  }
  data[entry.raw_bytes] = 0;
  *to = data;
  *size = entry.raw_bytes;
  return KDC_OK;
}
