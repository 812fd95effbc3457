/* Files that a bundle writes: they appear whole or not at all, and nothing but a regular file is ever replaced. */
#include "internal.h"

#if defined(__aarch64__)
enum { SYS_GETRANDOM = 278, O_FOLDER = 040000 };
#else
enum { SYS_GETRANDOM = 318, O_FOLDER = 0200000 };
#endif
enum { O_UNNAMED = 020000000 | O_FOLDER, FOLLOW_LINKS = 0x400, AT_WORKING_FOLDER = -100, ENOENT = 2, MOST_LINKS = 16 };

static int starts_with(const char *text, const char *start) {
  while (*start && *text == *start) text++, start++;
  return !*start;
}

/* Appends sixteen random digits to the target's path: process numbers repeat, in containers with every start. */
static void name_temporary(kdc_output *output) {
  uint64_t random = 0;
  if (syscall(SYS_GETRANDOM, &random, sizeof random, 1L) != (long)sizeof random)
    random = kdc_nanoseconds() * 0x9E3779B97F4A7C15u ^ (uintptr_t)output;
  size_t size = strlen(output->target);
  memcpy(output->temporary, output->target, size);
  output->temporary[size++] = '.';
  for (int i = 0; i < 16; i++, random >>= 4) output->temporary[size++] = "0123456789abcdef"[random & 15];
  output->temporary[size] = 0;
}

/* A file in the target's folder. Without a name where the system can: then nothing stays, however the program ends. */
static int open_temporary(kdc_output *output) {
  size_t size = strlen(output->target);
  memcpy(output->temporary, output->target, size + 1);
  while (size && output->temporary[size - 1] != '/') size--;
  memcpy(output->temporary + size, ".", 2);
  output->file = open(output->temporary, KDC_O_WRONLY | O_UNNAMED | KDC_O_CLOEXEC, 0666);
  output->is_unnamed = output->file >= 0;
  for (int i = 0; i < 8 && output->file < 0; i++) {
    name_temporary(output);
    output->file = open(output->temporary, KDC_O_WRONLY | KDC_O_CREAT | KDC_O_EXCL | KDC_O_CLOEXEC, 0666);
  }
  return output->file >= 0;
}

static size_t link_path(char *path, int file) {
  kdc_out text = {-1, 0, {0}, 0};
  kdc_out_text(&text, "/proc/self/fd/");
  kdc_out_integer(&text, file);
  memcpy(path, text.data, text.used);
  path[text.used] = 0;
  return text.used;
}

/* The path of the file that `file` was opened from, links resolved. */
static int resolve(kdc_output *output, int file) {
  char path[40];
  link_path(path, file);
  long size = readlink(path, output->target, KDC_PATH_BYTES - 1);
  if (size <= 0 || size >= KDC_PATH_BYTES - 1) return 0;
  output->target[size] = 0;
  return 1;
}

/* What is there already; what is no regular file, or a descriptor of this process, is written to as it is. */
static int open_existing(kdc_output *output, int there, const kdc_file_identity *identity, const char *path) {
  kdc_file_identity standard;
  if (kdc_identify(1, &standard) && standard.device == identity->device && standard.number == identity->number) {
    output->file = 1;
  } else if (!identity->is_regular || starts_with(path, "/dev/") || starts_with(path, "/proc/")) {
    output->file = open(path, KDC_O_WRONLY | KDC_O_TRUNC | KDC_O_CLOEXEC);
  } else {
    return resolve(output, there) && open_temporary(output);
  }
  output->is_through = 1;
  return output->file >= 0;
}

/* The path of a file that is not there yet, at the end of the links that `path` may be the first of. */
static int follow_links(kdc_output *output, const char *path) {
  char text[KDC_PATH_BYTES];
  size_t size = strlen(path);
  memcpy(output->target, path, size + 1);
  for (int i = 0; i < MOST_LINKS; i++) {
    long length = readlink(output->target, text, sizeof text);
    if (length < 0) return *__errno_location() == ENOENT;
    size_t folder = text[0] == '/' ? 0 : strlen(output->target);
    while (folder && output->target[folder - 1] != '/') folder--;
    if (folder + (size_t)length + 1 > KDC_PATH_BYTES) return 0;
    memcpy(output->target + folder, text, (size_t)length);
    output->target[folder + (size_t)length] = 0;
  }
  return 0;
}

int kdc_output_open(kdc_output *output, const char *path, const char *input, const char **why) {
  memset(output, 0, sizeof *output);
  *why = "its path is too long";
  if (strlen(path) + 1 > KDC_PATH_BYTES) return 0;
  kdc_file_identity identity;
  int there = open(path, KDC_O_PATH | KDC_O_CLOEXEC), good = 0;
  if (there < 0) {
    *why = "it cannot be made";
    good = follow_links(output, path) && open_temporary(output);
  } else if (!kdc_identify(there, &identity) || identity.is_folder) {
    *why = "it is a folder";
  } else if (kdc_is_same_file(&identity, input)) {
    *why = "it is the file that is read";
  } else if (kdc_is_same_file(&identity, "/proc/self/exe")) {
    *why = "it is this program";
  } else {
    *why = "it cannot be opened for writing";
    good = open_existing(output, there, &identity, path);
  }
  if (there >= 0) close(there);
  return good;
}

int kdc_output_close(kdc_output *output, int good) {
  if (output->is_through) return (output->file == 1 || close(output->file) == 0) && good;
  good = good && fsync(output->file) == 0;
  if (good && output->is_unnamed) {
    char path[40];
    link_path(path, output->file);
    name_temporary(output);
    good = linkat(AT_WORKING_FOLDER, path, AT_WORKING_FOLDER, output->temporary, FOLLOW_LINKS) == 0;
    output->is_unnamed = !good;
  }
  if (close(output->file)) good = 0;
  if (good) good = rename(output->temporary, output->target) == 0;
  if (!good && !output->is_unnamed) unlink(output->temporary);
  return good;
}
