/* Weights from the order in which they are stored into the order in which a kernel reads them. */
#include "internal.h"

enum { PLAIN = 0, PANELS_8 = 1, PANELS_16 = 2 };

/* Multiplies into *product unless the result would pass 2^40. */
static int times(uint64_t *product, uint64_t factor) {
  if (factor && *product > ((uint64_t)1 << 40) / factor) return 0;
  *product *= factor;
  return 1;
}

static void pack_panels(const kdc_constant *p, const int8_t *from, void *to) {
  uint64_t panels = (p->rows + (uint64_t)p->nr - 1) / p->nr, groups = (p->length + (uint64_t)p->kr - 1) / p->kr;
  int8_t *narrow = to;
  int16_t *wide = to;
  uint64_t at = 0;
  for (uint64_t panel = 0; panel < panels; panel++)
    for (uint64_t run = 0; run < p->runs; run++)
      for (uint64_t group = 0; group < groups; group++)
        for (uint64_t lane = 0; lane < p->nr; lane++)
          for (uint64_t k = 0; k < p->kr; k++, at++) {
            uint64_t row = panel * p->nr + lane, column = group * p->kr + k;
            int inside = row < p->rows && column < p->length;
            int8_t value = inside ? from[(row * p->runs + run) * p->length + column] : 0;
            if (p->packing == PANELS_16)
              wide[at] = value;
            else
              narrow[at] = value;
          }
}

int kdc_pack(const kdc_constant *p, const uint8_t *from, uint64_t from_size, uint8_t *to) {
  if (p->packing == PLAIN) {
    if (from_size != p->bytes) return 0;
    memcpy(to, from, from_size);
    return 1;
  }
  if ((p->packing != PANELS_8 && p->packing != PANELS_16) || !p->nr || !p->kr) return 0;
  uint64_t source = p->rows, packed = (p->rows + (uint64_t)p->nr - 1) / p->nr;
  if (!times(&source, p->runs) || !times(&source, p->length) || source != from_size) return 0;
  if (!times(&packed, p->runs) || !times(&packed, (p->length + (uint64_t)p->kr - 1) / p->kr) || !times(&packed, p->nr) ||
      !times(&packed, p->kr) || !times(&packed, p->packing) || packed != p->bytes)
    return 0;
  pack_panels(p, (const int8_t *)from, to);
  return 1;
}
