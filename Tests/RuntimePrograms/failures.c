/* failures CONTAINER: the bundle as a program, again and again, each time with another allocation, then another system call that
   fails, or is interrupted or short. Each must end with an exit code that says so or with the right result, leave no file but a whole
   one, free all memory and close all descriptors. Built with all of the runtime (names of the C library replaced by those here)
   and a model. Prints "ok". */
#include "../../Sources/CKDCRuntime/internal.h"
#undef malloc
#undef free
#undef open
#undef read
#undef write
#undef lseek
#undef fsync
#undef rename
#undef linkat
#undef readlink
#undef pthread_create
extern void *malloc(size_t size);
extern void free(void *data);
extern int open(const char *path, int flags, ...);
extern long read(int file, void *data, size_t size);
extern long write(int file, const void *data, size_t size);
extern long lseek(int file, long offset, int whence);
extern int fsync(int file);
extern int rename(const char *from, const char *to);
extern int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
extern long readlink(const char *path, char *text, size_t size);
extern int pthread_create(kdc_thread *thread, const void *attributes, void *(*start)(void *), void *argument);
extern int dup(int file);
extern int printf(const char *format, ...);
extern int puts(const char *text);

/* In place of self.c: this program is no bundle. */
kdc_status kdc_check_own_file(void) { return KDC_OK; }

/* Threads even on a machine with one core. */
uint32_t __wrap_kdc_cpu_count(void) { return 4; }

enum { NONE, FAIL, INTERRUPT, SHORT };
static uint32_t allocations, calls, blocks;
static int was_refused; /* a thread */
static uint32_t fail_allocation = UINT32_MAX, fail_call = UINT32_MAX, how;

void *seam_malloc(size_t size) {
  if (allocations++ == fail_allocation) return NULL;
  blocks++;
  return malloc(size);
}

void seam_free(void *data) {
  blocks -= data != NULL;
  free(data);
}

/* What happens to this call. */
static uint32_t turn(void) {
  if (calls++ != fail_call) return NONE;
  *__errno_location() = how == INTERRUPT ? 4 /* EINTR */ : 5 /* EIO */;
  return how;
}

int seam_open(const char *path, int flags, ...) { return turn() == FAIL ? -1 : open(path, flags, 0666); }
long seam_read(int file, void *data, size_t size) {
  uint32_t what = turn();
  return what == FAIL || what == INTERRUPT ? -1 : read(file, data, what == SHORT && size > 1 ? size / 2 : size);
}
long seam_write(int file, const void *data, size_t size) {
  uint32_t what = turn();
  return what == FAIL || what == INTERRUPT ? -1 : write(file, data, what == SHORT && size > 1 ? size / 2 : size);
}
long seam_lseek(int file, long offset, int whence) { return turn() == FAIL ? -1 : lseek(file, offset, whence); }
int seam_fsync(int file) { return turn() == FAIL ? -1 : fsync(file); }
int seam_rename(const char *from, const char *to) { return turn() == FAIL ? -1 : rename(from, to); }
int seam_linkat(int a, const char *from, int b, const char *to, int flags) { return turn() == FAIL ? -1 : linkat(a, from, b, to, flags); }
long seam_readlink(const char *path, char *text, size_t size) { return turn() == FAIL ? -1 : readlink(path, text, size); }
int seam_pthread_create(kdc_thread *thread, const void *attributes, void *(*start)(void *), void *argument) {
  if (turn() == FAIL) return was_refused = 1, 11 /* EAGAIN */;
  return pthread_create(thread, attributes, start, argument);
}

static uint8_t *container, *expected;
static size_t container_size, expected_size;

static char *const commands[][7] = {
    {"m", "--verify", "--threads", "3", NULL}, {"m", "--bench", "--runs", "2", "--per-layer", NULL},
    {"m", "--info", NULL}, {"m", NULL}, {"m", "--run", "in.npz", "-o", "out.npz", NULL},
    {"m", "--run", "in.npz", "-o", "link.npz", NULL},
};

static int try(uint32_t command, int first_free) {
  int count = 0;
  while (commands[command][count]) count++;
  unlink("out.npz");
  unlink("there.npz");
  allocations = calls = blocks = 0;
  int code = kdc_program(count, (char **)commands[command], &kdc_model, NULL, container, container_size);
  fail_allocation = fail_call = UINT32_MAX;
  int now = dup(0);
  close(now);
  if (was_refused && code) return puts("without a thread it gives up"), 0;
  was_refused = 0;
  if (blocks) return printf("%u blocks are left\n", blocks), 0;
  if (now != first_free) return puts("a descriptor is left"), 0;
  if (code != 0 && code != KDC_EXIT_INPUT) return printf("exit %d\n", code), 0;
  if (command < 4) return 1;
  size_t size;
  const char *why;
  uint8_t *out = kdc_read_file(command == 4 ? "out.npz" : "there.npz", &size, &why);
  /* What fails after the file was renamed may say so; what is there is whole. */
  int good = out ? size == expected_size && !memcmp(out, expected, size) : code != 0;
  if (code == 0 && !out) good = 0;
  seam_free(out);
  return good ? 1 : (puts("the output is neither whole nor absent"), 0);
}

int main(int argc, char **argv) {
  const char *why;
  container = argc > 1 ? kdc_read_file(argv[1], &container_size, &why) : NULL;
  expected = argc > 2 ? kdc_read_file(argv[2], &expected_size, &why) : NULL;
  if (!container || !expected) return puts("usage"), 2;
  int first_free = dup(0);
  close(first_free);
  for (uint32_t c = 0; c < sizeof commands / sizeof *commands; c++) {
    for (uint32_t n = 0;; n++) {
      fail_allocation = n;
      if (!try(c, first_free)) return printf("command %u, allocation %u\n", c, n), 1;
      if (allocations <= n) break;
    }
    for (how = FAIL; how <= SHORT; how++)
      for (uint32_t n = 0;; n++) {
        fail_call = n;
        if (!try(c, first_free)) return printf("command %u, call %u, %s\n", c, n, how == FAIL ? "fails" : how == INTERRUPT ? "is interrupted" : "is short"), 1;
        if (calls <= n) break;
      }
  }
  seam_free(container);
  seam_free(expected);
  puts("ok");
  return 0;
}
