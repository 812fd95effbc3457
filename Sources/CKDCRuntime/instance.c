/* An instance: shared unpacked weights, an arena, and for each step the addresses its kernel gets. */
#include "internal.h"

enum { ALIGNMENT = 64, POINTERS = KDC_MAX_BUFFERS + KDC_MAX_CONSTANTS };

typedef struct weights {
  struct weights *next;
  const kdc_model_code *code;
  const kdc_variant *variant;
  uint32_t users;
  void *block;
  uint8_t *data;
} weights;

struct kdc_instance {
  const kdc_api *api; /* first: kdc_model_… of any bundle or of load.c dispatches through it */
  const kdc_model_code *code;
  const kdc_variant *variant;
  kdc_container_view container;
  weights *weights;
  uint8_t *arena;
  void *arena_block;
  void **pointers; /* POINTERS for each step */
  char *manifest;
  size_t manifest_bytes;
  kdc_pool *pool;
  kdc_mutex turn;
};

static kdc_mutex weights_lock;
static weights *all_weights;

static void *aligned_block(uint64_t bytes, uint8_t **aligned) {
  if (bytes > (uint64_t)1 << 40) return NULL;
  void *block = malloc(bytes + ALIGNMENT);
  if (block) *aligned = (uint8_t *)(((uintptr_t)block + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
  return block;
}

/* A stream of constants, unpacked. */
typedef struct {
  uint8_t *data;
  uint64_t size;
  uint32_t number;
} stream;

static kdc_status unpack_stream(const kdc_container_view *view, uint32_t number, stream *to) {
  if (to->data && to->number == number) return KDC_OK;
  free(to->data);
  to->data = NULL;
  char *data;
  size_t size;
  kdc_status status = kdc_container_copy(view, KDC_ENTRY_CONSTANT, number, &data, &size);
  if (status) return status == KDC_NOT_FOUND ? KDC_BAD_BUNDLE : status;
  *to = (stream){(uint8_t *)data, size, number};
  return KDC_OK;
}

static kdc_status unpack_all(const kdc_container_view *view, weights *w) {
  const kdc_variant *variant = w->variant;
  w->block = aligned_block(variant->weights_bytes, &w->data);
  if (!w->block) return KDC_NO_MEMORY;
  stream raw = {NULL, 0, 0}; /* constants of one stream mostly follow each other */
  kdc_status status = KDC_OK;
  for (uint32_t i = 0; i < variant->constant_count && !status; i++) {
    const kdc_constant *constant = &variant->constants[i];
    if (constant->offset > variant->weights_bytes || constant->bytes > variant->weights_bytes - constant->offset)
      status = KDC_BAD_BUNDLE;
    if (!status) status = unpack_stream(view, constant->stream, &raw);
    if (!status && (constant->from > raw.size || !kdc_pack(constant, raw.data + constant->from,
                                                           raw.size - constant->from, w->data + constant->offset)))
      status = KDC_BAD_BUNDLE;
  }
  free(raw.data);
  return status;
}

static kdc_status share_weights(const kdc_model_code *code, const kdc_variant *variant, const kdc_container_view *view,
                                weights **result) {
  kdc_status status = KDC_OK;
  pthread_mutex_lock(&weights_lock);
  weights *w = all_weights;
  while (w && !(w->code == code && w->variant == variant)) w = w->next;
  if (!w) {
    w = malloc(sizeof *w);
    status = KDC_NO_MEMORY;
    if (w) {
      *w = (weights){all_weights, code, variant, 0, NULL, NULL};
      status = unpack_all(view, w);
      if (status) {
        free(w->block);
        free(w);
      } else {
        all_weights = w;
      }
    }
  }
  if (!status) {
    w->users++;
    *result = w;
  }
  pthread_mutex_unlock(&weights_lock);
  return status;
}

static void release_weights(weights *w) {
  if (!w) return;
  pthread_mutex_lock(&weights_lock);
  if (--w->users == 0) {
    weights **link = &all_weights;
    while (*link != w) link = &(*link)->next;
    *link = w->next;
    free(w->block);
    free(w);
  }
  pthread_mutex_unlock(&weights_lock);
}

static kdc_status make_arena(kdc_instance *instance, const kdc_options *options) {
  uint64_t bytes = instance->variant->arena_bytes;
  if (options && options->arena) {
    if (options->arena_bytes < bytes || (uintptr_t)options->arena % ALIGNMENT) return KDC_BAD_ARGUMENT;
    instance->arena = options->arena;
    return KDC_OK;
  }
  instance->arena_block = aligned_block(bytes, &instance->arena);
  return instance->arena_block ? KDC_OK : KDC_NO_MEMORY;
}

static kdc_status make_pointers(kdc_instance *instance) {
  const kdc_variant *variant = instance->variant;
  instance->pointers = malloc(((size_t)variant->step_count * POINTERS + 1) * sizeof(void *));
  if (!instance->pointers) return KDC_NO_MEMORY;
  for (uint32_t i = 0; i < variant->step_count; i++) {
    const kdc_step *step = &variant->steps[i];
    void **to = instance->pointers + (size_t)i * POINTERS;
    for (uint32_t j = 0; j < step->buffer_count; j++) to[j] = instance->arena + step->buffers[j];
    for (uint32_t j = 0; j < step->constant_count; j++)
      to[KDC_MAX_BUFFERS + j] = instance->weights->data + variant->constants[step->constants[j]].offset;
  }
  return KDC_OK;
}

void kdc_instance_close(kdc_instance *instance) {
  if (!instance) return;
  int cancel;
  pthread_setcancelstate(KDC_CANCEL_DISABLED, &cancel);
  kdc_pool_destroy(instance->pool);
  release_weights(instance->weights);
  free(instance->manifest);
  free(instance->pointers);
  free(instance->arena_block);
  free(instance);
  pthread_setcancelstate(cancel, NULL);
}

kdc_status kdc_instance_create(const kdc_model_code *code, const uint8_t *container, size_t container_size,
                               const kdc_api *api, const kdc_options *options, kdc_instance **result) {
  if (!result) return KDC_BAD_ARGUMENT;
  *result = NULL;
  if (code->version != 1) return KDC_BAD_VERSION;
  const kdc_variant *variant = kdc_choose_variant(code, kdc_cpu_part(), kdc_cpu_features());
  if (!variant) return KDC_UNSUPPORTED_CPU;
  kdc_instance *instance = malloc(sizeof *instance);
  if (!instance) return KDC_NO_MEMORY;
  memset(instance, 0, sizeof *instance);
  instance->api = api;
  instance->code = code;
  instance->variant = variant;
  kdc_status status = kdc_container_open(container, container_size, &instance->container);
  if (!status) status = share_weights(code, variant, &instance->container, &instance->weights);
  if (!status) status = make_arena(instance, options);
  if (!status) status = make_pointers(instance);
  if (!status)
    status =
        kdc_container_copy(&instance->container, KDC_ENTRY_MANIFEST, 0, &instance->manifest, &instance->manifest_bytes);
  if (status == KDC_NOT_FOUND) status = KDC_BAD_BUNDLE;
  if (!status && !(instance->pool = kdc_pool_create())) status = KDC_NO_MEMORY;
  if (status) {
    kdc_instance_close(instance);
    return status;
  }
  *result = instance;
  return KDC_OK;
}

const kdc_model_code *kdc_instance_code(const kdc_instance *instance) { return instance->code; }
const kdc_variant *kdc_instance_variant(const kdc_instance *instance) { return instance->variant; }
const kdc_container_view *kdc_instance_container(const kdc_instance *instance) { return &instance->container; }

uint64_t kdc_nanoseconds(void) {
  kdc_timespec now = {0, 0};
  clock_gettime(KDC_CLOCK_MONOTONIC, &now);
  return (uint64_t)now.seconds * 1000000000u + (uint64_t)now.nanoseconds;
}

kdc_status kdc_instance_run(kdc_instance *instance, const void *const *inputs, void *const *outputs, uint32_t threads,
                            uint64_t *step_times) {
  const kdc_model_code *code = instance->code;
  const kdc_variant *variant = instance->variant;
  if (!threads) threads = kdc_cpu_count();
  int cancel; /* a thread that ended here would leave the instance locked */
  pthread_setcancelstate(KDC_CANCEL_DISABLED, &cancel);
  pthread_mutex_lock(&instance->turn);
  for (uint32_t i = 0; i < code->input_count; i++)
    memcpy(instance->arena + variant->inputs[i].offset, inputs[i], variant->inputs[i].bytes);
  for (uint32_t i = 0; i < variant->step_count; i++) {
    const kdc_step *step = &variant->steps[i];
    void **pointers = instance->pointers + (size_t)i * POINTERS;
    uint64_t start = step_times ? kdc_nanoseconds() : 0;
    kdc_pool_run(instance->pool, step, pointers, (const void *const *)(pointers + KDC_MAX_BUFFERS), threads);
    if (step_times) step_times[i] += kdc_nanoseconds() - start;
  }
  for (uint32_t i = 0; i < code->output_count; i++)
    if (outputs[i]) memcpy(outputs[i], instance->arena + variant->outputs[i].offset, variant->outputs[i].bytes);
  pthread_mutex_unlock(&instance->turn);
  pthread_setcancelstate(cancel, NULL);
  return KDC_OK;
}

/* The functions of kdc_api. */

kdc_status kdc_instance_run_checked(kdc_instance *instance, const void *const *inputs, void *const *outputs,
                                    uint32_t threads) {
  const kdc_model_code *code = instance->code;
  if ((code->input_count && !inputs) || (code->output_count && !outputs)) return KDC_BAD_ARGUMENT;
  for (uint32_t i = 0; i < code->input_count; i++)
    if (!inputs[i] && instance->variant->inputs[i].bytes) return KDC_BAD_ARGUMENT;
  return kdc_instance_run(instance, inputs, outputs, threads, NULL);
}

kdc_status kdc_instance_info(const kdc_instance *instance, kdc_info *to) {
  const kdc_variant *v = instance->variant;
  const kdc_model_code *code = instance->code;
  *to = (kdc_info){code->name,     v->name,          code->input_count,  code->output_count,      v->step_count,
                   v->arena_bytes, v->weights_bytes, instance->manifest, instance->manifest_bytes};
  return KDC_OK;
}

static kdc_status describe(const kdc_port *ports, uint32_t count, uint32_t index, kdc_tensor *to) {
  if (index >= count) return KDC_BAD_ARGUMENT;
  const kdc_port *port = &ports[index];
  *to = (kdc_tensor){port->name, port->dtype, port->rank, {0}, port->bytes};
  for (uint32_t i = 0; i < port->rank && i < KDC_MAX_RANK; i++) to->shape[i] = port->shape[i];
  return KDC_OK;
}

kdc_status kdc_instance_input(const kdc_instance *instance, uint32_t index, kdc_tensor *to) {
  return describe(instance->variant->inputs, instance->code->input_count, index, to);
}

kdc_status kdc_instance_output(const kdc_instance *instance, uint32_t index, kdc_tensor *to) {
  return describe(instance->variant->outputs, instance->code->output_count, index, to);
}
