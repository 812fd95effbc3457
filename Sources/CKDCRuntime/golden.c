/* Golden vectors: inputs are made from a seed, only the CRCs of the outputs are stored.

   Element i of an input is made from word i of SplitMix64 started with seed + the input's position: u = word >> 40;
   float32: low + (high - low) * (u * 2^-24), each operation rounded to float32; integers: low + u mod (high - low + 1).
 */
#include "internal.h"

static uint64_t next_word(uint64_t *state) {
  *state += 0x9E3779B97F4A7C15u;
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* Without a fraction; 0 for what int64 cannot hold. */
static int64_t whole(float value) { return value >= -0x1p63f && value < 0x1p63f ? (int64_t)value : 0; }

void kdc_golden_fill(const kdc_port *port, uint64_t seed, float low, float high, void *data) {
  uint32_t item = kdc_dtype_bytes(port->dtype);
  uint64_t count = item ? port->bytes / item : 0, state = seed;
  uint8_t *bytes = data;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t u = next_word(&state) >> 40;
    if (port->dtype == KDC_FLOAT32) {
      float part = (float)u * 0x1p-24f;
      float value = (high - low) * part;
      value = low + value;
      memcpy(bytes + i * 4, &value, 4);
    } else {
      uint64_t from = (uint64_t)whole(low), span = (uint64_t)whole(high) - from + 1; /* wraps as kdc's own does */
      uint64_t value = from + u % ((int64_t)span > 0 ? span : 1);
      memcpy(bytes + i * item, &value, item); /* little-endian */
    }
  }
}

/* The range of input `name`; [0, 1] where none is recorded. */
static void range_of(const char *text, size_t size, const char *name, float *low, float *high) {
  kdc_json json = {text, text + size, 0};
  *low = 0;
  *high = 1;
  if (kdc_json_enter(&json, "ranges") && kdc_json_enter(&json, name) && kdc_json_take(&json, '[')) {
    *low = kdc_json_float(&json);
    if (!kdc_json_take(&json, ',')) json.failed = 1;
    *high = kdc_json_float(&json);
  }
}

static void fill_inputs(const kdc_instance *instance, const char *text, size_t size, uint64_t seed,
                        void *const *inputs) {
  const kdc_port *ports = kdc_instance_variant(instance)->inputs;
  for (uint32_t i = 0; i < kdc_instance_code(instance)->input_count; i++) {
    float low, high;
    range_of(text, size, ports[i].name, &low, &high);
    kdc_golden_fill(&ports[i], seed + i, low, high, inputs[i]);
  }
}

kdc_status kdc_golden_inputs(const kdc_instance *instance, uint64_t seed, void *const *inputs) {
  char *text = NULL;
  size_t size = 0;
  kdc_status status = kdc_container_copy(kdc_instance_container(instance), KDC_ENTRY_GOLDEN, 0, &text, &size);
  if (status && status != KDC_NOT_FOUND) return status;
  fill_inputs(instance, text ? text : "", size, seed, inputs);
  free(text);
  return KDC_OK;
}

void *kdc_port_memory(const kdc_port *ports, uint32_t count, void **pointers) {
  uint64_t total = 64;
  for (uint32_t i = 0; i < count; i++) total += (ports[i].bytes + 63) & ~(uint64_t)63;
  uint8_t *block = malloc(total);
  if (!block) return NULL;
  uint64_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    pointers[i] = block + at;
    at += (ports[i].bytes + 63) & ~(uint64_t)63;
  }
  return block;
}

/* The cursor stands on a vector; it has been run into `outputs`. Compares each output that the vector names. */
static kdc_status compare(const kdc_instance *instance, kdc_json vector, void *const *outputs, const char **differing) {
  const kdc_port *ports = kdc_instance_variant(instance)->outputs;
  for (uint32_t i = 0; i < kdc_instance_code(instance)->output_count; i++) {
    kdc_json crc = vector;
    if (!kdc_json_enter(&crc, "crc") || !kdc_json_enter(&crc, ports[i].name)) return KDC_BAD_BUNDLE;
    if (kdc_json_integer(&crc) == kdc_crc32(0, outputs[i], ports[i].bytes)) continue;
    *differing = ports[i].name;
    return KDC_VERIFY_FAILED;
  }
  return KDC_OK;
}

static kdc_status run_vectors(kdc_instance *instance, const char *text, size_t size, uint32_t threads, void **in,
                              void **out, uint32_t *vectors, const char **differing) {
  kdc_json json = {text, text + size, 0};
  if (!kdc_json_enter(&json, "vectors") || !kdc_json_take(&json, '[')) return KDC_BAD_BUNDLE;
  do {
    kdc_json seed = json;
    if (!kdc_json_enter(&seed, "seed")) return KDC_BAD_BUNDLE;
    fill_inputs(instance, text, size, kdc_json_integer(&seed), in);
    kdc_status status = kdc_instance_run(instance, (const void *const *)in, out, threads, NULL);
    if (!status) status = compare(instance, json, out, differing);
    if (status) return status;
    ++*vectors;
    kdc_json_skip(&json);
  } while (kdc_json_take(&json, ','));
  return json.failed ? KDC_BAD_BUNDLE : KDC_OK;
}

kdc_status kdc_golden_verify(kdc_instance *instance, uint32_t threads, uint32_t *vectors, const char **differing) {
  const kdc_model_code *code = kdc_instance_code(instance);
  const kdc_variant *variant = kdc_instance_variant(instance);
  char *text;
  size_t size;
  *vectors = 0;
  *differing = NULL;
  kdc_status status = kdc_container_copy(kdc_instance_container(instance), KDC_ENTRY_GOLDEN, 0, &text, &size);
  if (status) return status;
  void **in = malloc(sizeof(void *) * ((size_t)code->input_count + code->output_count + 1));
  void **out = in ? in + code->input_count : NULL;
  void *inputs = in ? kdc_port_memory(variant->inputs, code->input_count, in) : NULL;
  void *outputs = in ? kdc_port_memory(variant->outputs, code->output_count, out) : NULL;
  status = inputs && outputs ? run_vectors(instance, text, size, threads, in, out, vectors, differing) : KDC_NO_MEMORY;
  free(outputs);
  free(inputs);
  free(in);
  free(text);
  return status;
}

kdc_status kdc_instance_verify(kdc_instance *instance, uint32_t threads) {
  uint32_t vectors;
  const char *differing;
  return kdc_golden_verify(instance, threads, &vectors, &differing);
}
