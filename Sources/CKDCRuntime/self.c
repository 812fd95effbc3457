/* The bundle as a program compares its own file with its seal. */
#include "internal.h"
#include "seal.h"

kdc_status kdc_check_own_file(void) {
  int file = open("/proc/self/exe", KDC_O_RDONLY | KDC_O_CLOEXEC);
  if (file < 0) return KDC_NOT_FOUND;
  uint8_t buffer[16384];
  kdc_seal_check check;
  long size = lseek(file, 0, KDC_SEEK_END);
  size_t part = size < KDC_SEAL_HEAD ? (size_t)(size < 0 ? 0 : size) : KDC_SEAL_HEAD;
  kdc_status status =
      size >= 0 && lseek(file, 0, KDC_SEEK_SET) == 0 && kdc_read_all(file, buffer, part) ? KDC_OK : KDC_CANNOT_LOAD;
  if (!status) status = kdc_seal_read(&check, buffer, (uint64_t)size);
  for (long at = (long)part; at < size && !status; at += (long)part) {
    part = size - at < (long)sizeof buffer ? (size_t)(size - at) : sizeof buffer;
    if (!kdc_read_all(file, buffer, part))
      status = KDC_CANNOT_LOAD;
    else
      kdc_seal_add(&check, buffer, part);
  }
  close(file);
  return status ? status : kdc_seal_end(&check);
}
