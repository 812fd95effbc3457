/* The C interface of a compiled model.

   A bundle (model.kdb) is a shared object that exports what stands below except kdc_model_load: link an application
   with it (`cc app.c ./model.kdb`) and call kdc_model_open, or compile the application with load.c and name the bundle
   at run time with kdc_model_load. Either way the same calls follow:

     kdc_instance *model;
     kdc_status status = kdc_model_open(NULL, &model);
     const void *inputs[] = { image };  void *outputs[] = { scores };
     status = kdc_model_run(model, inputs, outputs, 4);
     kdc_model_close(model);

   Instances are independent and may be used on any thread; calls on one instance take turns. Instances of one bundle
   share their weights. Outputs are the same bytes whatever the number of threads. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a declaration below changes its meaning; a bundle refuses callers of another version. */
#define KDC_ABI_VERSION 1

#ifndef KDC_DTYPE_DEFINED /* also in kdc_model.h */
#define KDC_DTYPE_DEFINED
typedef enum { KDC_FLOAT32 = 1, KDC_INT8 = 2, KDC_UINT8 = 3, KDC_INT32 = 4, KDC_INT64 = 5, KDC_BOOL = 6 } kdc_dtype;
#endif

typedef enum {
  KDC_OK = 0,
  KDC_BAD_ARGUMENT = 1, /* a null pointer, an index out of range, an arena too small or misaligned */
  KDC_NO_MEMORY = 2,
  KDC_BAD_BUNDLE = 3,      /* the container is damaged: an impossible size, offset or stream */
  KDC_BAD_CHECKSUM = 4,    /* a stream's bytes do not have the recorded CRC */
  KDC_UNSUPPORTED_CPU = 5, /* no code in the bundle runs on this processor */
  KDC_BAD_VERSION = 6,     /* made for another KDC_ABI_VERSION, or of another format */
  KDC_CANNOT_LOAD = 7, /* kdc_model_load: the file is not there, cannot be read, or is refused by the dynamic linker */
  KDC_NO_THREAD = 8,   /* no longer given: a model runs on the threads that the system grants */
  KDC_NOT_FOUND = 9,   /* the bundle has no such part */
  KDC_VERIFY_FAILED = 10, /* an output differs from the golden vectors */
  KDC_CUT_SHORT = 11,     /* the file ends before the bundle does */
  KDC_ALTERED = 12,       /* the file's bytes do not have the digest that it was sealed with */
  KDC_NOT_BUNDLE = 13,    /* the file is no bundle, or one from before bundles were sealed */
  KDC_WRONG_MACHINE = 14, /* the bundle is for another processor architecture */
  KDC_NOT_EXECUTABLE = 15 /* the system runs no code from this file (noexec) */
} kdc_status;

/* A loaded model with its arena. */
typedef struct kdc_instance kdc_instance;

typedef struct {
  void *arena;          /* memory for intermediate tensors, aligned to 64 bytes, or NULL: own */
  uint64_t arena_bytes; /* its size; at least kdc_model_arena_bytes() */
} kdc_options;

/* An input or output: row-major, dense. */
typedef struct {
  const char *name; /* ONNX name, UTF-8; valid while the instance is, as all text here */
  uint32_t dtype;   /* kdc_dtype */
  uint32_t rank;
  int64_t shape[8];
  uint64_t bytes;
} kdc_tensor;

typedef struct {
  const char *name;
  const char *variant; /* the core the chosen code was made for, "cortex-a72" */
  uint32_t input_count, output_count, step_count;
  uint64_t arena_bytes, weights_bytes;
  const char *manifest; /* JSON, not terminated */
  size_t manifest_bytes;
} kdc_info;

/* What a bundle exports, as a table: for callers that loaded it themselves. */
typedef struct {
  uint32_t version; /* KDC_ABI_VERSION */
  uint64_t (*arena_bytes)(void);
  kdc_status (*open)(const kdc_options *options, kdc_instance **instance);
  void (*close)(kdc_instance *instance);
  kdc_status (*info)(const kdc_instance *instance, kdc_info *info);
  kdc_status (*input)(const kdc_instance *instance, uint32_t index, kdc_tensor *tensor);
  kdc_status (*output)(const kdc_instance *instance, uint32_t index, kdc_tensor *tensor);
  kdc_status (*run)(kdc_instance *instance, const void *const *inputs, void *const *outputs, uint32_t threads);
  kdc_status (*verify)(kdc_instance *instance, uint32_t threads);
} kdc_api;

/* The table of the bundle that exports this function, or NULL where it does not speak `version`. */
const kdc_api *kdc_api_table(uint32_t version);

/* Text for people, never NULL. */
const char *kdc_status_text(kdc_status status);

/* Bytes that a caller-given arena needs on this machine; 0 where the bundle has no code for it. */
uint64_t kdc_model_arena_bytes(void);

/* Unpacks the weights and makes an instance of the model inside this very library. `options` may be NULL. */
kdc_status kdc_model_open(const kdc_options *options, kdc_instance **instance);

/* Loads the bundle at `path` and opens it, after every byte of the file was compared with its digest: nothing of a file
   that is cut short, altered or no bundle is run. What is loaded is a private copy, so that the file may be replaced or
   overwritten at any time; loads of equal bytes share code and weights. Any number of threads may load at once. Needs
   /proc. Defined in load.c, not in bundles. `options` may be NULL. */
kdc_status kdc_model_load(const char *path, const kdc_options *options, kdc_instance **instance);

/* The same for a bundle that is `size` bytes in memory. Defined in load.c, not in bundles. `options` may be NULL. */
kdc_status kdc_model_load_memory(const void *data, size_t size, const kdc_options *options, kdc_instance **instance);

/* Another instance of a loaded model, for another thread: nothing is read or compared again, code and weights are
   shared. Defined in load.c, not in bundles. `options` may be NULL. */
kdc_status kdc_model_load_again(const kdc_instance *model, const kdc_options *options, kdc_instance **instance);

/* Ends the instance's threads and frees it; NULL is allowed. The last instance of a loaded bundle takes its code along,
   so that no call on it may be under way. */
void kdc_model_close(kdc_instance *instance);

kdc_status kdc_model_info(const kdc_instance *instance, kdc_info *info);
kdc_status kdc_model_input(const kdc_instance *instance, uint32_t index, kdc_tensor *tensor);
kdc_status kdc_model_output(const kdc_instance *instance, uint32_t index, kdc_tensor *tensor);

/* One inference. inputs[i] has the bytes of input i, outputs[i] room for those of output i; an output that is NULL is
   not copied. `threads` counts the calling one; 0 means one per available core. */
kdc_status kdc_model_run(kdc_instance *instance, const void *const *inputs, void *const *outputs, uint32_t threads);

/* Recomputes the golden vectors of the bundle: KDC_OK, KDC_VERIFY_FAILED, or KDC_NOT_FOUND where it has none. */
kdc_status kdc_model_verify(kdc_instance *instance, uint32_t threads);

#ifdef __cplusplus
}
#endif
