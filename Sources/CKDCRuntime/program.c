/* The bundle as a program: ./model.kdb [--info | --bench | --verify | --run in.npz -o out.npz]. */
#include "internal.h"

static const char usage[] = "usage: model.kdb                                  what this file is\n"
                            "       model.kdb --info                           its manifest (JSON)\n"
                            "       model.kdb --bench [--threads N] [--runs N] [--per-layer] [--mark-roi]\n"
                            "       model.kdb --verify [--threads N]           recompute the golden vectors\n"
                            "       model.kdb --run in.npz -o out.npz [--threads N]\n";

static void describe_port(kdc_out *out, const char *kind, const kdc_port *port) {
  static const char *const names[] = {"?", "float32", "int8", "uint8", "int32", "int64", "bool"};
  kdc_out_text(out, kind);
  kdc_out_name(out, port->name);
  kdc_out_text(out, " ");
  kdc_out_text(out, names[port->dtype <= KDC_BOOL ? port->dtype : 0]);
  for (uint32_t i = 0; i < port->rank; i++) {
    kdc_out_text(out, i ? "," : "[");
    kdc_out_integer(out, port->shape[i]);
  }
  kdc_out_text(out, port->rank ? "]\n" : "[]\n");
}

static int describe(const kdc_arguments *arguments, const kdc_model_code *code, const kdc_variant *chosen) {
  kdc_out out = {1, 0, {0}, 0};
  kdc_out_name(&out, code->name);
  kdc_out_text(&out, ": a model compiled by kdc\n");
  const kdc_variant *ports = chosen ? chosen : code->variant_count ? code->variants[0] : NULL;
  for (uint32_t i = 0; ports && i < code->input_count; i++) describe_port(&out, "  input  ", &ports->inputs[i]);
  for (uint32_t i = 0; ports && i < code->output_count; i++) describe_port(&out, "  output ", &ports->outputs[i]);
  for (uint32_t i = 0; i < code->variant_count; i++) {
    const kdc_variant *v = code->variants[i];
    kdc_out_text(&out, "  code   ");
    kdc_out_text(&out, v->name);
    kdc_out_text(&out, " (");
    kdc_out_text(&out, v->targets);
    kdc_out_text(&out, "), arena ");
    kdc_out_integer(&out, (int64_t)v->arena_bytes);
    kdc_out_text(&out, " bytes, weights ");
    kdc_out_integer(&out, (int64_t)v->weights_bytes);
    kdc_out_text(&out, v == chosen ? " bytes, used here\n" : " bytes\n");
  }
  kdc_out_text(&out, usage);
  return kdc_finish(arguments, &out);
}

static int print_manifest(const kdc_arguments *arguments, const uint8_t *container, size_t size) {
  kdc_container_view view;
  char *text;
  size_t text_size;
  kdc_status status = kdc_container_open(container, size, &view);
  if (!status) status = kdc_container_copy(&view, KDC_ENTRY_MANIFEST, 0, &text, &text_size);
  if (status) return kdc_fail_status(arguments, status);
  kdc_out out = {1, 0, {0}, 0};
  kdc_out_escaped(&out, text, text_size, 1);
  if (!text_size || text[text_size - 1] != '\n') kdc_out_text(&out, "\n");
  free(text);
  return kdc_finish(arguments, &out);
}

static int verify(kdc_instance *instance, const kdc_arguments *arguments) {
  uint32_t vectors;
  const char *differing;
  kdc_status status = kdc_golden_verify(instance, arguments->threads, &vectors, &differing);
  if (status == KDC_VERIFY_FAILED)
    return kdc_fail(arguments, KDC_EXIT_VERIFY, kdc_status_text(status), ": ", differing);
  if (status) return kdc_fail_status(arguments, status);
  kdc_out out = {1, 0, {0}, 0};
  kdc_out_text(&out, "verified: ");
  kdc_out_integer(&out, vectors);
  kdc_out_text(&out, vectors == 1 ? " golden vector on " : " golden vectors on ");
  kdc_out_text(&out, kdc_instance_variant(instance)->name);
  kdc_out_text(&out, " code\n");
  return kdc_finish(arguments, &out);
}

/* A whole number 1 ... 1000000, or 0. */
static uint32_t number(const char *text) {
  uint32_t value = 0;
  for (; *text; text++) {
    if (*text < '0' || *text > '9' || value > 99999) return 0;
    value = value * 10 + (uint32_t)(*text - '0');
  }
  return value;
}

/* The mode's letter, or 0 after having said what is wrong. */
static char parse(int argc, char **argv, kdc_arguments *to) {
  static const struct {
    const char *word;
    char mode;
  } modes[] = {{"--info", 'i'}, {"--bench", 'b'}, {"--verify", 'v'}, {"--run", 'r'}, {"--help", 'h'}, {"-h", 'h'}};
  char mode = argc > 1 ? 0 : 'd';
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
    char found = 0;
    for (size_t j = 0; j < sizeof modes / sizeof *modes; j++)
      if (kdc_equal(word, modes[j].word)) found = modes[j].mode;
    int wants = found == 'r' || kdc_equal(word, "-o") || kdc_equal(word, "--threads") || kdc_equal(word, "--runs");
    if (wants && !value) return kdc_fail(to, 0, word, " needs a value", NULL), 0;
    if (found && mode) return kdc_fail(to, 0, word, " cannot stand with another mode", NULL), 0;
    if (found) mode = found;
    if (wants) i++;
    if (found == 'r') {
      to->input = value;
    } else if (found) {
    } else if (kdc_equal(word, "-o")) {
      to->output = value;
    } else if (wants) {
      uint32_t count = number(value);
      if (!count) return kdc_fail(to, 0, word, " needs a positive number, not ", value), 0;
      *(kdc_equal(word, "--runs") ? &to->runs : &to->threads) = count;
    } else if (kdc_equal(word, "--mark-roi")) {
      to->mark_roi = 1;
    } else if (kdc_equal(word, "--per-layer")) {
      to->per_layer = 1;
    } else {
      return kdc_fail(to, 0, "unknown argument ", word, ""), 0;
    }
  }
  if (!mode) return kdc_fail(to, 0, "one of --info, --bench, --verify, --run is needed", NULL, NULL), 0;
  if (mode == 'r' && !to->output) return kdc_fail(to, 0, "--run needs -o out.npz", NULL, NULL), 0;
  return mode;
}

/* Whether the file is whole. A simulator may have no /proc, and simulates every instruction; only --verify must not go
 * on then. */
static kdc_status check_own_file(char mode, const kdc_arguments *arguments) {
  if (mode == 'b' && arguments->mark_roi) return KDC_OK;
  kdc_status status = kdc_check_own_file();
  return status != KDC_NOT_FOUND ? status : mode == 'v' ? KDC_CANNOT_LOAD : KDC_OK;
}

int kdc_program(int argc, char **argv, const kdc_model_code *code, const kdc_api *api, const uint8_t *container,
                size_t size) {
  kdc_arguments arguments = {argc > 0 ? argv[0] : "model.kdb", NULL, NULL, 1, 0, 0, 0};
  char mode = parse(argc, argv, &arguments);
  if (!mode || mode == 'h') {
    kdc_out out = {mode ? 1 : 2, 0, {0}, 0};
    kdc_out_text(&out, usage);
    int code_of_output = kdc_finish(&arguments, &out);
    return mode ? code_of_output : KDC_EXIT_USAGE;
  }
  kdc_status status = check_own_file(mode, &arguments);
  if (status) return kdc_fail_status(&arguments, status);
  if (mode == 'i') return print_manifest(&arguments, container, size);
  if (mode == 'd') return describe(&arguments, code, kdc_choose_variant(code, kdc_cpu_part(), kdc_cpu_features()));
  kdc_instance *instance;
  status = kdc_instance_create(code, container, size, api, NULL, &instance);
  if (status) return kdc_fail_status(&arguments, status);
  int result = mode == 'v'   ? verify(instance, &arguments)
               : mode == 'b' ? kdc_program_bench(instance, &arguments)
                             : kdc_program_run(instance, &arguments);
  kdc_instance_close(instance);
  return result;
}
