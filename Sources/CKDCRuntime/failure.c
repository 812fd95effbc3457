/* How the bundle as a program says that something failed. */
#include "internal.h"

int kdc_fail(const kdc_arguments *arguments, int code, const char *a, const char *b, const char *c) {
  kdc_out err = {2, 0, {0}, 0};
  kdc_out_name(&err, arguments->program);
  kdc_out_text(&err, ": error: ");
  const char *const parts[] = {a, b, c};
  for (int i = 0; i < 3; i++)
    if (parts[i]) kdc_out_name(&err, parts[i]);
  kdc_out_text(&err, "\n");
  kdc_out_flush(&err);
  return code;
}

int kdc_fail_status(const kdc_arguments *arguments, kdc_status status) {
  int is_resource = status == KDC_NO_MEMORY || status == KDC_UNSUPPORTED_CPU || status == KDC_CANNOT_LOAD;
  return kdc_fail(arguments, is_resource ? KDC_EXIT_INPUT : KDC_EXIT_VERIFY, kdc_status_text(status), NULL, NULL);
}

int kdc_finish(const kdc_arguments *arguments, kdc_out *out) {
  return kdc_out_flush(out) ? 0 : kdc_fail(arguments, KDC_EXIT_INPUT, "cannot write to standard output", NULL, NULL);
}
