/* Runs jobs of many sizes on pools of up to nine threads, more than most machines have cores for, and ends each pool
   soon after its last job. Prints "ok" if every unit was run exactly once. */
#include "../../Sources/CKDCRuntime/internal.h"
#include <stdio.h>

/* In place of cpu.c, so that the pool starts threads on any machine. */
uint32_t kdc_cpu_count(void) { return 8; }

static void kernel(void *const *b, const void *const *c, uint32_t begin, uint32_t end) {
  (void)c;
  for (uint32_t i = begin; i < end; i++) ((uint32_t *)b[0])[i] += i * 3 + 1;
}

int main(void) {
  static uint32_t data[1000];
  void *b[] = {data};
  for (uint32_t round = 0; round < 200; round++) {
    kdc_pool *pool = kdc_pool_create();
    for (uint32_t job = 0; job < 60; job++) {
      uint32_t threads = 1 + (round * 7 + job) % 9, units = 1 + (round * 131 + job * 17) % 1000;
      memset(data, 0, sizeof data);
      if (kdc_pool_run(pool, kernel, b, NULL, units, threads)) return puts("a job was refused"), 1;
      for (uint32_t i = 0; i < 1000; i++)
        if (data[i] != (i < units ? i * 3 + 1 : 0)) return printf("round %u job %u unit %u\n", round, job, i), 1;
    }
    kdc_pool_destroy(pool);
  }
  puts("ok");
  return 0;
}
