/* NAME [--seconds N] [--seed N] [--count N]: inputs of one number after the other, from the seed on, for so long or so many. The
   input of a number is always the same; the sanitizer's report is followed by how to make it again. */
#include "fuzz.h"
#include <signal.h>


static uint64_t state, number;
static const char *name;

uint64_t fuzz_random(void) {
  state += 0x9E3779B97F4A7C15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

uint64_t fuzz_below(uint64_t limit) { return limit ? fuzz_random() % limit : 0; }

void fuzz_fault(const char *what) {
  fprintf(stderr, "%s\n", what);
  abort();
}

static void report(void) { fprintf(stderr, "again: Tests/Fuzz/%s.fuzz --seed %llu --count 1\n", name, (unsigned long long)number); }

static void ended(int what) {
  report();
  signal(what, SIG_DFL);
  raise(what);
}

extern unsigned alarm(unsigned seconds);
extern void *memmove(void *to, const void *from, size_t size);
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static size_t change(uint8_t *data, size_t size) {
  static const uint64_t values[] = {0, 1, 2, 127, 128, 255, 256, 32767, 65535, 65536, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
  size_t at = fuzz_below(size), width = (size_t)1 << fuzz_below(4), count;
  uint64_t value = values[fuzz_below(sizeof values / sizeof *values)] + (fuzz_below(4) ? 0 : fuzz_below(3) - 1);
  if (!size) return 0;
  switch (fuzz_below(6)) {
    case 0: data[at] ^= (uint8_t)(1u << fuzz_below(8)); return size;
    case 1: data[at] = (uint8_t)fuzz_random(); return size;
    case 2:
      if (size - at >= width) memcpy(data + at, &value, width);
      return size;
    case 3: return fuzz_below(4) ? size : at; /* cut */
    case 4: /* leave out */
      count = fuzz_below(size - at) % 64;
      memmove(data + at, data + at + count, size - at - count);
      return size - count;
    default: /* repeat */
      count = fuzz_below(size - at) % 64;
      if (size + count > MOST_BYTES) return size;
      memmove(data + at + count, data + at, size - at);
      return size + count;
  }
}

static void one(void) {
  static uint8_t made[MOST_BYTES];
  state = number * 0xD1342543DE82EF95u;
  size_t size = fuzz_make(made);
  for (uint64_t changes = fuzz_below(8); changes; changes--) size = change(made, size);
  if (fuzz_below(2)) fuzz_mend(made, size);
  uint8_t *data = malloc(size + !size);
  memcpy(data, made, size);
  fuzz_try(data, size);
  free(data);
}

int main(int argc, char **argv) {
  uint64_t seconds = 20, count = UINT64_MAX;
  name = argc > 1 ? argv[1] : "?";
  for (int i = 2; i + 1 < argc; i += 2) {
    uint64_t value = strtoull(argv[i + 1], NULL, 10);
    if (kdc_equal(argv[i], "--seconds")) seconds = value;
    if (kdc_equal(argv[i], "--seed")) number = value;
    if (kdc_equal(argv[i], "--count")) count = value;
  }
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(report);
  signal(SIGABRT, ended);
  signal(SIGALRM, ended); /* an input that takes over ten seconds */
  uint64_t first = number, end = kdc_nanoseconds() + seconds * 1000000000u;
  for (; number - first < count && kdc_nanoseconds() < end; number++) {
    alarm(10);
    one();
  }
  alarm(0);
  printf("%s: %llu inputs, no fault\n", name, (unsigned long long)(number - first));
  return 0;
}
