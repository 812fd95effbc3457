/* Writes npz archives: zip files of members that are stored as they are. */
#include "internal.h"

enum { DIRECTORY_BYTES = 46, END_BYTES = 22, LOCAL_BYTES = 30 };

/* A growing position in a small record. */
static void put(uint8_t **at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) *(*at)++ = (uint8_t)(value >> 8 * i);
}

/* What the local header and the directory have in common: needs version 2.0, stored, midnight of 1 January 1980. */
static void put_common(uint8_t **at, const kdc_member *member, uint32_t crc) {
  uint64_t size = member->header_size + member->body_size;
  put(at, 20, 2);
  put(at, 0x800, 2); /* the name is UTF-8 */
  put(at, 0, 2);
  put(at, 0x00210000u, 4);
  put(at, crc, 4);
  put(at, size, 4);
  put(at, size, 4);
  put(at, strlen(member->name) + 4, 2);
  put(at, 0, 2);
}

static int write_name(int file, const char *name) {
  return kdc_write_all(file, name, strlen(name)) && kdc_write_all(file, ".npy", 4);
}

static int write_members(int file, const kdc_member *members, uint32_t count, uint64_t *offsets, uint32_t *crcs) {
  uint64_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    const kdc_member *m = &members[i];
    crcs[i] = kdc_crc32(kdc_crc32(0, m->header, m->header_size), m->body, m->body_size);
    offsets[i] = at;
    uint8_t local[LOCAL_BYTES], *to = local;
    put(&to, 0x04034B50, 4);
    put_common(&to, m, crcs[i]);
    if (!kdc_write_all(file, local, sizeof local) || !write_name(file, m->name) ||
        !kdc_write_all(file, m->header, m->header_size) || !kdc_write_all(file, m->body, m->body_size))
      return 0;
    at += LOCAL_BYTES + strlen(m->name) + 4 + m->header_size + m->body_size;
    if (at > 0xFFFFFFFEu) return 0;
  }
  offsets[count] = at;
  return 1;
}

static int write_directory(int file, const kdc_member *members, uint32_t count, const uint64_t *offsets,
                           const uint32_t *crcs) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t entry[DIRECTORY_BYTES], *to = entry;
    put(&to, 0x02014B50, 4);
    put(&to, 20, 2);
    put_common(&to, &members[i], crcs[i]);
    put(&to, 0, 6); /* no comment, disk 0 */
    put(&to, 0, 4);
    put(&to, offsets[i], 4);
    if (!kdc_write_all(file, entry, sizeof entry) || !write_name(file, members[i].name)) return 0;
    size += DIRECTORY_BYTES + strlen(members[i].name) + 4;
  }
  uint8_t end[END_BYTES], *to = end;
  put(&to, 0x06054B50, 4);
  put(&to, 0, 4);
  put(&to, count, 2);
  put(&to, count, 2);
  put(&to, size, 4);
  put(&to, offsets[count], 4);
  put(&to, 0, 2);
  return kdc_write_all(file, end, sizeof end);
}

int kdc_zip_write(int file, const kdc_member *members, uint32_t count) {
  uint64_t *offsets = malloc((count + (size_t)1) * sizeof *offsets);
  uint32_t *crcs = malloc((count + (size_t)1) * sizeof *crcs);
  int good = offsets && crcs && write_members(file, members, count, offsets, crcs) &&
             write_directory(file, members, count, offsets, crcs);
  free(offsets);
  free(crcs);
  return good;
}
