/* JSON: every function of the cursor, in an order that the input gives. */
#include "fuzz.h"

static size_t value(char *to, size_t room, int depth) {
  if (room < 200) return (size_t)sprintf(to, "0");
  switch (fuzz_below(depth > 5 ? 4 : 6)) {
    case 0: return (size_t)sprintf(to, "%llu", (unsigned long long)fuzz_random());
    case 1: return (size_t)sprintf(to, "%.*e", (int)fuzz_below(17), (double)(int64_t)fuzz_random() / 1e9);
    case 2: return (size_t)sprintf(to, "\"a\\u00%02x\\ud83d\\ude00\\n%c\"", (unsigned)fuzz_below(256), (char)('a' + fuzz_below(26)));
    case 3: return (size_t)sprintf(to, "%s", fuzz_below(2) ? "true" : "null");
    default: break;
  }
  int is_object = (int)fuzz_below(2);
  size_t size = 0, count = fuzz_below(4);
  to[size++] = is_object ? '{' : '[';
  for (size_t i = 0; i < count; i++) {
    if (i) to[size++] = ',';
    if (is_object) size += (size_t)sprintf(to + size, "\"%c\" : ", (char)('a' + fuzz_below(4)));
    size += value(to + size, (room - size) / (count - i + 1), depth + 1);
  }
  to[size++] = is_object ? '}' : ']';
  return size;
}

size_t fuzz_make(uint8_t to[MOST_BYTES]) { return value((char *)to, MOST_BYTES / 2, 0); }

void fuzz_mend(uint8_t *data, size_t size) { (void)data, (void)size; }

void fuzz_try(const uint8_t *data, size_t size) {
  const char *begin = (const char *)data, *end = begin + size;
  for (int way = 0; way < 5; way++) {
    kdc_json json = {begin, end, 0};
    switch (way) {
      case 0: kdc_json_skip(&json); break;
      case 1: kdc_json_float(&json); break;
      case 2: kdc_json_integer(&json); break;
      case 3: kdc_json_key_equals(&json, "a"); break;
      default:
        while (kdc_json_enter(&json, json.at < end && *json.at % 2 ? "a" : "b")) {}
        break;
    }
    if (json.at < begin || json.at > end) fuzz_fault("the cursor left the text");
  }
}
