/* Reading files whole, and writing to descriptors. A call that a signal interrupts is made again. */
#include "internal.h"

enum { EINTR = 4 };

static int interrupted(long result) { return result < 0 && *__errno_location() == EINTR; }

int kdc_write_all(int file, const void *data, size_t size) {
  const uint8_t *at = data;
  while (size) {
    long count = write(file, at, size);
    if (interrupted(count)) continue;
    if (count <= 0) return 0;
    at += count;
    size -= (size_t)count;
  }
  return 1;
}

int kdc_read_all(int file, void *data, size_t size) {
  uint8_t *at = data;
  while (size) {
    long count = read(file, at, size);
    if (interrupted(count)) continue;
    if (count <= 0) return 0;
    at += count;
    size -= (size_t)count;
  }
  return 1;
}

uint8_t *kdc_read_file(const char *path, size_t *size, const char **why) {
  *size = 0;
  *why = "it cannot be opened";
  int file = open(path, KDC_O_RDONLY | KDC_O_CLOEXEC | KDC_O_NONBLOCK);
  if (file < 0) return NULL;
  kdc_file_identity identity;
  uint8_t *data = NULL;
  long length = -1;
  *why = "it is no regular file";
  if (kdc_identify(file, &identity) && identity.is_regular) length = lseek(file, 0, KDC_SEEK_END);
  if (length >= 0 && lseek(file, 0, KDC_SEEK_SET) == 0) {
    *why = kdc_status_text(KDC_NO_MEMORY);
    data = malloc((size_t)length + 1);
    if (data && !kdc_read_all(file, data, (size_t)length)) {
      *why = "reading it failed";
      free(data);
      data = NULL;
    }
  }
  close(file);
  if (data) *size = (size_t)length;
  return data;
}

#if defined(__aarch64__)
enum { SYS_FSTAT = 80, MODE_AT = 16 };
#else
enum { SYS_FSTAT = 5, MODE_AT = 24 };
#endif
enum { MODE_KIND = 0170000, MODE_REGULAR = 0100000, MODE_FOLDER = 0040000 };

/* By the system call: glibc has fstat as a function of its own only since 2.33. */
int kdc_identify(int file, kdc_file_identity *identity) {
  uint64_t status[32] = {0};
  if (file < 0 || syscall(SYS_FSTAT, (long)file, status)) return 0;
  uint32_t mode;
  memcpy(&mode, (const uint8_t *)status + MODE_AT, 4);
  *identity =
      (kdc_file_identity){status[0], status[1], (mode & MODE_KIND) == MODE_REGULAR, (mode & MODE_KIND) == MODE_FOLDER};
  return 1;
}

int kdc_is_same_file(const kdc_file_identity *identity, const char *path) {
  int file = open(path, KDC_O_PATH | KDC_O_CLOEXEC);
  kdc_file_identity other;
  int same = kdc_identify(file, &other) && other.device == identity->device && other.number == identity->number;
  if (file >= 0) close(file);
  return same;
}
