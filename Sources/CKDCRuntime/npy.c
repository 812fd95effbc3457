/* Arrays of NumPy's npy format, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
#include "internal.h"

uint32_t kdc_dtype_bytes(uint32_t dtype) {
  static const uint8_t bytes[] = {0, 4, 1, 1, 4, 8, 1};
  return dtype < sizeof bytes ? bytes[dtype] : 0;
}

/* The text after 'key': in the header's dictionary, or NULL. */
static const char *value_of(const char *at, const char *end, const char *key) {
  size_t size = strlen(key);
  for (; at + size + 3 <= end; at++) {
    if ((*at != '\'' && *at != '"') || memcmp(at + 1, key, size) || at[size + 1] != *at) continue;
    for (at += size + 2; at < end && (*at == ' ' || *at == ':'); at++) {}
    return at < end ? at : NULL;
  }
  return NULL;
}

static int read_shape(const char *at, const char *end, kdc_array *array) {
  if (!at || *at++ != '(') return 0;
  array->rank = 0;
  array->count = 1;
  while (at < end && *at != ')') {
    if (*at == ' ' || *at == ',' || *at == 'L') {
      at++;
      continue;
    }
    int64_t dim = 0;
    if (*at < '0' || *at > '9' || array->rank > KDC_MAX_RANK) return 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
      dim = dim * 10 + (*at - '0');
      if (dim > (int64_t)1 << 40) return 0;
    }
    array->shape[array->rank++] = dim;
    if (dim && array->count > ((uint64_t)1 << 40) / (uint64_t)dim) return 0;
    array->count *= (uint64_t)dim;
  }
  return at < end;
}

static int item_fits(const kdc_array *array) {
  uint32_t n = array->item_bytes;
  switch (array->kind) {
  case 'f': return n == 2 || n == 4 || n == 8;
  case 'i':
  case 'u': return n == 1 || n == 2 || n == 4 || n == 8;
  case 'b': return n == 1;
  default: return 0;
  }
}

int kdc_npy_read(const uint8_t *file, size_t size, kdc_array *array, const char **why) {
  *why = "is not an npy array";
  if (size < 12 || memcmp(file, "\x93NUMPY", 6)) return 0;
  size_t start = file[6] == 1 ? 10 : 12, length = file[8] | (size_t)file[9] << 8;
  if (file[6] != 1) length |= (size_t)file[10] << 16 | (size_t)file[11] << 24;
  if (file[6] < 1 || file[6] > 3 || length > size - start) return 0;
  const char *header = (const char *)file + start, *end = header + length;
  const char *type = value_of(header, end, "descr"), *order = value_of(header, end, "fortran_order");
  if (!type || !order || end - type < 5 || !read_shape(value_of(header, end, "shape"), end, array)) return 0;
  *why = "is in Fortran order or big-endian";
  if (*order != 'F' || type[1] == '>') return 0;
  *why = "has an element type other than a float, integer or bool";
  array->kind = type[2];
  array->item_bytes = (uint32_t)(type[3] - '0');
  if (!item_fits(array) || (type[4] != '\'' && type[4] != '"')) return 0;
  *why = "is cut short";
  array->data = file + start + length;
  return array->count <= (size - start - length) / array->item_bytes;
}

size_t kdc_npy_header(uint32_t dtype, uint32_t rank, const int64_t *shape, uint8_t header[256]) {
  static const char *const types[] = {"", "<f4", "|i1", "|u1", "<i4", "<i8", "|b1"};
  kdc_out out = {-1, 0, {0}, 0};
  kdc_out_text(&out, "{'descr': '");
  kdc_out_text(&out, types[dtype <= KDC_BOOL ? dtype : 0]);
  kdc_out_text(&out, "', 'fortran_order': False, 'shape': (");
  for (uint32_t i = 0; i < rank; i++) {
    kdc_out_integer(&out, shape[i]);
    kdc_out_text(&out, i + 1 < rank ? ", " : rank == 1 ? "," : "");
  }
  kdc_out_text(&out, "), }");
  size_t total = (10 + out.used + 1 + 63) / 64 * 64;
  if (total > 256) total = 256; /* never: nine dimensions of 13 digits fit */
  memset(header, ' ', total);
  memcpy(header, "\x93NUMPY\x01\x00", 8);
  header[8] = (uint8_t)(total - 10);
  header[9] = (uint8_t)((total - 10) >> 8);
  memcpy(header + 10, out.data, out.used < total - 11 ? out.used : total - 11);
  header[total - 1] = '\n';
  return total;
}

static float float_of_half(uint16_t half) {
  uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> 10 & 31, mantissa = half & 1023, bits;
  if (exponent == 31)
    bits = sign | 0x7F800000u | mantissa << 13;
  else if (exponent)
    bits = sign | (exponent + 112) << 23 | mantissa << 13;
  else {
    float value = (float)mantissa * 0x1p-24f;
    memcpy(&bits, &value, 4);
    bits |= sign;
  }
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static float float_item(const kdc_array *array, const uint8_t *at) {
  uint16_t half;
  float single;
  double wide;
  if (array->item_bytes == 2) return memcpy(&half, at, 2), float_of_half(half);
  if (array->item_bytes == 4) return memcpy(&single, at, 4), single;
  return memcpy(&wide, at, 8), (float)wide;
}

static int64_t integer_item(const kdc_array *array, const uint8_t *at) {
  uint64_t value = 0;
  memcpy(&value, at, array->item_bytes);
  uint32_t unused = 64 - 8 * array->item_bytes;
  return array->kind == 'i' ? (int64_t)(value << unused) >> unused : (int64_t)value;
}

/* An unsigned value that integer_item gives as a negative one. */
static int is_beyond_signed(const kdc_array *array, int64_t value) { return value < 0 && array->kind != 'i'; }

static float float_of_integer(const kdc_array *array, int64_t value) {
  return is_beyond_signed(array, value) ? (float)(uint64_t)value : (float)value;
}

int kdc_npy_convert(const kdc_array *array, uint64_t first, uint64_t count, uint32_t dtype, void *to,
                    const char **why) {
  const uint8_t *from = array->data + first * array->item_bytes;
  uint32_t item = kdc_dtype_bytes(dtype);
  if (array->kind == 'f' && dtype != KDC_FLOAT32) return *why = "has floats where the model takes integers", 0;
  if ((dtype == KDC_BOOL) && array->kind != 'b' && array->item_bytes != 1) return *why = "is not bool or uint8", 0;
  static const int64_t lows[] = {0, 0, -128, 0, INT32_MIN, INT64_MIN, 0};
  static const int64_t highs[] = {0, 0, 127, 255, INT32_MAX, INT64_MAX, 1};
  if (!item) return *why = "is for an input of unknown type", 0;
  for (uint64_t i = 0; i < count; i++, from += array->item_bytes) {
    uint8_t *at = (uint8_t *)to + i * item;
    if (dtype == KDC_FLOAT32) {
      float value = array->kind == 'f' ? float_item(array, from) : float_of_integer(array, integer_item(array, from));
      memcpy(at, &value, 4);
    } else {
      int64_t value = integer_item(array, from);
      if (value < lows[dtype] || value > highs[dtype] || is_beyond_signed(array, value))
        return *why = "has a value that the model's input type cannot hold", 0;
      memcpy(at, &value, item);
    }
  }
  return 1;
}
