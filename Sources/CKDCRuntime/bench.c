/* --bench: the time of warm inferences, as a whole and by step. */
#include "internal.h"

enum { DEFAULT_RUNS = 20, MAX_RUNS = 10000, ROI_BEGIN = 7700, ROI_END = 7701 };

/* A system call that does not exist: a simulator sees it, Linux answers ENOSYS. */
static void mark(long number) {
#if defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = 0;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8) : "memory");
#else
  long result = number;
  __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
#endif
}

static void sort(uint64_t *values, uint32_t count) {
  for (uint32_t gap = count / 2; gap; gap /= 2)
    for (uint32_t i = gap; i < count; i++)
      for (uint32_t j = i; j >= gap && values[j - gap] > values[j]; j -= gap) {
        uint64_t other = values[j];
        values[j] = values[j - gap];
        values[j - gap] = other;
      }
}

static void print_layers(kdc_out *out, const kdc_variant *variant, const uint64_t *times, uint32_t runs) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < variant->step_count; i++) total += times[i];
  kdc_out_text(out, "      ms    %  step\n");
  for (uint32_t i = 0; i < variant->step_count; i++) {
    kdc_out_milliseconds(out, times[i] / runs);
    kdc_out_text(out, "  ");
    kdc_out_integer(out, (int64_t)(total ? (times[i] * 100 + total / 2) / total : 0));
    kdc_out_text(out, "%  ");
    kdc_out_padded(out, variant->steps[i].name, 24);
    kdc_out_text(out, "  ");
    kdc_out_text(out, variant->steps[i].kernel);
    kdc_out_text(out, "\n");
  }
}

static void print_summary(kdc_out *out, const kdc_variant *variant, uint64_t *times, const kdc_arguments *arguments,
                          uint32_t runs) {
  sort(times, runs);
  kdc_out_text(out, "median ");
  kdc_out_milliseconds(out, times[runs / 2]);
  kdc_out_text(out, " ms, min ");
  kdc_out_milliseconds(out, times[0]);
  kdc_out_text(out, " ms (");
  kdc_out_integer(out, runs);
  kdc_out_text(out, runs == 1 ? " run, " : " runs, ");
  kdc_out_integer(out, arguments->threads);
  kdc_out_text(out, arguments->threads == 1 ? " thread, " : " threads, ");
  kdc_out_text(out, variant->name);
  kdc_out_text(out, " code)\n");
}

static kdc_status measure(kdc_instance *instance, const kdc_arguments *arguments, uint32_t runs, void **in, void **out,
                          uint64_t *times) {
  const void *const *inputs = (const void *const *)in;
  kdc_status status = kdc_golden_inputs(instance, 1, in);
  if (!status) status = kdc_instance_run(instance, inputs, out, arguments->threads, NULL); /* warm */
  if (!status && arguments->mark_roi) {
    mark(ROI_BEGIN);
    status = kdc_instance_run(instance, inputs, out, arguments->threads, NULL);
    mark(ROI_END);
  }
  for (uint32_t i = 0; i < runs && !status; i++) {
    uint64_t start = kdc_nanoseconds();
    status = kdc_instance_run(instance, inputs, out, arguments->threads, NULL);
    times[i] = kdc_nanoseconds() - start;
  }
  for (uint32_t i = 0; i < runs && !status && arguments->per_layer; i++)
    status = kdc_instance_run(instance, inputs, out, arguments->threads, times + runs);
  return status;
}

int kdc_program_bench(kdc_instance *instance, const kdc_arguments *arguments) {
  const kdc_model_code *code = kdc_instance_code(instance);
  const kdc_variant *variant = kdc_instance_variant(instance);
  uint32_t runs = arguments->runs ? arguments->runs : arguments->mark_roi ? 1 : DEFAULT_RUNS;
  if (runs > MAX_RUNS) runs = MAX_RUNS;
  size_t time_bytes = (runs + (size_t)variant->step_count) * sizeof(uint64_t);
  void **in = malloc(sizeof(void *) * ((size_t)code->input_count + code->output_count + 1));
  uint64_t *times = malloc(time_bytes);
  void *inputs = in ? kdc_port_memory(variant->inputs, code->input_count, in) : NULL;
  void *outputs = in ? kdc_port_memory(variant->outputs, code->output_count, in + code->input_count) : NULL;
  kdc_status status = KDC_NO_MEMORY;
  if (times && inputs && outputs) {
    memset(times, 0, time_bytes);
    status = measure(instance, arguments, runs, in, in + code->input_count, times);
  }
  int code_of_output = 0;
  if (!status) {
    kdc_out out = {1, 0, {0}, 0};
    if (arguments->per_layer) print_layers(&out, variant, times + runs, runs);
    print_summary(&out, variant, times, arguments, runs);
    code_of_output = kdc_finish(arguments, &out);
  }
  free(outputs);
  free(inputs);
  free(times);
  free(in);
  return status ? kdc_fail_status(arguments, status) : code_of_output;
}
