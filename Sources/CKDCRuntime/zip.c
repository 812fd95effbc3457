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

/* Where the directory begins and how many entries it has. Numbers that do not fit the end record, or all of them, stand in
   a larger one, to which a locator before the end record points. */
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

static int open_member(kdc_bytes zip, const uint8_t *entry, const uint8_t *extra, size_t extra_size, kdc_bytes *member, uint8_t **owned) {
  uint32_t method = word16(entry + 10);
  uint64_t stored = word32(entry + 20), raw = word32(entry + 24), offset = word32(entry + 42);
  if (word16(entry + 8) & 1 || !widen(extra, extra_size, &raw, &stored, &offset)) return 0;
  if (offset > zip.size || zip.size - offset < LOCAL_BYTES || word32(zip.data + offset) != 0x04034B50) return 0;
  uint64_t start = offset + LOCAL_BYTES + word16(zip.data + offset + 26) + word16(zip.data + offset + 28);
  if (start > zip.size || stored > zip.size - start) return 0;
  *member = (kdc_bytes){zip.data + start, raw};
  if (method == 0) return raw == stored;
  if (method != 8 || raw / 1040 > stored || !(*owned = malloc(raw + 1))) return 0;
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
      if (!open_member(zip, entry, text + length, extra, member, owned)) break;
      if (kdc_crc32(0, member->data, member->size) == word32(entry + 16)) return 1;
      break;
    }
    at += DIRECTORY_BYTES + length + extra + comment;
  }
  if (*why[0] == 't') *why = "the file has no array of this name";
  free(*owned);
  *owned = NULL;
  return 0;
}

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

static int write_all(int file, const void *data, size_t size) {
  const uint8_t *at = data;
  while (size) {
    long count = write(file, at, size);
    if (count <= 0) return 0;
    at += count;
    size -= (size_t)count;
  }
  return 1;
}

static int write_name(int file, const char *name) { return write_all(file, name, strlen(name)) && write_all(file, ".npy", 4); }

static int write_members(int file, const kdc_member *members, uint32_t count, uint64_t *offsets, uint32_t *crcs) {
  uint64_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    const kdc_member *m = &members[i];
    crcs[i] = kdc_crc32(kdc_crc32(0, m->header, m->header_size), m->body, m->body_size);
    offsets[i] = at;
    uint8_t local[LOCAL_BYTES], *to = local;
    put(&to, 0x04034B50, 4);
    put_common(&to, m, crcs[i]);
    if (!write_all(file, local, sizeof local) || !write_name(file, m->name) || !write_all(file, m->header, m->header_size) ||
        !write_all(file, m->body, m->body_size))
      return 0;
    at += LOCAL_BYTES + strlen(m->name) + 4 + m->header_size + m->body_size;
    if (at > 0xFFFFFFFEu) return 0;
  }
  offsets[count] = at;
  return 1;
}

static int write_directory(int file, const kdc_member *members, uint32_t count, const uint64_t *offsets, const uint32_t *crcs) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t entry[DIRECTORY_BYTES], *to = entry;
    put(&to, 0x02014B50, 4);
    put(&to, 20, 2);
    put_common(&to, &members[i], crcs[i]);
    put(&to, 0, 6); /* no comment, disk 0 */
    put(&to, 0, 4);
    put(&to, offsets[i], 4);
    if (!write_all(file, entry, sizeof entry) || !write_name(file, members[i].name)) return 0;
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
  return write_all(file, end, sizeof end);
}

int kdc_zip_write(const char *path, const kdc_member *members, uint32_t count) {
  kdc_out temporary = {-1, 0, {0}};
  size_t length = strlen(path);
  uint64_t *offsets = malloc((count + 1) * sizeof *offsets);
  uint32_t *crcs = malloc((count + 1) * sizeof *crcs);
  int good = 0;
  if (offsets && crcs && length + 32 < sizeof temporary.data) {
    kdc_out_text(&temporary, path);
    kdc_out_text(&temporary, ".tmp");
    kdc_out_integer(&temporary, getpid());
    temporary.data[temporary.used] = 0;
    int file = open(temporary.data, KDC_O_WRONLY | KDC_O_CREAT | KDC_O_EXCL | KDC_O_CLOEXEC, 0666);
    good = file >= 0 && write_members(file, members, count, offsets, crcs) &&
           write_directory(file, members, count, offsets, crcs) && fsync(file) == 0;
    if (file >= 0) {
      close(file);
      if (good) good = rename(temporary.data, path) == 0;
      if (!good) unlink(temporary.data);
    }
  }
  free(offsets);
  free(crcs);
  return good;
}
