// NEON parts of Winograd convolutions F(4x4, 3x3) on int16, exact (see `Winograd4`).
#pragma once
#include <arm_neon.h>
#include "base.h"
#include "neon_convolution.h"

// Winograd F(4x4, 3x3): six values of an axis to six, twice; at most 100 times as large.
KDC_INLINE void kdc_winograd4_row(int16x8_t t[6], const int8_t *x, ptrdiff_t step) {
  int8x8_t d[6];
  KDC_UNROLL for (int i = 0; i < 6; i++) d[i] = vld1_s8(x + i * step);
  const int16x8_t c = vsubl_s8(d[4], d[2]), e = vshlq_n_s16(vsubl_s8(d[3], d[1]), 1);
  const int16x8_t a = vsubw_s8(vshll_n_s8(d[2], 2), d[4]), b = vsubw_s8(vshll_n_s8(d[1], 2), d[3]);
  t[0] = vaddq_s16(vshlq_n_s16(vsubl_s8(d[0], d[2]), 2), c);
  t[1] = vaddq_s16(a, b), t[2] = vsubq_s16(a, b), t[3] = vaddq_s16(c, e), t[4] = vsubq_s16(c, e);
  t[5] = vsubq_s16(vsubl_s8(d[5], d[3]), vshlq_n_s16(e, 1));
}

KDC_INLINE void kdc_winograd4_column(int16x8_t t[6], const int16x8_t d[6]) {
  const int16x8_t c = vsubq_s16(d[4], d[2]), e = vshlq_n_s16(vsubq_s16(d[3], d[1]), 1);
  const int16x8_t a = vsubq_s16(vshlq_n_s16(d[2], 2), d[4]), b = vsubq_s16(vshlq_n_s16(d[1], 2), d[3]);
  t[0] = vaddq_s16(vshlq_n_s16(vsubq_s16(d[0], d[2]), 2), c);
  t[1] = vaddq_s16(a, b), t[2] = vsubq_s16(a, b), t[3] = vaddq_s16(c, e), t[4] = vsubq_s16(c, e);
  t[5] = vsubq_s16(vsubq_s16(d[5], d[3]), vshlq_n_s16(e, 1));
}

// 6 by 6 pixels to 36 planes: blocks of 16 channels, each with four tiles.
KDC_HELPER void kdc_winograd4_tile(int16_t *to, const int8_t *x, ptrdiff_t row, ptrdiff_t pixel, int32_t blocks,
                                   ptrdiff_t plane) {
  for (int32_t c = 0; c < 16 * blocks; c += 8) {
    int16x8_t t[6][6];
    KDC_UNROLL for (int y = 0; y < 6; y++) kdc_winograd4_row(t[y], x + c + y * row, pixel);
    int16_t *v = to + c / 16 * 64 + c % 16;
    KDC_UNROLL for (int x6 = 0; x6 < 6; x6++) {
      int16x8_t d[6], u[6];
      KDC_UNROLL for (int y = 0; y < 6; y++) d[y] = t[y][x6];
      kdc_winograd4_column(u, d);
      KDC_UNROLL for (int y = 0; y < 6; y++) vst1q_s16(v + (y * 6 + x6) * plane, u[y]);
    }
  }
}

// An image that is cut into tiles, four pixels apart: `columns` tiles a row, blocks of 16 channels, int16s of a plane.
typedef struct {
  int32_t height, width, channels, top, left, columns, blocks, plane, zero;
} kdc_winograd4_image;

// `tiles` tiles from number `first`. Those that leave the image go through `patch`, 36 pixels of whole blocks. Reads up
// to 15 bytes past a pixel: the weights are zero there.
KDC_HELPER void kdc_winograd4_input(int16_t *to, int8_t *patch, const int8_t *input, const kdc_winograd4_image *image,
                                    int32_t first, int32_t tiles) {
  const int32_t height = image->height, width = image->width, channels = image->channels, lanes = 16 * image->blocks;
  for (int32_t i = 0; i < tiles; i++) {
    const int32_t y = (first + i) / image->columns * 4 - image->top, x = (first + i) % image->columns * 4 - image->left;
    const int8_t *from = input + ((ptrdiff_t)y * width + x) * channels;
    ptrdiff_t row = (ptrdiff_t)width * channels, pixel = channels;
    if (y < 0 || x < 0 || y + 6 > height || x + 6 > width) {
      int8_t *p = patch;
      for (int32_t dy = 0; dy < 6; dy++)
        for (int32_t dx = 0; dx < 6; dx++, p += lanes) {
          const int inside = y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width;
          const int8_t *q = input + ((ptrdiff_t)(y + dy) * width + x + dx) * channels;
          for (int32_t c = 0; c < lanes; c += 16)
            vst1q_s8(p + c, inside ? vld1q_s8(q + c) : vdupq_n_s8((int8_t)image->zero));
        }
      from = patch, row = 6 * lanes, pixel = lanes;
    }
    kdc_winograd4_tile(to + i / 4 * (64 * image->blocks) + i % 4 * 16, from, row, pixel, image->blocks, image->plane);
  }
}

// Paired products of int16, pairs eight apart: (a + w')(a' + w) = a a' + w w' + a w + a' w', modulo 2^32. These are
// the sums of - a a' of 4 tiles in each plane.
KDC_HELPER void kdc_winograd4_corrections(int32_t *to, const int16_t *v, int32_t quads, int32_t blocks,
                                          ptrdiff_t plane) {
  for (int f = 0; f < 36; f++, v += plane) {
    const int16_t *a = v;
    for (int32_t q = 0; q < quads; q++, to += 16) {
      int32x4_t s[4];
      KDC_UNROLL for (int m = 0; m < 4; m++) s[m] = vdupq_n_s32(0);
      for (int32_t k = 0; k < blocks; k++, a += 64) {
        KDC_UNROLL for (int m = 0; m < 4; m++) {
          const int16x8_t l = vld1q_s16(a + 16 * m), h = vld1q_s16(a + 16 * m + 8);
          s[m] = vmlsl_high_s16(vmlsl_s16(s[m], vget_low_s16(l), vget_low_s16(h)), l, h);
        }
      }
      KDC_UNROLL for (int m = 0; m < 4; m++) vst1q_s32(to + 4 * m, s[m]);
    }
  }
}

// In each of 36 planes: quads of 4 tiles by panels of 4 channels, blocks of 16 deep. Sums are [panel][plane][step].
KDC_HELPER void kdc_winograd4_products(int32_t *to, int32_t step, const int16_t *v, const int32_t *corrections,
                                       const int16_t *u, int32_t panels, int32_t quads, int32_t blocks,
                                       ptrdiff_t plane) {
  for (int f = 0; f < 36; f++, v += plane, to += step, corrections += 16 * quads) {
    int32_t *out = to;
    for (int32_t p = 0; p < panels; p++, u += 64 * blocks, out += 36 * step) {
      const int16_t *a = v;
      for (int32_t q = 0; q < quads; q++) {
        int32x4_t s[4][4];
        KDC_UNROLL for (int i = 0; i < 16; i++) s[i / 4][i % 4] = vld1q_s32(corrections + 16 * q + i / 4 * 4);
        const int16_t *w = u;
        for (int32_t k = 0; k < blocks; k++, a += 64, w += 64) {
          kdc_prefetch(w), kdc_prefetch(w + 32);
          int16x8_t l[4], h[4];
          KDC_UNROLL for (int m = 0; m < 4; m++) l[m] = vld1q_s16(a + 16 * m), h[m] = vld1q_s16(a + 16 * m + 8);
          KDC_UNROLL for (int n = 0; n < 4; n++) {
            const int16x8_t x = vld1q_s16(w + 16 * n), y = vld1q_s16(w + 16 * n + 8);
            KDC_UNROLL for (int m = 0; m < 4; m++) {
              const int16x8_t e = vaddq_s16(l[m], x), o = vaddq_s16(h[m], y);
              s[m][n] = vmlal_high_s16(vmlal_s16(s[m][n], vget_low_s16(e), vget_low_s16(o)), e, o);
            }
          }
        }
        KDC_UNROLL for (int m = 0; m < 4; m++) vst1q_s32(out + 16 * q + 4 * m, kdc_sum_4(s[m]));
      }
    }
  }
}

// Six values of an axis to four.
KDC_INLINE void kdc_winograd4_four(int32x4_t y[4], const int32x4_t m[6]) {
  const int32x4_t p = vaddq_s32(m[1], m[2]), q = vsubq_s32(m[1], m[2]);
  const int32x4_t r = vaddq_s32(m[3], m[4]), s = vsubq_s32(m[3], m[4]);
  y[0] = vaddq_s32(vaddq_s32(m[0], p), r);
  y[1] = vaddq_s32(q, vshlq_n_s32(s, 1));
  y[2] = vaddq_s32(p, vshlq_n_s32(r, 2));
  y[3] = vaddq_s32(vaddq_s32(q, vshlq_n_s32(s, 3)), vshlq_n_s32(m[5], 1));
}

// 4 by 4 pixels, 4 channels, of 36 planes `step` apart. `start` holds 576 times the bias and the weights' corrections;
// 576 times the convolution modulo 2^32 by 1/9 is 64 times the convolution.
KDC_INLINE void kdc_winograd4_output(int32x4_t y[4][4], const int32_t *m, int32_t step, const int32x4_t start[16]) {
  int32x4_t t[4][6];
  KDC_UNROLL for (int x = 0; x < 6; x++) {
    int32x4_t d[6], e[4];
    KDC_UNROLL for (int i = 0; i < 6; i++) d[i] = vld1q_s32(m + (i * 6 + x) * step);
    kdc_winograd4_four(e, d);
    KDC_UNROLL for (int i = 0; i < 4; i++) t[i][x] = e[i];
  }
  KDC_UNROLL for (int i = 0; i < 4; i++) {
    kdc_winograd4_four(y[i], t[i]);
    KDC_UNROLL for (int x = 0; x < 4; x++) {
      y[i][x] = vshrq_n_s32(vmulq_n_s32(vaddq_s32(y[i][x], start[4 * i + x]), 0x38E38E39), 6);
    }
  }
}

// Copies the part of 4 by 4 pixels of 4 bytes that lies in an image.
KDC_HELPER void kdc_copy_part(int8_t *to, ptrdiff_t to_row, ptrdiff_t to_pixel, const int8_t *from, ptrdiff_t row,
                              ptrdiff_t pixel, const int32_t extent[3]) {
  for (int32_t y = 0; y < extent[0]; y++)
    for (int32_t x = 0; x < extent[1]; x++)
      for (int32_t c = 0; c < extent[2]; c++) to[y * to_row + x * to_pixel + c] = from[y * row + x * pixel + c];
}

// A convolution: its image, its outputs, how it is cut (units are bands of quads of tiles by ranges of `split` channels,
// and a band is done in groups of quads), and where the parts of the workspace are, in bytes. Past `weights` int16s
// are the corrections for them.
typedef struct {
  kdc_winograd4_image image;
  int32_t height, width, channels, tiles, quads, bands, groups, splits, split;
  int32_t sums, corrections_at, sums_at, patch_at, weights;
} kdc_winograd4_layer;

// One tile: 4 by 4 pixels of 4 channels from `at` on, `extent` of them within the image, requantised.
KDC_INLINE void kdc_winograd4_store(int8_t *output, const int8_t *residual, int32x4_t h[4][4], int32x4_t multipliers,
                                    ptrdiff_t line, ptrdiff_t channels, const int32_t extent[3],
                                    kdc_requantization q) {
  const int whole = extent[0] + extent[1] + extent[2] == 12;
  int8_t part[64], part_of_residual[64] = {0};
  int8_t *to = whole ? output : part;
  const ptrdiff_t row = whole ? line : 16, pixel = whole ? channels : 4;
  if (residual && !whole) {
    kdc_copy_part(part_of_residual, 16, 4, residual, line, channels, extent);
    residual = part_of_residual;
  }
  KDC_UNROLL for (int y = 0; y < 4; y++) {
    KDC_UNROLL for (int x = 0; x < 4; x++) {
      if (!KDC_KNOWN(q.pre_shift, 0)) h[y][x] = vshlq_s32(h[y][x], vdupq_n_s32(q.pre_shift));
      h[y][x] = vqrdmulhq_s32(h[y][x], multipliers);
      if (residual) {
        const int16x4_t other = vsub_s16(kdc_load_4(residual + y * row + x * pixel), vdup_n_s16((int16_t)q.residual_zero));
        h[y][x] = vmlal_n_s16(h[y][x], other, (int16_t)q.residual_multiplier);
      }
    }
    int16x8_t t[2];
    KDC_UNROLL for (int i = 0; i < 2; i++) {
      t[i] = kdc_narrow(h[y][2 * i], h[y][2 * i + 1], q.shift);
      if (!KDC_KNOWN(q.zero_point, 0)) t[i] = vqaddq_s16(t[i], vdupq_n_s16((int16_t)q.zero_point));
    }
    int8x16_t values = vqmovn_high_s16(vqmovn_s16(t[0]), t[1]);
    if (!KDC_KNOWN(q.low, -128)) values = vmaxq_s8(values, vdupq_n_s8((int8_t)q.low));
    if (!KDC_KNOWN(q.high, 127)) values = vminq_s8(values, vdupq_n_s8((int8_t)q.high));
    kdc_store_4(to + y * row, values, 0);
    kdc_store_4(to + y * row + pixel, values, 1);
    kdc_store_4(to + y * row + 2 * pixel, values, 2);
    kdc_store_4(to + y * row + 3 * pixel, values, 3);
  }
  if (!whole) kdc_copy_part(output, line, channels, part, 16, 4, extent);
}

// Units from `begin` to `end`. `residual` is null where nothing is added.
KDC_INLINE void kdc_winograd4_convolution(const kdc_winograd4_layer layer, const kdc_requantization q,
                                          const int8_t *input, const int8_t *residual, int8_t *output,
                                          int8_t *workspace, const int16_t *weights, const int32_t *bias,
                                          const int32_t *multipliers, int32_t begin, int32_t end) {
  const kdc_winograd4_image image = layer.image;
  const int32_t columns = layer.image.columns, blocks = layer.image.blocks, plane = layer.image.plane;
  int8_t *const patch = workspace + layer.patch_at;
  int16_t *const planes = (int16_t *)(void *)workspace;
  int32_t *const corrections = (int32_t *)(void *)(workspace + layer.corrections_at);
  int32_t *const sums = (int32_t *)(void *)(workspace + layer.sums_at);
  const int32_t *constants = (const int32_t *)(const void *)(weights + layer.weights);
  const ptrdiff_t line = (ptrdiff_t)layer.width * layer.channels;
  for (int32_t unit = begin, next; unit < end; unit = next) {
    // All units of a band at once: its input is transformed for them once.
    const int32_t band = unit / layer.splits, from = layer.quads * band / layer.bands;
    const int32_t count = layer.quads * (band + 1) / layer.bands - from;
    next = (band + 1) * layer.splits < end ? (band + 1) * layer.splits : end;
    const int32_t n0 = unit % layer.splits * layer.split, reach = (next - band * layer.splits) * layer.split;
    const int32_t n1 = reach < layer.channels ? reach : layer.channels;
    for (int32_t group = 0; group < layer.groups; group++) {
      const int32_t quad = from + count * group / layer.groups;
      const int32_t quads = from + count * (group + 1) / layer.groups - quad;
      const int32_t first = 4 * quad, tiles = layer.tiles - first < 4 * quads ? layer.tiles - first : 4 * quads;
      kdc_winograd4_input(planes, patch, input, &image, first, tiles);
      kdc_winograd4_corrections(corrections, planes, quads, blocks, plane);
      for (int32_t n = n0; n < n1; n += 16) {
        const int32_t panels = n1 - n < 16 ? (n1 - n + 3) / 4 : 4;
        kdc_winograd4_products(sums, layer.sums, planes, corrections, weights + (ptrdiff_t)n * (36 * 16 * blocks), panels,
                               quads, blocks, plane);
        for (int32_t p = 0; p < panels; p++) {
          const int32_t channel = n + 4 * p;
          const int32x4_t scaled = vmulq_n_s32(vld1q_s32(bias + channel), 576);
          int32x4_t start[16];
          KDC_UNROLL for (int i = 0; i < 16; i++)
            start[i] = vaddq_s32(scaled, vld1q_s32(constants + channel * 16 + i * 4));
          for (int32_t t = 0; t < tiles; t++) {
            const int32_t y = (first + t) / columns * 4, x = (first + t) % columns * 4;
            const int32_t extent[3] = {y + 4 <= layer.height ? 4 : layer.height - y,
                                       x + 4 <= layer.width ? 4 : layer.width - x,
                                       channel + 4 <= layer.channels ? 4 : layer.channels - channel};
            const ptrdiff_t at = ((ptrdiff_t)y * layer.width + x) * layer.channels + channel;
            int32x4_t h[4][4];
            kdc_winograd4_output(h, sums + p * (36 * layer.sums) + t * 4, layer.sums, start);
            kdc_winograd4_store(output + at, residual ? residual + at : residual, h, vld1q_s32(multipliers + channel),
                                line, layer.channels, extent, q);
          }
        }
      }
    }
  }
}
