/* threads CONTAINER: verifies a model's golden vectors on one to eight threads, by one instance and by two at once, each
   from a thread of its own. Linked with the runtime, generated code, and --wrap=kdc_cpu_count. Prints "ok". */
#include "../../Sources/CKDCRuntime/internal.h"
#include <stdio.h>

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

int main(int argc, char **argv) {
  container = argc > 1 ? kdc_read_file(argv[1], &size) : NULL;
  if (!container) return puts("no container"), 2;
  void *fault = verify(NULL), *other = NULL;
  kdc_thread thread;
  if (!fault && !pthread_create(&thread, NULL, verify, NULL)) {
    fault = verify(NULL);
    pthread_join(thread, &other);
  }
  puts(fault ? fault : other ? other : "ok");
  return fault || other;
}
