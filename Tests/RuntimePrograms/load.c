/* load ONE TWO FLIPS: two different bundles of one interface, by turns from memory, by a file that is replaced, overwritten, reached
   by a link or by another working folder; from many threads at once; with FLIPS flipped bits, and cut short. Each load must
   answer with the very file's model or be refused. Prints "ok". Built with abi.c and load.c alone, as applications are. */
#include "../../Sources/CKDCRuntime/include/kdc.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 1000, LOADERS = 8 };

typedef struct {
  uint8_t *data;
  size_t size;
  float answer; /* y[0] for ones */
} bundle;

static bundle bundles[2];

static bundle read_bundle(const char *path) {
  bundle b = {NULL, 0, 0};
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) exit(puts(path));
  b.size = (size_t)ftell(file);
  b.data = malloc(b.size);
  rewind(file);
  if (fread(b.data, 1, b.size, file) != b.size) exit(puts(path));
  fclose(file);
  return b;
}

static void write_bundle(const char *path, const bundle *b) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(b->data, 1, b->size, file) != b->size || fclose(file)) exit(puts("cannot write"));
}

static float answer(kdc_instance *model) {
  float x[8], y[8] = {0};
  for (int i = 0; i < 8; i++) x[i] = 1;
  const void *inputs[] = {x};
  void *outputs[] = {y};
  return kdc_model_run(model, inputs, outputs, 2) ? -1 : y[0];
}

/* One load of `b`; a file takes the way that the round says. */
static kdc_status load(uint32_t round, const bundle *b, kdc_instance **model) {
  char folder[16];
  switch (round % 5) {
    case 0: return kdc_model_load_memory(b->data, b->size, NULL, model);
    case 1:
      write_bundle("new.kdb", b);
      rename("new.kdb", "model.kdb");
      return kdc_model_load("model.kdb", NULL, model);
    case 2: write_bundle("model.kdb", b); return kdc_model_load("./model.kdb", NULL, model);
    case 3:
      snprintf(folder, sizeof folder, "%ld", (long)(b - bundles));
      mkdir(folder, 0777);
      if (chdir(folder)) return KDC_CANNOT_LOAD;
      write_bundle("model.kdb", b);
      kdc_status status = kdc_model_load("model.kdb", NULL, model);
      return chdir("..") ? KDC_CANNOT_LOAD : status;
    default:
      write_bundle(b == bundles ? "a.kdb" : "b.kdb", b);
      unlink("link.kdb");
      if (symlink(b == bundles ? "a.kdb" : "b.kdb", "link.kdb")) return KDC_CANNOT_LOAD;
      return kdc_model_load("link.kdb", NULL, model);
  }
}

static void *load_often(void *number) {
  for (uint32_t i = 0; i < 40; i++) {
    const bundle *b = &bundles[(i + (uintptr_t)number) % 2];
    kdc_instance *model;
    if (kdc_model_load_memory(b->data, b->size, NULL, &model)) return "a load failed";
    kdc_instance *again;
    if (kdc_model_load_again(model, NULL, &again)) return "another instance is refused";
    float found = answer(model);
    kdc_model_close(model);
    float shared = answer(again); /* outlives the first */
    kdc_model_close(again);
    if (found != b->answer || shared != b->answer) return "another model answered";
  }
  return NULL;
}

/* Nothing of the bundles is mapped, and no descriptor is left open. */
static int is_clean(int descriptor) {
  char line[512];
  FILE *maps = fopen("/proc/self/maps", "r");
  int found = 0;
  while (maps && fgets(line, sizeof line, maps)) found |= strstr(line, "model.kdb") != NULL;
  if (maps) fclose(maps);
  int now = dup(0);
  close(now);
  return !found && now == descriptor;
}

static int damaged(uint32_t flips) {
  const bundle *b = &bundles[0];
  uint32_t random = 1;
  for (uint32_t i = 0; i < flips; i++) {
    random = random * 1664525u + 1013904223u;
    uint8_t *copy = malloc(b->size); /* of its own, so that reading beyond shows */
    memcpy(copy, b->data, b->size);
    size_t at = (size_t)((uint64_t)random * b->size >> 32);
    copy[at] ^= (uint8_t)(1u << i % 8);
    kdc_instance *model;
    kdc_status status = kdc_model_load_memory(copy, b->size, NULL, &model);
    free(copy);
    if (!status || model) return printf("bit %u of byte %zu: accepted\n", i % 8, at), 0;
    copy = malloc(at + 1);
    memcpy(copy, b->data, at);
    status = kdc_model_load_memory(copy, at, NULL, &model);
    free(copy);
    if (at ? status != KDC_CUT_SHORT : status != KDC_NOT_BUNDLE) return printf("cut at %zu: status %d\n", at, status), 0;
  }
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 4) return puts("usage"), 2;
  bundles[0] = read_bundle(argv[1]);
  bundles[1] = read_bundle(argv[2]);
  bundles[0].answer = 1;
  bundles[1].answer = 10;
  int descriptor = dup(0);
  close(descriptor);
  kdc_instance *models[3] = {NULL, NULL, NULL}; /* some stay while others come */
  for (uint32_t round = 0; round < ROUNDS; round++) {
    const bundle *b = &bundles[round * 7 / 3 % 2];
    kdc_instance **model = &models[round % 3];
    kdc_model_close(*model);
    kdc_status status = load(round, b, model);
    if (status || answer(*model) != b->answer) return printf("round %u: %s\n", round, kdc_status_text(status)), 1;
  }
  for (int i = 0; i < 3; i++) kdc_model_close(models[i]);
  pthread_t threads[LOADERS];
  for (uintptr_t i = 0; i < LOADERS; i++)
    if (pthread_create(&threads[i], NULL, load_often, (void *)i)) return puts("no thread"), 2;
  const char *fault = NULL;
  for (int i = 0; i < LOADERS; i++) {
    void *result;
    pthread_join(threads[i], &result);
    if (result) fault = result;
  }
  if (!fault && !damaged((uint32_t)atoi(argv[3]))) return 1;
  if (!fault && !is_clean(descriptor)) fault = "a mapping or a descriptor is left";
  for (int i = 0; i < 2; i++) free(bundles[i].data);
  puts(fault ? fault : "ok");
  return fault != NULL;
}
