/* What the runtime's files share. Functions with int results return 1 for success and 0 for failure unless they say
 * otherwise. */
#pragma once
#include "include/kdc.h"
#include "include/kdc_model.h"
#include "platform.h"

/* crc32.c: CRC-32 of zlib and ISO-HDLC; start with 0. */
uint32_t kdc_crc32(uint32_t crc, const void *data, size_t size);

/* inflate.c: a raw DEFLATE stream (RFC 1951) that must give exactly `to_size` bytes and end with `from`. */
int kdc_inflate(const uint8_t *from, size_t from_size, uint8_t *to, size_t to_size);

/* container.c */
enum { KDC_ENTRY_MANIFEST = 1, KDC_ENTRY_PROGRAM = 2, KDC_ENTRY_CONSTANT = 3, KDC_ENTRY_GOLDEN = 4 };
typedef struct {
  uint32_t kind, index, method, crc;
  uint64_t offset, stored_bytes, raw_bytes;
} kdc_entry;
typedef struct {
  const uint8_t *data;
  uint64_t size;
  uint32_t entry_count;
} kdc_container_view;
kdc_status kdc_container_open(const uint8_t *data, size_t size, kdc_container_view *view);
kdc_status kdc_container_find(const kdc_container_view *view, uint32_t kind, uint32_t index, kdc_entry *entry);
/* Unpacks into `to`, which has entry->raw_bytes, and checks the CRC. */
kdc_status kdc_container_extract(const kdc_container_view *view, const kdc_entry *entry, void *to);
/* The same into fresh memory that the caller frees; a 0 follows the last byte. */
kdc_status kdc_container_copy(const kdc_container_view *view, uint32_t kind, uint32_t index, char **to, size_t *size);

/* pack.c: from the stored form in `from`, of at most from_size bytes, into `to`, which has constant->bytes. */
int kdc_pack(const kdc_constant *constant, const uint8_t *from, uint64_t from_size, uint8_t *to);

/* cpu.c */
uint32_t kdc_cpu_part(void);     /* MIDR part number, 0 where unknown */
uint32_t kdc_cpu_features(void); /* KDC_NEEDS_ bits that this machine fulfils */
uint32_t kdc_cpu_count(void);
const kdc_variant *kdc_choose_variant(const kdc_model_code *code, uint32_t part, uint32_t features);

/* pool.c */
enum { KDC_MAX_THREADS = 64 };
typedef struct kdc_pool kdc_pool;
kdc_pool *kdc_pool_create(void);
void kdc_pool_destroy(kdc_pool *pool);
/* Runs all units of the step on up to `threads` threads; the split depends on the two numbers alone, whatever number of
   threads the system grants. */
void kdc_pool_run(kdc_pool *pool, const kdc_step *step, void *const *b, const void *const *c, uint32_t threads);

/* instance.c */
kdc_status kdc_instance_create(const kdc_model_code *code, const uint8_t *container, size_t container_size,
                               const kdc_api *api, const kdc_options *options, kdc_instance **instance);
const kdc_model_code *kdc_instance_code(const kdc_instance *instance);
const kdc_variant *kdc_instance_variant(const kdc_instance *instance);
const kdc_container_view *kdc_instance_container(const kdc_instance *instance);
/* As kdc_model_run; adds each step's nanoseconds to step_times where that is not NULL. */
kdc_status kdc_instance_run(kdc_instance *instance, const void *const *inputs, void *const *outputs, uint32_t threads,
                            uint64_t *step_times);
/* Functions of kdc_api. */
void kdc_instance_close(kdc_instance *instance);
kdc_status kdc_instance_info(const kdc_instance *instance, kdc_info *to);
kdc_status kdc_instance_input(const kdc_instance *instance, uint32_t index, kdc_tensor *to);
kdc_status kdc_instance_output(const kdc_instance *instance, uint32_t index, kdc_tensor *to);
kdc_status kdc_instance_run_checked(kdc_instance *instance, const void *const *inputs, void *const *outputs,
                                    uint32_t threads);
uint64_t kdc_nanoseconds(void);

/* json.c: a cursor over JSON text; every function skips white space first. */
typedef struct {
  const char *at, *end;
  int failed;
} kdc_json;
int kdc_json_take(kdc_json *json, char byte);              /* 1 and moves on if the next byte is `byte` */
int kdc_json_key_equals(kdc_json *json, const char *name); /* reads a string and compares it */
uint64_t kdc_json_integer(kdc_json *json);
float kdc_json_float(kdc_json *json);
void kdc_json_skip(kdc_json *json); /* any value */
/* Enters the value of `key` in the object that the cursor stands on; 0 and failed where it has none. */
int kdc_json_enter(kdc_json *json, const char *key);

/* golden.c: inputs from a seed and ranges (see kdc_golden_fill), and the CRCs that outputs must have. */
void kdc_golden_fill(const kdc_port *port, uint64_t seed, float low, float high, void *data);
/* Fills inputs[i] for every input with `seed` and the recorded ranges. */
kdc_status kdc_golden_inputs(const kdc_instance *instance, uint64_t seed, void *const *inputs);
/* Runs every vector; the number of vectors and the name of the first output that differs go to the caller. */
kdc_status kdc_golden_verify(kdc_instance *instance, uint32_t threads, uint32_t *vectors, const char **differing);
/* The function of kdc_api. */
kdc_status kdc_instance_verify(kdc_instance *instance, uint32_t threads);
/* Memory for every input (or output) of the instance in one block. */
void *kdc_port_memory(const kdc_port *ports, uint32_t count, void **pointers);

/* npy.c */
typedef struct {
  char kind; /* 'f', 'i', 'u', 'b' */
  uint32_t item_bytes;
  uint32_t rank;
  int64_t shape[KDC_MAX_RANK + 1];
  uint64_t count; /* elements */
  const uint8_t *data;
} kdc_array;
int kdc_npy_read(const uint8_t *file, size_t size, kdc_array *array, const char **why);
/* The header for an array, a multiple of 64 bytes; returns its size, at most 256. */
size_t kdc_npy_header(uint32_t dtype, uint32_t rank, const int64_t *shape, uint8_t header[256]);
/* Elements first ..< first + count as the port's type; 0 and why where a value or the type does not fit. */
int kdc_npy_convert(const kdc_array *array, uint64_t first, uint64_t count, uint32_t dtype, void *to, const char **why);
uint32_t kdc_dtype_bytes(uint32_t dtype);

/* zip.c, zip_write.c */
typedef struct {
  const uint8_t *data;
  size_t size;
} kdc_bytes;
/* Finds the member `name`.npy; `owned` is memory to free where it was compressed, else NULL. */
int kdc_zip_member(kdc_bytes zip, const char *name, kdc_bytes *member, uint8_t **owned, const char **why);
/* Writes a member list as a zip of stored members; each member is a header and a body. */
typedef struct {
  const char *name; /* without .npy */
  const uint8_t *header;
  size_t header_size;
  const uint8_t *body;
  size_t body_size;
} kdc_member;
int kdc_zip_write(int file, const kdc_member *members, uint32_t count);

/* io.c */
int kdc_write_all(int file, const void *data, size_t size);
int kdc_read_all(int file, void *data, size_t size);
/* The whole of a regular file in fresh memory, or NULL and why. */
uint8_t *kdc_read_file(const char *path, size_t *size, const char **why);
typedef struct {
  uint64_t device, number;
  int is_regular, is_folder;
} kdc_file_identity;
int kdc_identify(int file, kdc_file_identity *identity);
int kdc_is_same_file(const kdc_file_identity *identity, const char *path);

/* output.c: a file to write. Links are followed; what is no regular file (a device, a pipe) is written through, all
   else appears whole when it is closed. */
enum { KDC_PATH_BYTES = 4096 };
typedef struct {
  int file;
  int is_through; /* written as it is */
  int is_unnamed; /* the temporary file has no name yet */
  char target[KDC_PATH_BYTES], temporary[KDC_PATH_BYTES + 32];
} kdc_output;
/* 0 and why where `path` cannot be written, or is `input` or this program. */
int kdc_output_open(kdc_output *output, const char *path, const char *input, const char **why);
/* Where not `good`, the output is as it was. 1 if it was good and is there. */
int kdc_output_close(kdc_output *output, int good);

/* self.c: compares the running program's file with its seal; KDC_NOT_FOUND where that cannot be opened (no /proc). */
kdc_status kdc_check_own_file(void);

/* decimal.c: all of `text` as a number, rounded to nearest even; 0 where it is none. */
int kdc_decimal_float(const char *text, float *result);

/* text.c: plain output without stdio. */
typedef struct {
  int file;
  size_t used;
  char data[1024];
  int failed; /* something could not be written */
} kdc_out;
void kdc_out_bytes(kdc_out *out, const char *text, size_t size);
void kdc_out_text(kdc_out *out, const char *text);
void kdc_out_padded(kdc_out *out, const char *text, size_t width);
void kdc_out_integer(kdc_out *out, int64_t value);
void kdc_out_milliseconds(kdc_out *out, uint64_t nanoseconds);
/* With control characters as \u00XX, as JSON has them, and \ufffd for what is not UTF-8: for text that comes from a
 * model. */
void kdc_out_escaped(kdc_out *out, const char *text, size_t size, int keep_lines);
void kdc_out_name(kdc_out *out, const char *name);
/* Writes what is left; 0 where that or anything before failed. */
int kdc_out_flush(kdc_out *out);
int kdc_equal(const char *a, const char *b);

/* failure.c: how the bundle as a program says that something failed. */
enum { KDC_EXIT_INPUT = 1, KDC_EXIT_USAGE = 2, KDC_EXIT_VERIFY = 4, KDC_EXIT_INTERNAL = 70 };
typedef struct {
  const char *program; /* argv[0] */
  const char *input, *output;
  uint32_t threads, runs;
  int mark_roi, per_layer;
} kdc_arguments;
/* Prints "program: error: a b c" to standard error; NULL parts are skipped. Returns `code`. */
int kdc_fail(const kdc_arguments *arguments, int code, const char *a, const char *b, const char *c);
/* Says what is wrong; returns the exit code that the status means: KDC_EXIT_VERIFY where the bundle is at fault. */
int kdc_fail_status(const kdc_arguments *arguments, kdc_status status);
/* Ends the program's output; returns its exit code. */
int kdc_finish(const kdc_arguments *arguments, kdc_out *out);

/* program.c, bench.c, run.c: the bundle as a program; returns its exit code. */
int kdc_program(int argc, char **argv, const kdc_model_code *code, const kdc_api *api, const uint8_t *container,
                size_t size);
int kdc_program_bench(kdc_instance *instance, const kdc_arguments *arguments);
int kdc_program_run(kdc_instance *instance, const kdc_arguments *arguments);
