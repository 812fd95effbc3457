/* Threads that share a step's units. A job is cut into parts by two numbers alone (units and threads); whichever thread
   is running claims the next part, so that nobody waits for a thread that the system has not scheduled. Workers wait
   some microseconds for the next job, then sleep. */
#include "internal.h"
#include <stdatomic.h>

#if defined(__aarch64__)
enum { SPINS = 20000 }; /* yield takes a cycle or so */
#else
enum { SPINS = 2000 };
#endif

/* A part number that no job has. */
enum { CLOSED = INT32_MAX };

struct kdc_pool {
  kdc_mutex mutex;
  kdc_condition wake, done;
  _Atomic uint64_t ticket; /* number of the job << 32 | next part to claim */
  atomic_uint finished;    /* parts of the job that have been run */
  atomic_uint sleepers, owner_sleeps, stop;
  uint32_t worker_count, core_count;
  /* The job. Atomic since a late worker may read it while the next one is set up; its claim fails then. */
  _Atomic(const kdc_step *) step;
  _Atomic(void *const *) b;
  _Atomic(const void *const *) c;
  atomic_uint parts;
  struct worker {
    kdc_pool *pool;
    kdc_thread thread;
    uint32_t seen; /* the last job whose parts were all claimed */
  } workers[KDC_MAX_THREADS - 1];
};

static void relax(void) {
#if defined(__aarch64__)
  __asm__ volatile("yield");
#else
  __asm__ volatile("pause");
#endif
}

static uint32_t current_job(kdc_pool *pool) { return (uint32_t)(atomic_load(&pool->ticket) >> 32); }

/* Parts have workspaces of their own, one behind the other. */
static void run_part(const kdc_step *step, void *const *b, const void *const *c, uint64_t part, uint64_t parts) {
  void *own[KDC_MAX_BUFFERS];
  uint32_t begin = (uint32_t)(step->units * part / parts), end = (uint32_t)(step->units * (part + 1) / parts);
  if (begin >= end) return;
  if (part && step->part_bytes) {
    uint32_t last = step->buffer_count - 1u;
    memcpy(own, b, step->buffer_count * sizeof *own);
    own[last] = (uint8_t *)own[last] + part * step->part_bytes;
    b = own;
  }
  step->run(b, c, begin, end);
}

/* Claims and runs parts until none is left; returns the job's number. */
static uint32_t run_parts(kdc_pool *pool) {
  for (;;) {
    uint64_t ticket = atomic_load(&pool->ticket);
    uint64_t part = (uint32_t)ticket;
    uint32_t parts = atomic_load(&pool->parts);
    const kdc_step *step = atomic_load(&pool->step);
    void *const *b = atomic_load(&pool->b);
    const void *const *c = atomic_load(&pool->c);
    if (part >= parts) return (uint32_t)(ticket >> 32);
    if (!atomic_compare_exchange_strong(&pool->ticket, &ticket, ticket + 1)) continue;
    run_part(step, b, c, part, parts);
    if (atomic_fetch_add(&pool->finished, 1) + 1 == parts && atomic_load(&pool->owner_sleeps)) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->done);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
}

/* Who goes to sleep first announces it and then looks for work; who brings work first shows it and then looks for
   sleepers. All of it is sequentially consistent: one of them sees the other, and no wake-up is lost. */
static void *work(void *argument) {
  struct worker *self = argument;
  kdc_pool *pool = self->pool;
  for (;;) {
    for (uint32_t i = 0; i < SPINS && current_job(pool) == self->seen; i++) relax();
    if (current_job(pool) == self->seen) {
      pthread_mutex_lock(&pool->mutex);
      atomic_fetch_add(&pool->sleepers, 1);
      while (current_job(pool) == self->seen) pthread_cond_wait(&pool->wake, &pool->mutex);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->mutex);
    }
    self->seen = run_parts(pool);
    /* After the number was read: the last job says nothing but that stop is set. */
    if (atomic_load(&pool->stop)) return NULL;
  }
}

static void announce(kdc_pool *pool) {
  atomic_store(&pool->ticket, (uint64_t)(current_job(pool) + 1) << 32);
  if (!atomic_load(&pool->sleepers)) return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
}

static void await(kdc_pool *pool, uint32_t parts) {
  for (uint32_t i = 0; i < SPINS && atomic_load(&pool->finished) != parts; i++) relax();
  if (atomic_load(&pool->finished) == parts) return;
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->owner_sleeps, 1);
  while (atomic_load(&pool->finished) != parts) pthread_cond_wait(&pool->done, &pool->mutex);
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
    atomic_store(&pool->parts, 0);
    atomic_store(&pool->stop, 1);
    announce(pool);
    for (uint32_t i = 0; i < pool->worker_count; i++) pthread_join(pool->workers[i].thread, NULL);
  }
  free(pool);
}

/* Where the system refuses a thread the others do its work, and it is not asked again. */
static void grow(kdc_pool *pool, uint32_t threads) {
  if (threads > pool->core_count) threads = pool->core_count; /* more than cores would only wait for each other */
  while (pool->worker_count + 1 < threads) {
    struct worker *worker = &pool->workers[pool->worker_count];
    *worker = (struct worker){pool, 0, current_job(pool)};
    if (pthread_create(&worker->thread, NULL, work, worker))
      threads = pool->core_count = pool->worker_count + 1;
    else
      pool->worker_count++;
  }
}

void kdc_pool_run(kdc_pool *pool, const kdc_step *step, void *const *b, const void *const *c, uint32_t threads) {
  uint32_t parts = threads < step->units ? threads : step->units;
  if (step->part_bytes && parts > step->most_parts) parts = step->most_parts;
  if (parts > KDC_MAX_THREADS) parts = KDC_MAX_THREADS;
  if (parts <= 1) {
    if (step->units) step->run(b, c, 0, step->units);
    return;
  }
  grow(pool, parts);
  /* Closed while the job changes: otherwise a late worker could claim a part of the new job under the old number. */
  atomic_store(&pool->ticket, (uint64_t)current_job(pool) << 32 | CLOSED);
  atomic_store(&pool->step, step);
  atomic_store(&pool->b, b);
  atomic_store(&pool->c, c);
  atomic_store(&pool->finished, 0);
  atomic_store(&pool->parts, parts);
  announce(pool);
  run_parts(pool);
  await(pool, parts);
}
