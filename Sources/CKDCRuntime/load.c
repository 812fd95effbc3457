/* kdc_model_load and kdc_model_load_memory, for applications: needs dlopen, so bundles are made without this file.

   A bundle is known by its digest, never by its name. Its bytes are copied into an anonymous file that nobody else can
   change, the copy is compared with its seal, and that copy is what the dynamic linker maps: what was checked is what
   runs, and the file may be replaced, overwritten or removed while its model is in use. Loads of equal bytes share code
   and weights. */
#ifndef KDC_BUNDLE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "seal.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ALLOW_SEALING = 2, NOEXEC_SEAL = 8, CLOSE_ON_EXEC = 1, ADD_SEALS = 1033, SEAL_ALL = 15 };

typedef struct library {
  kdc_api api; /* the bundle's own, but for close; first, so that an instance's table leads here */
  const kdc_api *own;
  uint8_t digest[KDC_SHA256_BYTES];
  void *handle;
  uint32_t users; /* instances, and loads on the way */
  struct library *next;
} library;

static pthread_mutex_t libraries_lock = PTHREAD_MUTEX_INITIALIZER;
static library *libraries;

/* Where a bundle's bytes come from: a file, or memory. */
typedef struct {
  int file; /* -1: memory */
  const uint8_t *data;
  uint64_t size;
} source;

/* `count` bytes at `at` of the source, in `buffer` where they are not in memory anyway; NULL and why where they are not
 * there. */
static const uint8_t *bytes_of(const source *from, uint64_t at, size_t count, uint8_t *buffer, kdc_status *why) {
  if (from->file < 0) return from->data + at;
  for (size_t done = 0; done < count;) {
    ssize_t got = pread(from->file, buffer + done, count - done, (off_t)(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return *why = got ? KDC_CANNOT_LOAD : KDC_CUT_SHORT, NULL;
    done += (size_t)got;
  }
  return buffer;
}

static kdc_status append(int file, const uint8_t *data, size_t size) {
  while (size) {
    ssize_t written = write(file, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return KDC_NO_MEMORY;
    data += written;
    size -= (size_t)written;
  }
  return KDC_OK;
}

#if defined(__aarch64__)
enum { OWN_MACHINE = 183 };
#else
enum { OWN_MACHINE = 62 };
#endif

/* Copies the source into `file` and compares it with its seal. */
static kdc_status copy_checked(const source *from, int file, kdc_seal_check *check) {
  uint8_t buffer[16384];
  kdc_status status = KDC_OK;
  size_t part = from->size < KDC_SEAL_HEAD ? (size_t)from->size : KDC_SEAL_HEAD;
  const uint8_t *data = bytes_of(from, 0, part, buffer, &status);
  if (data) status = kdc_seal_read(check, data, from->size);
  if (!status && kdc_seal_word(data + 18, 2) != OWN_MACHINE) status = KDC_WRONG_MACHINE;
  if (!status) status = append(file, data, part);
  for (uint64_t at = part; at < from->size && !status; at += part) {
    part = from->size - at < sizeof buffer ? (size_t)(from->size - at) : sizeof buffer;
    data = bytes_of(from, at, part, buffer, &status);
    if (!data) break;
    kdc_seal_add(check, data, part);
    status = append(file, data, part);
  }
  return status ? status : kdc_seal_end(check);
}

static int anonymous_file(void) {
  int file = (int)syscall(SYS_memfd_create, "model.kdb", CLOSE_ON_EXEC | ALLOW_SEALING);
  /* Linux may be told to make only files that cannot be started as programs: they can be mapped all the same. */
  if (file < 0) file = (int)syscall(SYS_memfd_create, "model.kdb", CLOSE_ON_EXEC | ALLOW_SEALING | NOEXEC_SEAL);
  return file;
}

/* Maps the checked copy. The linker knows what it has mapped by the name that it was asked for, and glibc compares
   names before files, so this name must never have been used before. It spells the file's inode number, which no other
   file has while a library that was mapped from it is there: between "fd" and the descriptor, a bit is the segment "."
   for 1 and "" for 0. */
static void *map(int file, kdc_status *why) {
  struct stat status;
  if (fstat(file, &status)) return *why = KDC_CANNOT_LOAD, NULL;
  void *code = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  if (code == MAP_FAILED) return *why = errno == ENOMEM ? KDC_NO_MEMORY : KDC_NOT_EXECUTABLE, NULL;
  munmap(code, 1);
  char path[192] = "/proc/self/fd";
  size_t size = strlen(path);
  for (uint64_t rest = status.st_ino; rest; rest >>= 1) {
    path[size++] = '/';
    if (rest & 1) path[size++] = '.';
  }
  snprintf(path + size, sizeof path - size, "/%d", file);
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) *why = KDC_CANNOT_LOAD;
  return handle;
}

static void release(library *gone) {
  pthread_mutex_lock(&libraries_lock);
  if (--gone->users == 0) {
    library **link = &libraries;
    while (*link != gone) link = &(*link)->next;
    *link = gone->next;
    dlclose(gone->handle);
    free(gone);
  }
  pthread_mutex_unlock(&libraries_lock);
}

/* The instance's threads have ended when its own close returns, so that the code may go. */
static void close_loaded(kdc_instance *instance) {
  library *from = *(library **)instance;
  from->own->close(instance);
  release(from);
}

/* With the lock held: maps `file`, which has `digest`. The mapped library must have it, too: another one under this
   name would answer with another model. */
static library *add_library(int file, const uint8_t digest[KDC_SHA256_BYTES], kdc_status *why) {
  library *new = malloc(sizeof *new);
  if (!new) return *why = KDC_NO_MEMORY, NULL;
  void *handle = map(file, why);
  if (handle) {
    const kdc_seal_note *note = dlsym(handle, "kdc_seal_of_file");
    const kdc_api *(*table)(uint32_t);
    *(void **)&table = dlsym(handle, "kdc_api_table");
    const kdc_api *own = table ? table(KDC_ABI_VERSION) : NULL;
    *why = !note || !table || memcmp(note->seal.digest, digest, KDC_SHA256_BYTES) ? KDC_CANNOT_LOAD
           : own                                                                  ? KDC_OK
                                                                                  : KDC_BAD_VERSION;
    if (!*why) {
      *new = (library){*own, own, {0}, handle, 0, libraries};
      memcpy(new->digest, digest, KDC_SHA256_BYTES);
      new->api.close = close_loaded;
      return libraries = new;
    }
    dlclose(handle);
  }
  free(new);
  return NULL;
}

/* An instance of a library that the caller has counted as its user. */
static kdc_status open_instance(library *of, const kdc_options *options, kdc_instance **instance) {
  kdc_status status = of->own->open(options, instance);
  if (status)
    release(of);
  else
    *(const kdc_api **)*instance = &of->api;
  return status;
}

static kdc_status load(const source *from, const kdc_options *options, kdc_instance **instance) {
  int file = anonymous_file();
  if (file < 0) return errno == ENOMEM || errno == EMFILE || errno == ENFILE ? KDC_NO_MEMORY : KDC_CANNOT_LOAD;
  kdc_seal_check check;
  kdc_status status = copy_checked(from, file, &check);
  library *found = NULL;
  if (!status) {
    fcntl(file, ADD_SEALS, SEAL_ALL); /* against other processes of this user, where the system has it */
    pthread_mutex_lock(&libraries_lock);
    for (found = libraries; found && memcmp(found->digest, check.seal.digest, KDC_SHA256_BYTES);) found = found->next;
    if (!found) found = add_library(file, check.seal.digest, &status);
    if (found) found->users++;
    pthread_mutex_unlock(&libraries_lock);
  }
  close(file);
  return found ? open_instance(found, options, instance) : status;
}

kdc_status kdc_model_load(const char *path, const kdc_options *options, kdc_instance **instance) {
  if (!path || !instance) return KDC_BAD_ARGUMENT;
  *instance = NULL;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK /* a pipe has no writer to wait for */);
  if (file < 0) return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? KDC_NO_MEMORY : KDC_CANNOT_LOAD;
  struct stat status;
  struct statvfs system;
  kdc_status result;
  if (fstat(file, &status))
    result = KDC_CANNOT_LOAD;
  else if (!S_ISREG(status.st_mode))
    result = KDC_NOT_BUNDLE;
  else if (!fstatvfs(file, &system) && system.f_flag & ST_NOEXEC)
    result = KDC_NOT_EXECUTABLE; /* the copy could be mapped, but whoever mounted it so wants no code from there */
  else
    result = load(&(source){file, NULL, (uint64_t)status.st_size}, options, instance);
  close(file);
  return result;
}

kdc_status kdc_model_load_memory(const void *data, size_t size, const kdc_options *options, kdc_instance **instance) {
  if (!data || !instance) return KDC_BAD_ARGUMENT;
  *instance = NULL;
  return load(&(source){-1, data, size}, options, instance);
}
kdc_status kdc_model_load_again(const kdc_instance *model, const kdc_options *options, kdc_instance **instance) {
  if (!model || !instance) return KDC_BAD_ARGUMENT;
  *instance = NULL;
  const kdc_api *api = *(const kdc_api *const *)model;
  if (api->close != close_loaded) return api->open(options, instance); /* a linked bundle's: it stays anyway */
  library *of = (library *)api;
  pthread_mutex_lock(&libraries_lock);
  of->users++;
  pthread_mutex_unlock(&libraries_lock);
  return open_instance(of, options, instance);
}
#else
typedef int kdc_bundles_do_not_load;
#endif
