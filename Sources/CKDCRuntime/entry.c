/* What makes a shared object a bundle: the model inside, the exported table, and the start of the program.
   Compiled only into bundles (KDC_BUNDLE), where kdc_model and the container exist. */
#ifdef KDC_BUNDLE
#include "internal.h"
#include "seal.h"

#define API __attribute__((visibility("default")))
#if defined(__aarch64__)
#define LOADER "/lib/ld-linux-aarch64.so.1"
#else
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#endif

__attribute__((used, retain, section(".interp"))) static const char interpreter[] = LOADER;

/* kdc fills in what is 0 here, once the file is linked. */
API __attribute__((used, retain, section(".note.kdc"), aligned(4))) const kdc_seal_note kdc_seal_of_file = {
    4,
    sizeof(kdc_seal),
    1,
    "KDC",
    {{'K', 'D', 'C', 'S', 'E', 'A', 'L', '1'}, KDC_SEAL_VERSION, KDC_SEAL_UNSIGNED, 0, 0, 0, {0}, {0}, {0}}};

extern void _exit(int code) __attribute__((noreturn));

static const kdc_api *own_table(void);

static uint64_t own_arena_bytes(void) {
  const kdc_variant *variant = kdc_choose_variant(&kdc_model, kdc_cpu_part(), kdc_cpu_features());
  return variant ? variant->arena_bytes : 0;
}

static kdc_status own_open(const kdc_options *options, kdc_instance **instance) {
  size_t size = (size_t)(kdc_container_end - kdc_container);
  return kdc_instance_create(&kdc_model, kdc_container, size, own_table(), options, instance);
}

static const kdc_api table = {
    KDC_ABI_VERSION,     own_arena_bytes,          own_open,
    kdc_instance_close,  kdc_instance_info,        kdc_instance_input,
    kdc_instance_output, kdc_instance_run_checked, kdc_instance_verify,
};
static const kdc_api *own_table(void) { return &table; }

API const kdc_api *kdc_api_table(uint32_t version) { return version == KDC_ABI_VERSION ? &table : NULL; }
API uint64_t kdc_model_arena_bytes(void) { return own_arena_bytes(); }
API kdc_status kdc_model_open(const kdc_options *options, kdc_instance **instance) {
  return own_open(options, instance);
}

/* The stack as the loader leaves it: argc, then the arguments. */
__attribute__((used)) static void start_program(long *stack) {
  size_t size = (size_t)(kdc_container_end - kdc_container);
  _exit(kdc_program((int)stack[0], (char **)(stack + 1), &kdc_model, &table, kdc_container, size));
}

API __attribute__((naked, noreturn)) void _kd_start(void) {
#if defined(__aarch64__)
  __asm__("mov x29, #0\n mov x30, #0\n mov x0, sp\n and sp, x0, #-16\n b start_program\n");
#else
  __asm__("xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start_program\n hlt\n");
#endif
}
#else
typedef int kdc_not_a_bundle;
#endif
