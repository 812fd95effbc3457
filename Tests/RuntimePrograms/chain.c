/* Runs chains of two and three links with kernels that add up windows, in parts of every size, each with a workspace of exactly
   the bytes it needs, and compares with whole images. Prints "ok". */
#include "../../Sources/CKDCRuntime/internal.h"
#include <stdio.h>

enum { CHANNELS = 3, LINKS = 3 };

/* A layer of the reference: windows of k × k, padded with `outside`; an image has whole rows of CHANNELS bytes a pixel. */
typedef struct {
  int height, width, k, stride, dilation, pad, in_height, in_width, outside;
  int band; /* rows of a unit */
  int ring, slots, slot_bytes; /* the input is a ring */
} layer;

static uint32_t state = 11;
static int pick(int low, int high) {
  state = state * 1664525u + 1013904223u;
  return low + (int)(state >> 8) % (high - low + 1);
}

static uint8_t pixel(const layer *l, const uint8_t *in, int y, int x, int c) {
  if (l->ring) return in[y % l->slots * l->slot_bytes + x * CHANNELS + c]; /* counted from the padding */
  y -= l->pad, x -= l->pad;
  return y < 0 || y >= l->in_height || x < 0 || x >= l->in_width ? (uint8_t)l->outside : in[(y * l->in_width + x) * CHANNELS + c];
}

/* b: input, residual if c[1] says so, output. c: the layer. */
static void kernel(void *const *b, const void *const *c, uint32_t begin, uint32_t end) {
  const layer *l = c[0];
  const uint8_t *residual = c[1] ? b[1] : NULL;
  uint8_t *out = b[c[1] ? 2 : 1];
  int last = (int)end * l->band < l->height ? (int)end * l->band : l->height;
  for (int y = (int)begin * l->band; y < last; y++)
    for (int x = 0; x < l->width; x++)
      for (int c0 = 0; c0 < CHANNELS; c0++) {
        uint32_t sum = 7;
        for (int ky = 0; ky < l->k; ky++)
          for (int kx = 0; kx < l->k; kx++)
            sum = sum * 5 + pixel(l, b[0], y * l->stride + ky * l->dilation, x * l->stride + kx * l->dilation, c0);
        int at = (y * l->width + x) * CHANNELS + c0;
        out[at] = (uint8_t)(sum + (residual ? residual[at] : 0));
      }
}

static size_t bytes(const layer *l) { return (size_t)l->height * (size_t)l->width * CHANNELS; }

/* One chain of random shape; 0 where an output differs. */
static int try_chain(int count) {
  layer plain[LINKS], linked[LINKS];
  kdc_link links[LINKS];
  const void *constants[2 * LINKS];
  int height = pick(3, 17), width = pick(1, 9), has_residual = pick(0, 1), band = pick(1, 4);
  size_t in_bytes = (size_t)height * (size_t)width * CHANNELS, workspace_bytes = 0;
  memset(links, 0, sizeof links);
  for (int i = 0; i < count; i++) {
    layer *l = &plain[i];
    *l = (layer){.k = pick(0, 2) ? pick(1, 5) : 1, .in_height = height, .in_width = width, .outside = pick(0, 255)};
    l->dilation = pick(1, 2), l->stride = l->k > 1 ? pick(1, 3) : 1;
    int reach = (l->k - 1) * l->dilation + 1;
    l->pad = reach > 1 ? pick(0, reach - 1) : 0;
    if (height + 2 * l->pad < reach || width + 2 * l->pad < reach) l->pad = reach;
    height = l->height = (height + 2 * l->pad - reach) / l->stride + 1;
    width = l->width = (width + 2 * l->pad - reach) / l->stride + 1;
    l->band = 1;
  }
  for (int i = count - 1; i >= 0; i--) {
    layer *l = &linked[i];
    *l = plain[i];
    kdc_link *link = &links[i];
    int is_ring = i + 1 < count && plain[i + 1].k > 1; /* the output is one */
    l->ring = i > 0 && l->k > 1;
    l->band = is_ring || l->ring ? 1 : i + 1 < count ? linked[i + 1].band : band;
    *link = (kdc_link){.run = kernel, .rows = l->height, .height = l->band, .row_bytes = l->width * CHANNELS, .stride = l->stride,
                       .reach = (l->k - 1) * l->dilation + 1, .constants = (uint32_t)i * 2};
    if (i + 1 < count) {
      const layer *to = &plain[i + 1];
      link->is_ring = is_ring;
      link->slots = is_ring ? links[i + 1].reach : linked[i + 1].band;
      link->slot_bytes = (l->width + (is_ring ? 2 * to->pad : 0)) * CHANNELS;
      if (is_ring) link->top = to->pad, link->left = to->pad * CHANNELS, link->outside = to->outside;
      linked[i + 1].slots = link->slots, linked[i + 1].slot_bytes = link->slot_bytes;
      link->at = (uint32_t)workspace_bytes;
      workspace_bytes += (size_t)link->slots * (size_t)link->slot_bytes;
    }
    constants[2 * i] = l, constants[2 * i + 1] = NULL;
  }
  const layer *last = &plain[count - 1];
  uint8_t *images[LINKS + 1], *residual = malloc(bytes(last)), *output = malloc(bytes(last));
  images[0] = malloc(in_bytes);
  for (size_t i = 0; i < in_bytes; i++) images[0][i] = (uint8_t)pick(0, 255);
  for (size_t i = 0; i < bytes(last); i++) residual[i] = (uint8_t)pick(0, 255);
  for (int i = 0; i < count; i++) {
    images[i + 1] = malloc(bytes(&plain[i]));
    int joins = has_residual && i + 1 == count;
    void *b[] = {images[i], joins ? residual : images[i + 1], images[i + 1]};
    const void *c[] = {&plain[i], joins ? residual : NULL};
    kernel(b, c, 0, (uint32_t)plain[i].height);
  }
  if (has_residual) links[count - 1].residual = 1, constants[2 * count - 1] = residual;
  int right = 1;
  uint32_t units = (uint32_t)((last->height + linked[count - 1].band - 1) / linked[count - 1].band);
  for (uint32_t parts = 1; parts <= 5 && right; parts++) {
    memset(output, 0, bytes(last));
    for (uint32_t part = parts; part-- > 0;) {
      uint32_t begin = units * part / parts, end = units * (part + 1) / parts;
      if (begin >= end) continue;
      uint8_t *workspace = malloc(workspace_bytes);
      memset(workspace, pick(0, 255), workspace_bytes);
      void *b[4] = {images[0]}, **to = b + 1;
      if (has_residual) *to++ = residual;
      *to++ = output, *to++ = workspace;
      kdc_run_chain(links, (uint32_t)count, (uint32_t)(to - b), b, constants, begin, end);
      free(workspace);
    }
    right = !memcmp(output, images[count], bytes(last));
  }
  for (int i = 0; i <= count; i++) free(images[i]);
  free(output);
  free(residual);
  return right;
}

int main(void) {
  for (int round = 0; round < 4000; round++)
    if (!try_chain(2 + round % 2)) return printf("round %d\n", round), 1;
  puts("ok");
  return 0;
}
