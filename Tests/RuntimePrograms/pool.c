/* Runs jobs of many sizes on pools of up to nine threads, more than most machines have cores for, and ends each pool
   soon after its last job. Prints "ok" if every unit was run exactly once, and no two parts shared a workspace. */
#include "../../Sources/CKDCRuntime/internal.h"
#include <stdio.h>

/* In place of cpu.c, so that the pool starts threads on any machine. */
uint32_t kdc_cpu_count(void) { return 8; }

static void kernel(void *const *b, const void *const *c, uint32_t begin, uint32_t end) {
  uint32_t *own = b[1];
  *own = begin + 1;
  for (uint32_t i = begin; i < end; i++) ((uint32_t *)b[0])[i] += i * 3 + 1;
  if (*own != begin + 1) *(uint32_t *)c[0] = 1;
}

int main(void) {
  enum { MOST_PARTS = 4 };
  static uint32_t data[1000], workspaces[MOST_PARTS][16];
  uint32_t shared = 0;
  void *b[] = {data, workspaces};
  const void *c[] = {&shared};
  for (uint32_t round = 0; round < 200; round++) {
    kdc_pool *pool = kdc_pool_create();
    for (uint32_t job = 0; job < 60; job++) {
      uint32_t threads = 1 + (round * 7 + job) % 9, units = 1 + (round * 131 + job * 17) % 1000;
      const kdc_step step = {.run = kernel, .units = units, .buffer_count = 2, .most_parts = MOST_PARTS,
                             .part_bytes = sizeof workspaces[0]};
      memset(data, 0, sizeof data);
      kdc_pool_run(pool, &step, b, c, threads);
      if (shared) return puts("two parts shared a workspace"), 1;
      for (uint32_t i = 0; i < 1000; i++)
        if (data[i] != (i < units ? i * 3 + 1 : 0)) return printf("round %u job %u unit %u\n", round, job, i), 1;
    }
    kdc_pool_destroy(pool);
  }
  puts("ok");
  return 0;
}
