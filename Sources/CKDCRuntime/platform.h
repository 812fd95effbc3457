/* What the runtime takes from the C library, declared here because bundles are compiled without its headers.
   Every name exists under a symbol version of 2.17 or older in glibc (and in musl); see the stub lists of KDCToolchain.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#if !defined(__LP64__) || !defined(__linux__)
#error "the runtime is written for 64-bit Linux"
#endif

extern long read(int file, void *data, size_t size);
extern long write(int file, const void *data, size_t size);
extern int open(const char *path, int flags, ...);
extern int close(int file);
extern long lseek(int file, long offset, int whence);
extern int fsync(int file);
extern int rename(const char *from, const char *to);
extern int unlink(const char *path);
extern long readlink(const char *path, char *text, size_t size);
extern int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
extern int *__errno_location(void);
extern long syscall(long number, ...);
extern void *malloc(size_t size);
extern void free(void *data);
extern void *memcpy(void *restrict to, const void *restrict from, size_t size);
extern void *memset(void *to, int byte, size_t size);
extern int memcmp(const void *a, const void *b, size_t size);
extern size_t strlen(const char *text);
extern unsigned long getauxval(unsigned long kind);

enum { KDC_O_RDONLY = 0, KDC_O_WRONLY = 1, KDC_O_CREAT = 0100, KDC_O_EXCL = 0200, KDC_O_TRUNC = 01000 };
enum { KDC_O_NONBLOCK = 04000, KDC_O_CLOEXEC = 02000000, KDC_O_PATH = 010000000 };
enum { KDC_SEEK_SET = 0, KDC_SEEK_END = 2 };

typedef struct {
  long seconds, nanoseconds;
} kdc_timespec;
extern int clock_gettime(int clock, kdc_timespec *time);
enum { KDC_CLOCK_MONOTONIC = 1 };

/* At least as large as glibc's and musl's types on both architectures; all-zero is their static initializer. */
typedef struct {
  uint64_t opaque[8];
} kdc_mutex;
typedef struct {
  uint64_t opaque[8];
} kdc_condition;
typedef unsigned long kdc_thread;
extern int pthread_create(kdc_thread *thread, const void *attributes, void *(*start)(void *), void *argument);
extern int pthread_join(kdc_thread thread, void **result);
extern int pthread_setcancelstate(int state, int *old);
enum { KDC_CANCEL_DISABLED = 1 };
extern int pthread_mutex_lock(kdc_mutex *mutex);
extern int pthread_mutex_unlock(kdc_mutex *mutex);
extern int pthread_cond_wait(kdc_condition *condition, kdc_mutex *mutex);
extern int pthread_cond_signal(kdc_condition *condition);
extern int pthread_cond_broadcast(kdc_condition *condition);
