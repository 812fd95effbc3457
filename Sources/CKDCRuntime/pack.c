/* Weights from the order in which they are stored into the order in which a kernel reads them. */
#include "internal.h"

/* Multiplies into *product unless the result would pass 2^40. */
static int times(uint64_t *product, uint64_t factor) {
  if (factor && *product > ((uint64_t)1 << 40) / factor) return 0;
  *product *= factor;
  return 1;
}

/* Element i of a stream, of int8 or of two int4 a byte. */
static int8_t element(const uint8_t *from, uint64_t i, int is_int4) {
  if (!is_int4) return (int8_t)from[i];
  uint8_t half = i & 1 ? from[i / 2] >> 4 : from[i / 2] & 15;
  return (int8_t)((half ^ 8) - 8);
}

static void pack_panels(const kdc_constant *p, const uint8_t *from, void *to) {
  uint64_t panels = (p->rows + (uint64_t)p->nr - 1) / p->nr, groups = (p->length + (uint64_t)p->kr - 1) / p->kr;
  const int is_int4 = (p->packing & KDC_STREAM_INT4) != 0;
  const uint32_t layout = p->packing & KDC_LAYOUT_MASK, half = p->nr / 2;
  int8_t *narrow = to;
  int16_t *wide = to;
  uint8_t *halves = to;
  uint64_t at = 0;
  for (uint64_t panel = 0; panel < panels; panel++)
    for (uint64_t run = 0; run < p->runs; run++)
      for (uint64_t group = 0; group < groups; group++, at += (uint64_t)p->nr * p->kr)
        for (uint64_t lane = 0; lane < p->nr; lane++)
          for (uint64_t k = 0; k < p->kr; k++) {
            uint64_t row = panel * p->nr + lane, column = group * p->kr + k, to_index = at + lane * p->kr + k;
            int inside = row < p->rows && column < p->length;
            int8_t value = inside ? element(from, (row * p->runs + run) * p->length + column, is_int4) : 0;
            if (layout == KDC_PANELS_16)
              wide[to_index] = value;
            else if (layout == KDC_PANELS_8)
              narrow[to_index] = value;
            else if (lane < half) /* before the lane whose value goes into the same byte */
              halves[at / 2 + lane * p->kr + k] = value & 15;
            else
              halves[at / 2 + (lane - half) * p->kr + k] |= (uint8_t)((uint8_t)value << 4);
          }
}

/* As panels of int8, each behind -128 times the sums of its rows. */
static void pack_offset_panels(const kdc_constant *p, const uint8_t *from, uint8_t *to) {
  const int is_int4 = (p->packing & KDC_STREAM_INT4) != 0;
  const uint64_t nr = p->nr, kr = p->kr, groups = (p->length + kr - 1) / kr, panel_bytes = nr * (4 + p->runs * groups * kr);
  memset(to, 0, p->bytes);
  for (uint64_t row = 0; row < p->rows; row++) {
    uint8_t *panel = to + row / nr * panel_bytes, *lane = panel + nr * 4 + row % nr * kr;
    uint32_t offset = 0;
    for (uint64_t run = 0; run < p->runs; run++)
      for (uint64_t k = 0; k < p->length; k++) {
        const int8_t w = element(from, (row * p->runs + run) * p->length + k, is_int4);
        lane[(run * groups + k / kr) * nr * kr + k % kr] = (uint8_t)w;
        offset -= 128u * (uint32_t)w;
      }
    for (int i = 0; i < 4; i++) panel[row % nr * 4 + (uint64_t)i] = (uint8_t)(offset >> 8 * i);
  }
}

/* Winograd F(4x4, 3x3) along one axis: three weights to six, and six products to four outputs. */
static void winograd_weights(const int32_t *g, int from_step, int32_t *to, int step) {
  const int32_t a = g[0], b = g[from_step], c = g[2 * from_step];
  to[0] = 6 * a;
  to[step] = 4 * (a + b + c);
  to[2 * step] = 4 * (a - b + c);
  to[3 * step] = a + 2 * b + 4 * c;
  to[4 * step] = a - 2 * b + 4 * c;
  to[5 * step] = 12 * c;
}

static void winograd_outputs(const uint32_t *m, int from_step, uint32_t *to, int step) {
  const uint32_t p = m[from_step] + m[2 * from_step], q = m[from_step] - m[2 * from_step];
  const uint32_t r = m[3 * from_step] + m[4 * from_step], s = m[3 * from_step] - m[4 * from_step];
  to[0] = m[0] + p + r;
  to[step] = q + 2 * s;
  to[2 * step] = p + 4 * r;
  to[3 * step] = q + 8 * s + 2 * m[5 * from_step];
}

/* [rows/16][36 planes][panels of 4 rows][blocks of 16 channels][4 rows][16, halves exchanged] in int16; then for each
   panel [16 pixels][4 rows] in int32, what the products of weights with each other add to the outputs, negated. */
static void pack_winograd(const kdc_constant *p, const uint8_t *from, void *to) {
  const int is_int4 = (p->packing & KDC_STREAM_INT4) != 0;
  const uint64_t channels = p->length, blocks = (channels + 15) / 16, panels = ((uint64_t)p->rows + 3) / 4;
  int16_t *planes = to;
  uint32_t *corrections = (uint32_t *)(void *)(planes + panels * 36 * blocks * 64);
  for (uint64_t panel = 0; panel < panels; panel++) {
    const uint64_t before = panel / 4 * 4, width = panels - before < 4 ? panels - before : 4;
    for (uint64_t lane = 0; lane < 4; lane++) {
      const uint64_t row = panel * 4 + lane;
      uint32_t products[36] = {0}, halfway[24], outputs[16];
      for (uint64_t c = 0; c < blocks * 16; c++) {
        int32_t filter[9], columns[18], values[36];
        for (uint64_t k = 0; k < 9; k++)
          filter[k] = row < p->rows && c < channels ? element(from, (row * 9 + k) * channels + c, is_int4) : 0;
        for (int x = 0; x < 3; x++) winograd_weights(filter + x, 3, columns + x, 3);
        for (int y = 0; y < 6; y++) winograd_weights(columns + 3 * y, 1, values + 6 * y, 1);
        for (uint64_t plane = 0; plane < 36; plane++) {
          int16_t *block = planes + ((before * 36 + plane * width + panel % 4) * blocks + c / 16) * 64 + lane * 16;
          block[c % 16 ^ 8] = (int16_t)values[plane];
          if (c % 16 >= 8) products[plane] += (uint32_t)(block[c % 16] * block[c % 16 ^ 8]);
        }
      }
      for (int x = 0; x < 6; x++) winograd_outputs(products + x, 6, halfway + x, 6);
      for (int y = 0; y < 4; y++) winograd_outputs(halfway + 6 * y, 1, outputs + 4 * y, 1);
      for (uint64_t i = 0; i < 16; i++) corrections[panel * 64 + i * 4 + lane] = 0 - outputs[i];
    }
  }
}

/* Where column k of a run goes for fast inner products: blocks of 32 columns, one of 16 and one of up to 15 without
   pairs, each block with its nr rows one after the other and the halves of pairs exchanged. */
typedef struct {
  uint64_t start, columns, place;
} fast_column;

static fast_column find_fast_column(uint64_t k, uint64_t length) {
  const uint64_t full = length / 32 * 32, paired = length / 16 * 16;
  if (k < full) return (fast_column){k / 32 * 32, 32, (k + 16) % 32};
  if (k < paired) return (fast_column){full, 16, (k + 8) % 16};
  return (fast_column){paired, (length - paired + 7) / 8 * 8, k - paired};
}

/* Corrections of a panel's rows, then its blocks. */
static void pack_fast_panels(const kdc_constant *p, const uint8_t *from, uint8_t *to) {
  const int is_int4 = (p->packing & KDC_STREAM_INT4) != 0;
  const uint64_t nr = p->nr, padded = ((uint64_t)p->length + 7) / 8 * 8, panel_bytes = nr * (4 + p->runs * padded);
  memset(to, 0, p->bytes);
  for (uint64_t row = 0; row < p->rows; row++) {
    uint8_t *panel = to + row / nr * panel_bytes;
    uint32_t correction = 0;
    for (uint64_t run = 0; run < p->runs; run++)
      for (uint64_t k = 0; k < p->length; k++) {
        const uint64_t at = (row * p->runs + run) * p->length + k;
        const fast_column c = find_fast_column(k, p->length);
        const int8_t w = element(from, at, is_int4);
        panel[nr * 4 + (run * padded + c.start) * nr + row % nr * c.columns + c.place] = (uint8_t)w;
        const uint64_t partner = c.start + c.place;
        if (partner > k) correction -= (uint32_t)(w * element(from, at - k + partner, is_int4));
      }
    for (int i = 0; i < 4; i++) panel[row % nr * 4 + (uint64_t)i] = (uint8_t)(correction >> 8 * i);
  }
}

/* Corrections and weights of a panel's parts; the value without a pair comes last. */
static void pack_fast_columns(const kdc_constant *p, const uint8_t *from, uint8_t *to, uint64_t pairs, uint64_t parts) {
  const int is_int4 = (p->packing & KDC_STREAM_INT4) != 0;
  const uint64_t nr = p->nr, part = p->kr, length = p->length, single = p->runs & p->length & 1;
  const uint64_t joined = p->runs / 2 * length, panel_bytes = nr * (2 * parts + 2 * pairs + single);
  memset(to, 0, p->bytes);
  for (uint64_t row = 0; row < p->rows; row++) {
    const uint64_t w = row * p->runs * length, lane = row % nr;
    uint8_t *panel = to + row / nr * panel_bytes;
    for (uint64_t start = 0; start == 0 || start < pairs; start += part) {
      const uint64_t count = pairs - start < part ? pairs - start : part;
      uint32_t correction = 0;
      for (uint64_t i = start; i < start + count; i++) {
        const uint64_t first = i < joined ? i / length * 2 * length + i % length : (p->runs - (uint64_t)1) * length + i - joined;
        const uint64_t second = first + (i < joined ? length : length / 2);
        const int8_t a = element(from, w + first, is_int4), b = element(from, w + second, is_int4);
        uint8_t *at = panel + nr * 2 * (1 + i - start) + lane / 16 * 32 + lane % 16;
        at[0] = (uint8_t)b; /* each value meets the weight of its partner */
        at[16] = (uint8_t)a;
        correction -= (uint32_t)(a * b);
      }
      panel[lane * 2] = (uint8_t)correction;
      panel[lane * 2 + 1] = (uint8_t)(correction >> 8);
      panel += nr * 2 * (1 + count);
    }
    if (single) panel[lane] = (uint8_t)element(from, w + p->runs * length - 1, is_int4);
  }
}

int kdc_pack(const kdc_constant *p, const uint8_t *from, uint64_t from_size, uint8_t *to) {
  const int is_int4 = (p->packing & KDC_STREAM_INT4) != 0;
  const uint32_t layout = p->packing & KDC_LAYOUT_MASK;
  if (layout == KDC_PLAIN) {
    if (from_size < (is_int4 ? p->bytes / 2 + p->bytes % 2 : p->bytes)) return 0;
    const uint64_t count = p->bytes / 4;
    if (is_int4)
      for (uint64_t i = 0; i < p->bytes; i++) to[i] = (uint8_t)element(from, i, 1);
    else if (!(p->packing & KDC_STREAM_PLANES))
      memcpy(to, from, p->bytes);
    else if (p->bytes % 4)
      return 0;
    else
      for (uint64_t i = 0; i < count; i++)
        for (uint64_t k = 0; k < 4; k++) to[4 * i + k] = from[k * count + i];
    return 1;
  }
  if (!p->rows || !p->length) return 0; /* loops over the others would end late */
  if (layout == KDC_WINOGRAD4) {
    uint64_t weights = p->rows, bytes = 36 * 128;
    if (!times(&weights, 9) || !times(&weights, p->length)) return 0;
    if (from_size < (is_int4 ? weights / 2 + weights % 2 : weights)) return 0;
    if (!times(&bytes, ((uint64_t)p->length + 15) / 16) || !times(&bytes, ((uint64_t)p->rows + 3) / 4)) return 0;
    if (bytes + ((uint64_t)p->rows + 3) / 4 * 256 != p->bytes) return 0;
    pack_winograd(p, from, to);
    return 1;
  }
  if ((layout > KDC_PANELS_4 && layout != KDC_PANELS_OFFSET && layout != KDC_PANELS_PAIRED && layout != KDC_COLUMNS_PAIRED) ||
      !p->runs || !p->nr || !p->kr || (layout == KDC_PANELS_4 && p->nr % 2)) return 0;
  uint64_t source = p->rows, packed = (p->rows + (uint64_t)p->nr - 1) / p->nr;
  if (!times(&source, p->runs) || !times(&source, p->length)) return 0;
  if (from_size < (is_int4 ? source / 2 + source % 2 : source)) return 0;
  if (layout == KDC_PANELS_OFFSET) {
    uint64_t row_bytes = (p->length + (uint64_t)p->kr - 1) / p->kr;
    if (!times(&row_bytes, p->kr) || !times(&row_bytes, p->runs) || !times(&packed, p->nr) || !times(&packed, row_bytes + 4) ||
        packed != p->bytes)
      return 0;
    pack_offset_panels(p, from, to);
    return 1;
  }
  if (layout == KDC_PANELS_PAIRED) {
    uint64_t row_bytes = ((uint64_t)p->length + 7) / 8 * 8;
    if (!times(&row_bytes, p->runs) || !times(&packed, row_bytes + 4) || !times(&packed, p->nr) || packed != p->bytes)
      return 0;
    pack_fast_panels(p, from, to);
    return 1;
  }
  if (layout == KDC_COLUMNS_PAIRED) {
    uint64_t pairs = (uint64_t)p->runs / 2 * p->length + p->runs % 2 * (p->length / 2), single = p->runs & p->length & 1;
    uint64_t parts = ((pairs ? pairs : 1) + p->kr - 1) / p->kr;
    if (p->nr % 16 || !times(&packed, p->nr) || !times(&packed, 2 * parts + 2 * pairs + single) || packed != p->bytes)
      return 0;
    pack_fast_columns(p, from, to, pairs, parts);
    return 1;
  }
  if (!times(&packed, p->runs) || !times(&packed, (p->length + (uint64_t)p->kr - 1) / p->kr) || !times(&packed, p->nr) ||
      !times(&packed, p->kr))
    return 0;
  if ((layout == KDC_PANELS_16 ? 2 * packed : layout == KDC_PANELS_8 ? packed : packed / 2) != p->bytes) return 0;
  pack_panels(p, from, to);
  return 1;
}
