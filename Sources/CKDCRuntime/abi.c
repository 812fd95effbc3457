/* The calls of kdc.h that work on an instance of whichever bundle. */
#include "internal.h"

#define API __attribute__((visibility("default")))

/* The first member of every kdc_instance. */
static const kdc_api *api_of(const kdc_instance *instance) { return *(const kdc_api *const *)instance; }

API const char *kdc_status_text(kdc_status status) {
  static const char *const texts[] = {
      "done",
      "an argument is null, out of range, or an arena that is too small or not aligned to 64 bytes",
      "out of memory",
      "the bundle is damaged: an impossible size, offset or stream",
      "the bundle is damaged: a checksum does not match",
      "the bundle has no code for this processor",
      "the bundle is of another version",
      "the file cannot be read, or cannot be loaded as a bundle",
      "the system refused a thread",
      "the bundle has no such part",
      "an output differs from the golden vectors",
      "the bundle is cut short",
      "the bundle was altered: its bytes do not have the digest that it was sealed with",
      "the file is not a bundle",
      "the bundle is for another processor architecture",
      "the system runs no code from this file: its file system is mounted noexec, or a policy forbids it",
  };
  return (uint32_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}

API void kdc_model_close(kdc_instance *instance) {
  if (instance) api_of(instance)->close(instance);
}

API kdc_status kdc_model_info(const kdc_instance *instance, kdc_info *info) {
  return instance && info ? api_of(instance)->info(instance, info) : KDC_BAD_ARGUMENT;
}

API kdc_status kdc_model_input(const kdc_instance *instance, uint32_t index, kdc_tensor *tensor) {
  return instance && tensor ? api_of(instance)->input(instance, index, tensor) : KDC_BAD_ARGUMENT;
}

API kdc_status kdc_model_output(const kdc_instance *instance, uint32_t index, kdc_tensor *tensor) {
  return instance && tensor ? api_of(instance)->output(instance, index, tensor) : KDC_BAD_ARGUMENT;
}

API kdc_status kdc_model_run(kdc_instance *instance, const void *const *inputs, void *const *outputs,
                             uint32_t threads) {
  return instance ? api_of(instance)->run(instance, inputs, outputs, threads) : KDC_BAD_ARGUMENT;
}

API kdc_status kdc_model_verify(kdc_instance *instance, uint32_t threads) {
  return instance ? api_of(instance)->verify(instance, threads) : KDC_BAD_ARGUMENT;
}
