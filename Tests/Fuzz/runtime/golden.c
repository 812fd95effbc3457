/* Golden vectors: text in the container of a model that copies its two inputs. */
#include "fuzz.h"

static void copy(void *const *b, const void *const *c, uint32_t begin, uint32_t end) {
  memcpy((uint8_t *)b[1] + begin, (const uint8_t *)b[0] + begin, end - begin);
  (void)c;
}

static const kdc_step steps[] = {{copy, 24, 2, 0, 0, {0, 64}, {0}, 0, "copy", "copy"}};
static const kdc_port inputs[] = {{"x", KDC_FLOAT32, 2, {1, 4}, 0, 16}, {"n", KDC_INT8, 1, {8}, 16, 8}};
static const kdc_port outputs[] = {{"y", KDC_UINT8, 1, {24}, 64, 24}};
static const kdc_variant variant = {"generic", "any", {0}, 0, 128, 0, 1, 0, steps, NULL, inputs, outputs};
static const kdc_variant *const variants[] = {&variant};
static const kdc_model_code code = {1, "copy", 2, 1, 1, variants};

size_t fuzz_make(uint8_t to[MOST_BYTES]) {
  static const char *const numbers[] = {"0", "-1.5", "2e9", "1e400", "-9.3e18", "9.3e18", "0.1", "127", "1e-45"};
  const char *n[4];
  for (int i = 0; i < 4; i++) n[i] = numbers[fuzz_below(sizeof numbers / sizeof *numbers)];
  return (size_t)snprintf(
      (char *)to, MOST_BYTES, "{\"ranges\":{\"n\":[%s,%s],\"x\":[%s,%s]},\"vectors\":[{\"crc\":{\"y\":%u},\"seed\":%llu},{\"seed\":7,\"crc\":{\"y\":1}}]}",
      n[0], n[1], n[2], n[3], (unsigned)fuzz_random(), (unsigned long long)fuzz_random());
}

void fuzz_mend(uint8_t *data, size_t size) { (void)data, (void)size; }

void fuzz_try(const uint8_t *data, size_t size) {
  const char *texts[] = {"{}", (const char *)data};
  const size_t sizes[] = {2, size};
  size_t start = 32 + 2 * 24, total = start + 2 + size;
  uint8_t *container = malloc(total);
  uint32_t at = (uint32_t)start;
  for (uint32_t i = 0; i < 2; i++) {
    const uint32_t words[] = {i ? KDC_ENTRY_GOLDEN : KDC_ENTRY_MANIFEST, 0, kdc_crc32(0, texts[i], sizes[i]), at, (uint32_t)sizes[i], (uint32_t)sizes[i]};
    memcpy(container + 32 + 24 * i, words, 24);
    memcpy(container + at, texts[i], sizes[i]);
    at += (uint32_t)sizes[i];
  }
  memcpy(container, "KDCBNDL1", 8);
  const uint32_t head[] = {3, 2, (uint32_t)total, 0, kdc_crc32(0, container + 32, 48), 0};
  memcpy(container + 8, head, 24);
  kdc_instance *instance;
  if (kdc_instance_create(&code, container, total, NULL, NULL, &instance)) fuzz_fault("the container was refused");
  kdc_instance_verify(instance, 1);
  kdc_instance_close(instance);
  free(container);
}
