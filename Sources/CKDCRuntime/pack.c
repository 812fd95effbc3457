/* Weights from the order in which they are stored into the order in which a kernel reads them: one function for each
   layout, whose definition is the file of the same name in KDCKernels/Packing. Each returns 0 where the sizes of the
   constant do not agree with each other or with what is stored, before it reads or writes anything. */
#include "internal.h"

/* Elements of int8, or of int4, two a byte. */
typedef struct {
  const uint8_t *data;
  uint64_t size;
  int is_int4;
} stream;

static int8_t element(stream from, uint64_t i) {
  if (!from.is_int4) return (int8_t)from.data[i];
  uint8_t half = i & 1 ? from.data[i / 2] >> 4 : from.data[i / 2] & 15;
  return (int8_t)((half ^ 8) - 8);
}

static int has_elements(stream from, uint64_t count) {
  return from.size >= (from.is_int4 ? count / 2 + count % 2 : count);
}

/* Multiplies into *product unless the result would pass 2^40. */
static int times(uint64_t *product, uint64_t factor) {
  if (factor && *product > ((uint64_t)1 << 40) / factor) return 0;
  *product *= factor;
  return 1;
}

static uint64_t pieces(uint64_t count, uint64_t size) { return (count + size - 1) / size; }

/* Whether the stream has rows * runs * length elements, and panels can be made of them. */
static int has_weights(const kdc_constant *p, stream from) {
  uint64_t count = p->rows;
  return p->rows && p->runs && p->length && p->nr && p->kr && times(&count, p->runs) && times(&count, p->length) &&
         has_elements(from, count);
}

/* Whether `panels` panels of `rows` rows of `bytes` bytes are the constant's bytes. */
static int has_bytes(const kdc_constant *p, uint64_t panels, uint64_t rows, uint64_t bytes) {
  return times(&panels, rows) && times(&panels, bytes) && panels == p->bytes;
}

static int pack_plain(const kdc_constant *p, stream from, uint8_t *to) {
  if (!has_elements(from, p->bytes)) return 0;
  if (from.is_int4)
    for (uint64_t i = 0; i < p->bytes; i++) to[i] = (uint8_t)element(from, i);
  else
    memcpy(to, from.data, p->bytes);
  return 1;
}

/* Elements of four bytes: all first bytes, all second ones, … */
static int pack_planes(const kdc_constant *p, stream from, uint8_t *to) {
  if (p->bytes % 4 || from.size < p->bytes) return 0;
  const uint64_t count = p->bytes / 4;
  for (uint64_t i = 0; i < count; i++)
    for (uint64_t k = 0; k < 4; k++) to[4 * i + k] = from.data[k * count + i];
  return 1;
}

/* Of int8, int16 or int4. */
static int pack_panels(const kdc_constant *p, stream from, uint8_t *to) {
  const uint32_t layout = p->packing & KDC_LAYOUT_MASK, half = p->nr / 2;
  if (!has_weights(p, from) || (layout == KDC_PANELS_4 && p->nr % 2)) return 0;
  const uint64_t panels = pieces(p->rows, p->nr), groups = pieces(p->length, p->kr);
  uint64_t row_bytes = groups;
  if (!times(&row_bytes, p->runs) || !times(&row_bytes, layout == KDC_PANELS_16 ? 2 * (uint64_t)p->kr : p->kr))
    return 0;
  if (!has_bytes(p, panels, layout == KDC_PANELS_4 ? half : p->nr, row_bytes)) return 0;
  int16_t *wide = (int16_t *)(void *)to;
  uint64_t at = 0;
  for (uint64_t panel = 0; panel < panels; panel++)
    for (uint64_t run = 0; run < p->runs; run++)
      for (uint64_t group = 0; group < groups; group++, at += (uint64_t)p->nr * p->kr)
        for (uint64_t lane = 0; lane < p->nr; lane++)
          for (uint64_t k = 0; k < p->kr; k++) {
            uint64_t row = panel * p->nr + lane, column = group * p->kr + k, to_index = at + lane * p->kr + k;
            int inside = row < p->rows && column < p->length;
            int8_t value = inside ? element(from, (row * p->runs + run) * p->length + column) : 0;
            if (layout == KDC_PANELS_16)
              wide[to_index] = value;
            else if (layout == KDC_PANELS_8)
              to[to_index] = (uint8_t)value;
            else if (lane < half) /* before the lane whose value goes into the same byte */
              to[at / 2 + lane * p->kr + k] = value & 15;
            else
              to[at / 2 + (lane - half) * p->kr + k] |= (uint8_t)((uint8_t)value << 4);
          }
  return 1;
}

/* As panels of int8, each behind -128 times the sums of its rows. */
static int pack_offset_panels(const kdc_constant *p, stream from, uint8_t *to) {
  if (!has_weights(p, from)) return 0;
  const uint64_t nr = p->nr, kr = p->kr, groups = pieces(p->length, kr);
  uint64_t row_bytes = groups;
  if (!times(&row_bytes, kr) || !times(&row_bytes, p->runs)) return 0;
  row_bytes += 4;
  if (!has_bytes(p, pieces(p->rows, nr), nr, row_bytes)) return 0;
  memset(to, 0, p->bytes);
  for (uint64_t row = 0; row < p->rows; row++) {
    uint8_t *panel = to + row / nr * nr * row_bytes, *lane = panel + nr * 4 + row % nr * kr;
    uint32_t offset = 0;
    for (uint64_t run = 0; run < p->runs; run++)
      for (uint64_t k = 0; k < p->length; k++) {
        const int8_t w = element(from, (row * p->runs + run) * p->length + k);
        lane[(run * groups + k / kr) * nr * kr + k % kr] = (uint8_t)w;
        offset -= 128u * (uint32_t)w;
      }
    for (int i = 0; i < 4; i++) panel[row % nr * 4 + (uint64_t)i] = (uint8_t)(offset >> 8 * i);
  }
  return 1;
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
static int pack_winograd4(const kdc_constant *p, stream from, uint8_t *to) {
  const uint64_t channels = p->length, blocks = pieces(channels, 16), panels = pieces(p->rows, 4);
  if (!has_weights(p, from) || p->runs != 9 || !has_bytes(p, panels, 1, blocks * (36 * 128) + 256)) return 0;
  int16_t *planes = (int16_t *)(void *)to;
  uint32_t *corrections = (uint32_t *)(void *)(planes + panels * 36 * blocks * 64);
  for (uint64_t panel = 0; panel < panels; panel++) {
    const uint64_t before = panel / 4 * 4, width = panels - before < 4 ? panels - before : 4;
    for (uint64_t lane = 0; lane < 4; lane++) {
      const uint64_t row = panel * 4 + lane;
      uint32_t products[36] = {0}, halfway[24], outputs[16];
      for (uint64_t c = 0; c < blocks * 16; c++) {
        int32_t filter[9], columns[18], values[36];
        for (uint64_t k = 0; k < 9; k++)
          filter[k] = row < p->rows && c < channels ? element(from, (row * 9 + k) * channels + c) : 0;
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
  return 1;
}

/* Where column k of a run goes for paired products: blocks of 32 columns, one of 16 and one of up to 15 without
   pairs, each block with its nr rows one after the other and the halves of pairs exchanged. */
typedef struct {
  uint64_t start, columns, place;
} paired_column;

static paired_column find_paired_column(uint64_t k, uint64_t length) {
  const uint64_t full = length / 32 * 32, paired = length / 16 * 16;
  if (k < full) return (paired_column){k / 32 * 32, 32, (k + 16) % 32};
  if (k < paired) return (paired_column){full, 16, (k + 8) % 16};
  return (paired_column){paired, (length - paired + 7) / 8 * 8, k - paired};
}

/* Corrections of a panel's rows, then its blocks. */
static int pack_paired_panels(const kdc_constant *p, stream from, uint8_t *to) {
  const uint64_t nr = p->nr, padded = pieces(p->length, 8) * 8;
  uint64_t row_bytes = padded;
  if (!has_weights(p, from) || !times(&row_bytes, p->runs)) return 0;
  row_bytes += 4;
  if (!has_bytes(p, pieces(p->rows, nr), nr, row_bytes)) return 0;
  memset(to, 0, p->bytes);
  for (uint64_t row = 0; row < p->rows; row++) {
    uint8_t *panel = to + row / nr * nr * row_bytes;
    uint32_t correction = 0;
    for (uint64_t run = 0; run < p->runs; run++)
      for (uint64_t k = 0; k < p->length; k++) {
        const uint64_t at = (row * p->runs + run) * p->length + k;
        const paired_column c = find_paired_column(k, p->length);
        const int8_t w = element(from, at);
        panel[nr * 4 + (run * padded + c.start) * nr + row % nr * c.columns + c.place] = (uint8_t)w;
        const uint64_t partner = c.start + c.place;
        if (partner > k) correction -= (uint32_t)(w * element(from, at - k + partner));
      }
    for (int i = 0; i < 4; i++) panel[row % nr * 4 + (uint64_t)i] = (uint8_t)(correction >> 8 * i);
  }
  return 1;
}

/* Corrections and weights of a panel's parts; the value without a pair comes last. */
static int pack_paired_columns(const kdc_constant *p, stream from, uint8_t *to) {
  if (!has_weights(p, from) || p->nr % 16) return 0;
  const uint64_t nr = p->nr, part = p->kr, length = p->length, single = p->runs & p->length & 1;
  const uint64_t joined = p->runs / 2 * length, pairs = joined + p->runs % 2 * (length / 2);
  const uint64_t row_bytes = 2 * pieces(pairs ? pairs : 1, part) + 2 * pairs + single;
  if (!has_bytes(p, pieces(p->rows, nr), nr, row_bytes)) return 0;
  memset(to, 0, p->bytes);
  for (uint64_t row = 0; row < p->rows; row++) {
    const uint64_t w = row * p->runs * length, lane = row % nr;
    uint8_t *panel = to + row / nr * nr * row_bytes;
    for (uint64_t start = 0; start == 0 || start < pairs; start += part) {
      const uint64_t count = pairs - start < part ? pairs - start : part;
      uint32_t correction = 0;
      for (uint64_t i = start; i < start + count; i++) {
        const uint64_t last_run = (p->runs - (uint64_t)1) * length;
        const uint64_t first = i < joined ? i / length * 2 * length + i % length : last_run + i - joined;
        const uint64_t second = first + (i < joined ? length : length / 2);
        const int8_t a = element(from, w + first), b = element(from, w + second);
        uint8_t *at = panel + nr * 2 * (1 + i - start) + lane / 16 * 32 + lane % 16;
        at[0] = (uint8_t)b; /* each value meets the weight of its partner */
        at[16] = (uint8_t)a;
        correction -= (uint32_t)(a * b);
      }
      panel[lane * 2] = (uint8_t)correction;
      panel[lane * 2 + 1] = (uint8_t)(correction >> 8);
      panel += nr * 2 * (1 + count);
    }
    if (single) panel[lane] = (uint8_t)element(from, w + p->runs * length - 1);
  }
  return 1;
}

/* Element i of `count` floats. */
static void load_float(const kdc_constant *p, stream from, uint64_t count, uint64_t i, uint8_t *to) {
  const int is_planes = (p->packing & KDC_STREAM_PLANES) != 0;
  for (uint64_t k = 0; k < 4; k++) to[k] = is_planes ? from.data[k * count + i] : from.data[4 * i + k];
}

/* Weights [length][runs groups][rows] to [groups][rows / nr][length][nr]. */
static int pack_float_panels(const kdc_constant *p, stream from, uint8_t *to) {
  uint64_t count = p->rows, panels = pieces(p->rows, p->nr ? p->nr : 1), row_bytes = p->length;
  if (!p->rows || !p->runs || !p->length || !p->nr || !times(&count, p->runs) || !times(&count, p->length)) return 0;
  if (from.is_int4 || from.size / 4 < count || !times(&panels, p->runs) || !times(&row_bytes, 4)) return 0;
  if (!has_bytes(p, panels, p->nr, row_bytes)) return 0;
  memset(to, 0, p->bytes);
  for (uint64_t k = 0; k < p->length; k++)
    for (uint64_t group = 0; group < p->runs; group++)
      for (uint64_t row = 0; row < p->rows; row++) {
        uint8_t *place = to + (((group * (panels / p->runs) + row / p->nr) * p->length + k) * p->nr + row % p->nr) * 4;
        load_float(p, from, count, (k * p->runs + group) * p->rows + row, place);
      }
  return 1;
}

/* Three weights along one axis to six. */
static void winograd_floats(const double *g, int from_step, double *u, int step) {
  const double a = g[0], b = g[from_step], c = g[2 * from_step];
  const double even = (a + c) / -6.0, odd = b / 6.0, wide = a / 24.0 + c / 6.0, half = b / 12.0;
  u[0] = a / 4.0;
  u[step] = even - odd;
  u[2 * step] = even + odd;
  u[3 * step] = wide + half;
  u[4 * step] = wide - half;
  u[5 * step] = c;
}

/* Weights [9][length][rows] to [36][rows / nr][length][nr]. */
static int pack_float_winograd(const kdc_constant *p, stream from, uint8_t *to) {
  uint64_t count = p->rows, row_bytes = p->length;
  if (!p->rows || p->runs != 9 || !p->length || !p->nr || !times(&count, 9) || !times(&count, p->length)) return 0;
  if (from.is_int4 || from.size / 4 < count || !times(&row_bytes, 36 * 4)) return 0;
  const uint64_t panels = pieces(p->rows, p->nr);
  if (!has_bytes(p, panels, p->nr, row_bytes)) return 0;
  memset(to, 0, p->bytes);
  for (uint64_t k = 0; k < p->length; k++)
    for (uint64_t row = 0; row < p->rows; row++) {
      double filter[9], columns[18], places[36];
      for (uint64_t tap = 0; tap < 9; tap++) {
        float value;
        load_float(p, from, count, (tap * p->length + k) * p->rows + row, (uint8_t *)(void *)&value);
        filter[tap] = (double)value;
      }
      for (int x = 0; x < 3; x++) winograd_floats(filter + x, 3, columns + x, 3);
      for (int y = 0; y < 6; y++) winograd_floats(columns + 3 * y, 1, places + 6 * y, 1);
      for (uint64_t place = 0; place < 36; place++) {
        const float value = (float)places[place];
        memcpy(to + (((place * panels + row / p->nr) * p->length + k) * p->nr + row % p->nr) * 4, &value, 4);
      }
    }
  return 1;
}

int kdc_pack(const kdc_constant *p, const uint8_t *from, uint64_t from_size, uint8_t *to) {
  const stream all = {from, from_size, (p->packing & KDC_STREAM_INT4) != 0};
  switch (p->packing & KDC_LAYOUT_MASK) {
  case KDC_PLAIN: return p->packing & KDC_STREAM_PLANES ? pack_planes(p, all, to) : pack_plain(p, all, to);
  case KDC_PANELS_8:
  case KDC_PANELS_16:
  case KDC_PANELS_4: return pack_panels(p, all, to);
  case KDC_PANELS_OFFSET: return pack_offset_panels(p, all, to);
  case KDC_PANELS_PAIRED: return pack_paired_panels(p, all, to);
  case KDC_WINOGRAD4: return pack_winograd4(p, all, to);
  case KDC_COLUMNS_PAIRED: return pack_paired_columns(p, all, to);
  case KDC_PANELS_FLOAT: return pack_float_panels(p, all, to);
  case KDC_WINOGRAD_FLOAT: return pack_float_winograd(p, all, to);
  default: return 0;
  }
}
