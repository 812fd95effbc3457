/* Runs a bundle once on zeros and prints the first values of each output. Two ways to build, see README.md. */
#include "kdc.h"
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what, kdc_status status) {
  fprintf(stderr, "%s: %s\n", what, kdc_status_text(status));
  return 1;
}

static void print(const kdc_tensor *tensor, const void *data) {
  printf("%s:", tensor->name);
  for (uint64_t i = 0; i < 4 && tensor->dtype == KDC_FLOAT32 && i < tensor->bytes / 4; i++)
    printf(" %g", ((const float *)data)[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  kdc_instance *model;
#ifdef KDC_LOAD_BY_NAME
  if (argc < 2) return fprintf(stderr, "usage: app model.kdb\n"), 2;
  kdc_status status = kdc_model_load(argv[1], NULL, &model);
#else
  (void)argc, (void)argv;
  kdc_status status = kdc_model_open(NULL, &model);
#endif
  if (status) return fail("cannot open the model", status);

  kdc_info info;
  kdc_model_info(model, &info);
  printf("%s: %u inputs, %u outputs, code for %s\n", info.name, info.input_count, info.output_count, info.variant);

  kdc_tensor tensor;
  const void **inputs = calloc(info.input_count + 1, sizeof *inputs);
  void **outputs = calloc(info.output_count + 1, sizeof *outputs);
  for (uint32_t i = 0; i < info.input_count; i++) {
    kdc_model_input(model, i, &tensor);
    inputs[i] = calloc(1, tensor.bytes);
  }
  for (uint32_t i = 0; i < info.output_count; i++) {
    kdc_model_output(model, i, &tensor);
    outputs[i] = calloc(1, tensor.bytes);
  }
  status = kdc_model_run(model, inputs, outputs, 0);
  for (uint32_t i = 0; i < info.output_count && !status; i++) {
    kdc_model_output(model, i, &tensor);
    print(&tensor, outputs[i]);
  }
  for (uint32_t i = 0; i < info.input_count; i++) free((void *)inputs[i]);
  for (uint32_t i = 0; i < info.output_count; i++) free(outputs[i]);
  free(inputs);
  free(outputs);
  kdc_model_close(model);
  return status ? fail("the run failed", status) : 0;
}
