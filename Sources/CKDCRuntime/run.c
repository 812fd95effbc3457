/* --run in.npz -o out.npz: samples are stacked along the first dimension of every array. */
#include "internal.h"

typedef struct {
  kdc_array array;
  uint8_t *owned;
} input_array;

/* "cannot read FILE: why". */
static int fail_file(const kdc_arguments *arguments, int code, const char *what, const char *path, const char *why) {
  kdc_out text = {-1, 0, {0}, 0};
  size_t most = sizeof text.data - 200, size = strlen(path);
  kdc_out_bytes(&text, path, size < most ? size : most);
  kdc_out_bytes(&text, ": ", 2);
  kdc_out_bytes(&text, why, strlen(why) + 1);
  return kdc_fail(arguments, code, what, text.data, NULL);
}

/* The number of samples in `array` for `port`: [n, …rest] or [n, 1, …rest] for a port [1, …rest], [n, …shape] for any
   other port and [shape] for a single sample. -1 where the shapes do not fit. */
static int64_t samples_of(const kdc_array *array, const kdc_port *port) {
  for (uint32_t dropped = 0; dropped <= 1; dropped++) {
    if (dropped && (!port->rank || port->shape[0] != 1)) break;
    uint32_t rest = port->rank - dropped;
    if (array->rank != rest + 1) continue;
    int equal = 1;
    for (uint32_t i = 0; i < rest; i++) equal &= array->shape[i + 1] == port->shape[i + dropped];
    if (equal) return array->shape[0];
  }
  if (array->rank != port->rank) return -1;
  for (uint32_t i = 0; i < port->rank; i++)
    if (array->shape[i] != port->shape[i]) return -1;
  return 1;
}

static int read_inputs(const kdc_arguments *arguments, kdc_bytes zip, const kdc_port *ports, uint32_t count,
                       input_array *arrays, int64_t *samples) {
  for (uint32_t i = 0; i < count; i++) {
    const char *why;
    kdc_bytes member;
    if (!kdc_zip_member(zip, ports[i].name, &member, &arrays[i].owned, &why) ||
        !kdc_npy_read(member.data, member.size, &arrays[i].array, &why)) {
      kdc_fail(arguments, 0, ports[i].name, ": ", why);
      return 0;
    }
    int64_t n = samples_of(&arrays[i].array, &ports[i]);
    if (n < 0)
      return kdc_fail(arguments, 0, ports[i].name, ": its shape does not fit the model's input (see --info)", NULL);
    if (i && n != *samples)
      return kdc_fail(arguments, 0, ports[i].name, ": another number of samples than ", ports[0].name);
    *samples = n;
  }
  return 1;
}

static int run_samples(kdc_instance *instance, const kdc_arguments *arguments, const input_array *arrays,
                       int64_t samples, void **in, void **out) {
  const kdc_model_code *code = kdc_instance_code(instance);
  const kdc_variant *variant = kdc_instance_variant(instance);
  for (int64_t s = 0; s < samples; s++) {
    for (uint32_t i = 0; i < code->input_count; i++) {
      const kdc_port *port = &variant->inputs[i];
      uint32_t item = kdc_dtype_bytes(port->dtype);
      uint64_t elements = item ? port->bytes / item : 0;
      const char *why;
      if (!kdc_npy_convert(&arrays[i].array, (uint64_t)s * elements, elements, port->dtype, in[i], &why))
        return kdc_fail(arguments, 0, port->name, ": ", why);
    }
    kdc_status status = kdc_instance_run(instance, (const void *const *)in, out, arguments->threads, NULL);
    if (status) return kdc_fail_status(arguments, status), 0;
    for (uint32_t i = 0; i < code->output_count; i++) out[i] = (uint8_t *)out[i] + variant->outputs[i].bytes;
  }
  return 1;
}

/* How outputs are stacked. A model has a batch where one of its inputs begins with 1: then a port [1, …rest] gives [n,
   …rest]. Any other port gives [n, …shape], and [shape] where one sample came in the shapes of a model without a batch.
 */
typedef struct {
  uint32_t batched, single;
} output_layout;

static output_layout layout_of(const input_array *arrays, const kdc_port *inputs, uint32_t count) {
  output_layout layout = {0, count > 0};
  for (uint32_t i = 0; i < count; i++) {
    layout.batched |= inputs[i].rank && inputs[i].shape[0] == 1;
    layout.single &= arrays[i].array.rank == inputs[i].rank;
  }
  layout.single &= !layout.batched;
  return layout;
}

/* `bodies` point to the first sample. */
static int write_outputs(const kdc_arguments *arguments, output_layout layout, const kdc_port *ports, uint32_t count,
                         int64_t samples, void **bodies) {
  kdc_member *members = malloc((count + (size_t)1) * sizeof *members);
  uint8_t (*headers)[256] = malloc((count + (size_t)1) * sizeof *headers);
  kdc_output *output = malloc(sizeof *output);
  const char *why = kdc_status_text(KDC_NO_MEMORY);
  int good = members && headers && output;
  for (uint32_t i = 0; i < count && good; i++) {
    const kdc_port *port = &ports[i];
    int64_t shape[KDC_MAX_RANK + 1] = {samples};
    uint32_t dropped = layout.batched && port->rank && port->shape[0] == 1, rank = !layout.single;
    for (uint32_t j = dropped; j < port->rank; j++) shape[rank++] = port->shape[j];
    size_t header = kdc_npy_header(port->dtype, rank, shape, headers[i]);
    members[i] = (kdc_member){port->name, headers[i], header, bodies[i], port->bytes * (uint64_t)samples};
  }
  good = good && kdc_output_open(output, arguments->output, arguments->input, &why);
  if (good) {
    why = "writing failed";
    good = kdc_output_close(output, kdc_zip_write(output->file, members, count));
  }
  free(output);
  free(headers);
  free(members);
  return good ? 1 : fail_file(arguments, 0, "cannot write ", arguments->output, why);
}

/* All samples' outputs in one block per output; `work` moves along while they are computed. */
static int run_file(kdc_instance *instance, const kdc_arguments *arguments, const input_array *arrays,
                    int64_t samples) {
  const kdc_model_code *code = kdc_instance_code(instance);
  const kdc_variant *variant = kdc_instance_variant(instance);
  void **in = malloc(sizeof(void *) * ((size_t)code->input_count + 2 * (size_t)code->output_count + 1));
  if (!in) return kdc_fail_status(arguments, KDC_NO_MEMORY), 0;
  void **work = in + code->input_count, **bodies = work + code->output_count;
  void *inputs = kdc_port_memory(variant->inputs, code->input_count, in);
  int good = inputs != NULL;
  for (uint32_t i = 0; i < code->output_count; i++) {
    uint64_t bytes = variant->outputs[i].bytes, n = (uint64_t)samples;
    bodies[i] = work[i] = bytes && n > ((uint64_t)1 << 40) / bytes ? NULL : malloc(bytes * n + 1);
    good &= work[i] != NULL;
  }
  if (!good) kdc_fail_status(arguments, KDC_NO_MEMORY);
  good = good && run_samples(instance, arguments, arrays, samples, in, work) &&
         write_outputs(arguments, layout_of(arrays, variant->inputs, code->input_count), variant->outputs,
                       code->output_count, samples, bodies);
  for (uint32_t i = 0; i < code->output_count; i++) free(bodies[i]);
  free(inputs);
  free(in);
  return good;
}

int kdc_program_run(kdc_instance *instance, const kdc_arguments *arguments) {
  uint32_t count = kdc_instance_code(instance)->input_count;
  kdc_bytes zip;
  const char *why;
  zip.data = kdc_read_file(arguments->input, &zip.size, &why);
  if (!zip.data) return fail_file(arguments, KDC_EXIT_INPUT, "cannot read ", arguments->input, why);
  input_array *arrays = malloc((count + (size_t)1) * sizeof *arrays);
  int good = 0;
  if (!arrays) {
    kdc_fail_status(arguments, KDC_NO_MEMORY);
  } else {
    memset(arrays, 0, (count + (size_t)1) * sizeof *arrays);
    int64_t samples = 1;
    good = read_inputs(arguments, zip, kdc_instance_variant(instance)->inputs, count, arrays, &samples) &&
           run_file(instance, arguments, arrays, samples);
    for (uint32_t i = 0; i < count; i++) free(arrays[i].owned);
    free(arrays);
  }
  free((void *)zip.data);
  return good ? 0 : KDC_EXIT_INPUT;
}
