/* Just enough JSON (RFC 8259) to read golden vectors. */
#include "internal.h"

enum { MAX_DEPTH = 32 };

static void skip_space(kdc_json *json) {
  while (json->at < json->end && (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r'))
    json->at++;
}

int kdc_json_take(kdc_json *json, char byte) {
  skip_space(json);
  if (json->failed || json->at >= json->end || *json->at != byte) return 0;
  json->at++;
  return 1;
}

static void fail(kdc_json *json) {
  json->failed = 1;
  json->at = json->end;
}

static uint32_t hex4(kdc_json *json) {
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) {
    char c = json->at < json->end ? *json->at++ : 0;
    uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 32) - 'a' + 10);
    if (digit > 15) fail(json);
    value = value << 4 | (digit & 15);
  }
  return value;
}

/* The bytes of one character of a string; 0 at the closing quote. */
static int next_character(kdc_json *json, char bytes[4]) {
  if (json->at >= json->end) {
    fail(json);
    return 0;
  }
  char c = *json->at++;
  if (c == '"') return 0;
  bytes[0] = c;
  if (c != '\\') return 1;
  c = json->at < json->end ? *json->at++ : 0;
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  for (int i = 0; from[i]; i++)
    if (c == from[i]) {
      bytes[0] = to[i];
      return 1;
    }
  if (c != 'u') {
    fail(json);
    return 0;
  }
  uint32_t point = hex4(json);
  if (point >= 0xD800 && point < 0xDC00 && json->end - json->at >= 6 && json->at[0] == '\\' && json->at[1] == 'u') {
    json->at += 2;
    point = 0x10000 + ((point & 0x3FF) << 10) + (hex4(json) & 0x3FF);
  }
  int count = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (int i = count - 1; i > 0; i--, point >>= 6) bytes[i] = (char)(0x80 | (point & 0x3F));
  bytes[0] = (char)(lead[count] | point);
  return count;
}

int kdc_json_key_equals(kdc_json *json, const char *name) {
  if (!kdc_json_take(json, '"')) {
    fail(json);
    return 0;
  }
  int equal = 1, count;
  char bytes[4];
  while ((count = next_character(json, bytes)))
    for (int i = 0; i < count; i++) {
      if (equal && *name == bytes[i] && *name)
        name++;
      else
        equal = 0;
    }
  return equal && !*name && !json->failed;
}

/* The text of a number, terminated, into `text`. */
static void number_text(kdc_json *json, char text[64]) {
  skip_space(json);
  int size = 0;
  while (json->at < json->end && size < 63) {
    char c = *json->at;
    if (!((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E')) break;
    text[size++] = c;
    json->at++;
  }
  text[size] = 0;
  if (!size) fail(json);
}

uint64_t kdc_json_integer(kdc_json *json) {
  char text[64];
  number_text(json, text);
  uint64_t value = 0;
  for (const char *c = text; *c; c++) {
    if (*c < '0' || *c > '9' || value > UINT64_MAX / 10) fail(json);
    uint64_t next = value * 10 + (uint64_t)(*c - '0');
    if (next < value) fail(json);
    value = next;
  }
  return value;
}

float kdc_json_float(kdc_json *json) {
  char text[64];
  number_text(json, text);
  float value = 0;
  if (!kdc_decimal_float(text, &value)) fail(json);
  return value;
}

static void skip(kdc_json *json, int depth) {
  char text[64];
  if (kdc_json_take(json, '"')) {
    json->at--;
    kdc_json_key_equals(json, "");
  } else if (kdc_json_take(json, '{') || kdc_json_take(json, '[')) {
    int object = json->at[-1] == '{';
    char close = object ? '}' : ']';
    if (depth >= MAX_DEPTH) fail(json);
    if (kdc_json_take(json, close)) return;
    do {
      if (object) {
        kdc_json_key_equals(json, "");
        if (!kdc_json_take(json, ':')) fail(json);
      }
      skip(json, depth + 1);
    } while (!json->failed && kdc_json_take(json, ','));
    if (!kdc_json_take(json, close)) fail(json);
  } else if (json->at < json->end && *json->at >= 'a' && *json->at <= 'z') {
    while (json->at < json->end && *json->at >= 'a' && *json->at <= 'z') json->at++;
  } else {
    number_text(json, text);
  }
}

void kdc_json_skip(kdc_json *json) { skip(json, 0); }

int kdc_json_enter(kdc_json *json, const char *key) {
  if (kdc_json_take(json, '{') && !kdc_json_take(json, '}')) do {
      int found = kdc_json_key_equals(json, key);
      if (!kdc_json_take(json, ':')) break;
      if (found) return 1;
      kdc_json_skip(json);
    } while (kdc_json_take(json, ','));
  fail(json);
  return 0;
}
