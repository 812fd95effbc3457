/* Threads that share a step's units. They wait a few microseconds for the next step, then sleep. */
#include "internal.h"
#include <stdatomic.h>

enum { SPINS = 3000 };

struct kdc_pool {
  kdc_mutex mutex;
  kdc_condition wake, done;
  atomic_uint generation; /* counts jobs */
  atomic_uint pending;    /* workers that have not finished the current job */
  atomic_uint sleepers, owner_sleeps;
  uint32_t worker_count, core_count;
  atomic_uint stop;
  kdc_kernel kernel;
  void *const *b;
  const void *const *c;
  uint32_t units, parts;
  struct worker {
    kdc_pool *pool;
    kdc_thread thread;
    uint32_t number, seen;
  } workers[KDC_MAX_THREADS - 1];
};

static void relax(void) {
#if defined(__aarch64__)
  __asm__ volatile("yield");
#else
  __asm__ volatile("pause");
#endif
}

/* The parts of one of `worker_count` + 1 threads: all of them where there are fewer threads than parts. */
static void run_parts(kdc_pool *pool, uint32_t first) {
  uint64_t units = pool->units;
  for (uint32_t part = first; part < pool->parts; part += pool->worker_count + 1) {
    uint32_t begin = (uint32_t)(units * part / pool->parts), end = (uint32_t)(units * (part + 1) / pool->parts);
    if (begin < end) pool->kernel(pool->b, pool->c, begin, end);
  }
}

/* Either side first announces itself and then looks at the other's word (both sequentially consistent), so that one of
   them sees the other and no wake-up is lost. */
static void *work(void *argument) {
  struct worker *self = argument;
  kdc_pool *pool = self->pool;
  for (;;) {
    for (uint32_t i = 0; i < SPINS && atomic_load(&pool->generation) == self->seen; i++) relax();
    if (atomic_load(&pool->generation) == self->seen) {
      pthread_mutex_lock(&pool->mutex);
      atomic_fetch_add(&pool->sleepers, 1);
      while (atomic_load(&pool->generation) == self->seen) pthread_cond_wait(&pool->wake, &pool->mutex);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->mutex);
    }
    self->seen++;
    if (atomic_load(&pool->stop)) return NULL;
    run_parts(pool, self->number);
    if (atomic_fetch_sub(&pool->pending, 1) == 1 && atomic_load(&pool->owner_sleeps)) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->done);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
}

static void announce(kdc_pool *pool) {
  atomic_fetch_add(&pool->generation, 1);
  if (!atomic_load(&pool->sleepers)) return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
}

static void await(kdc_pool *pool) {
  for (uint32_t i = 0; i < SPINS && atomic_load(&pool->pending); i++) relax();
  if (!atomic_load(&pool->pending)) return;
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->owner_sleeps, 1);
  while (atomic_load(&pool->pending)) pthread_cond_wait(&pool->done, &pool->mutex);
  atomic_store(&pool->owner_sleeps, 0);
  pthread_mutex_unlock(&pool->mutex);
}

kdc_pool *kdc_pool_create(void) {
  kdc_pool *pool = malloc(sizeof *pool);
  if (!pool) return NULL;
  memset(pool, 0, sizeof *pool);
  pool->core_count = kdc_cpu_count();
  return pool;
}

void kdc_pool_destroy(kdc_pool *pool) {
  if (!pool) return;
  if (pool->worker_count) {
    atomic_store(&pool->stop, 1);
    announce(pool);
    for (uint32_t i = 0; i < pool->worker_count; i++) pthread_join(pool->workers[i].thread, NULL);
  }
  free(pool);
}

static kdc_status grow(kdc_pool *pool, uint32_t workers) {
  while (pool->worker_count < workers) {
    struct worker *worker = &pool->workers[pool->worker_count];
    *worker = (struct worker){pool, 0, pool->worker_count + 1, atomic_load(&pool->generation)};
    if (pthread_create(&worker->thread, NULL, work, worker)) return KDC_NO_THREAD;
    pool->worker_count++;
  }
  return KDC_OK;
}

kdc_status kdc_pool_run(
    kdc_pool *pool, kdc_kernel kernel, void *const *b, const void *const *c, uint32_t units, uint32_t threads) {
  uint32_t parts = threads < units ? threads : units;
  if (parts <= 1) {
    if (units) kernel(b, c, 0, units);
    return KDC_OK;
  }
  /* More threads than cores would wait for each other in every step. */
  uint32_t used = threads < pool->core_count ? threads : pool->core_count;
  kdc_status status = grow(pool, (used < KDC_MAX_THREADS ? used : KDC_MAX_THREADS) - 1);
  if (status) return status;
  pool->kernel = kernel;
  pool->b = b;
  pool->c = c;
  pool->units = units;
  pool->parts = parts;
  atomic_store(&pool->pending, pool->worker_count);
  announce(pool);
  run_parts(pool, 0);
  await(pool);
  return KDC_OK;
}
