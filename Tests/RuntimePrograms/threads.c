/* threads CONTAINER: verifies a model's golden vectors on one to eight threads, by one instance and by two at once, each
   from a thread of its own, and by threads that are cancelled. Linked with the runtime, generated code, and --wrap=kdc_cpu_count. Prints "ok". */
#include "../../Sources/CKDCRuntime/internal.h"
#include <stdio.h>
extern int pthread_cancel(kdc_thread thread);
extern void pthread_testcancel(void);

/* So that the pool starts threads on any machine. */
uint32_t __wrap_kdc_cpu_count(void) { return 8; }

static uint8_t *container;
static size_t size;

static void *verify(void *unused) {
  kdc_instance *instance;
  if (kdc_instance_create(&kdc_model, container, size, NULL, NULL, &instance)) return "no instance";
  char *fault = NULL;
  for (uint32_t threads = 1; threads <= 8 && !fault; threads++)
    if (kdc_instance_verify(instance, threads)) fault = "an output differs";
  kdc_instance_close(instance);
  (void)unused;
  return fault;
}

static void *verify_for_ever(void *instance) {
  for (;;) {
    kdc_instance_verify(instance, 4);
    pthread_testcancel();
  }
  return NULL;
}

/* A thread that is cancelled while it runs the model ends after the run, and leaves the model to others. */
static void *cancel(void) {
  kdc_instance *instance;
  if (kdc_instance_create(&kdc_model, container, size, NULL, NULL, &instance)) return "no instance";
  char *fault = NULL;
  for (int round = 0; round < 10 && !fault; round++) {
    kdc_thread thread;
    if (pthread_create(&thread, NULL, verify_for_ever, instance)) return "no thread";
    for (int i = 0; i < round; i++) kdc_instance_verify(instance, 2);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    if (kdc_instance_verify(instance, 3)) fault = "an output differs after a thread was cancelled";
  }
  kdc_instance_close(instance);
  return fault;
}

int main(int argc, char **argv) {
  const char *why;
  container = argc > 1 ? kdc_read_file(argv[1], &size, &why) : NULL;
  if (!container) return puts("no container"), 2;
  void *fault = verify(NULL), *other = NULL;
  kdc_thread thread;
  if (!fault && !pthread_create(&thread, NULL, verify, NULL)) {
    fault = verify(NULL);
    pthread_join(thread, &other);
  }
  if (!fault && !other) fault = cancel();
  puts(fault ? fault : other ? other : "ok");
  return fault || other;
}
