/* Compares decimal numbers with the C library's strtof, in its own locale: shortest and long forms of random floats, values halfway
   between two, and the ends of the range. Prints "ok". */
#include "../../Sources/CKDCRuntime/internal.h"
#include <stdio.h>
extern float strtof(const char *text, char **end);

static int same(const char *text) {
  float found = 7, wanted = strtof(text, NULL);
  if (kdc_decimal_float(text, &found) && !memcmp(&found, &wanted, 4)) return 1;
  printf("%s: %a, not %a\n", text, found, wanted);
  return 0;
}

int main(void) {
  static const char *const numbers[] = {
      "2.0", "-1.5", "0", "-0", "0.1", "00012.50", "1.", "-.5", "16777217", "16777219", "123456789012345678901234567890",
      "1e-45", "7e-46", "7.1e-46", "1.1754943e-38", "1.17549435e-38", "3.4028235e38", "3.4028236e38", "3.40282357e38", "1e39", "1e400",
      "1e-400", "1E+2", "0.000000000000000000000000000000000000000000001", "0e999999999999"};
  static const char *const others[] = {"", "-", "e5", "1e", "1e+", "1x", "1,5", "1..2", ".", "--1", "+1", "nan", "inf", " 1"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (!same(numbers[i])) return 1;
  float value;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (kdc_decimal_float(others[i], &value)) return printf("'%s' is taken for a number\n", others[i]), 1;
  uint32_t state = 3;
  for (int i = 0; i < 60000; i++) {
    state = state * 1664525u + 1013904223u;
    uint32_t bits = state ^ (state >> 13) * 2654435761u;
    memcpy(&value, &bits, 4);
    if (value - value != 0) continue;
    double middle = value;
    uint64_t wide;
    memcpy(&wide, &middle, 8);
    wide += (uint64_t)1 << 28; /* half a unit of float32's last place */
    memcpy(&middle, &wide, 8);
    char text[80];
    snprintf(text, sizeof text, i % 3 ? "%.*e" : "%.*f", 5 + i % 12, (double)value);
    if (strlen(text) < 60 && !same(text)) return 1;
    snprintf(text, sizeof text, "%.50e", middle);
    if (!same(text)) return 1;
  }
  puts("ok");
  return 0;
}
