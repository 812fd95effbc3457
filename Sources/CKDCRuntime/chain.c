/* Chains: steps that hand each other rows through the cache instead of whole tensors through memory (see kdc_link).
   Each call makes all rows that its units need, so that calls on several threads share nothing but input and output. */
#include "internal.h"

typedef struct {
  const kdc_link *links;
  void *const *b;
  const void *const *c;
  uint8_t *workspace;
  void *output;
  int32_t ready[KDC_MAX_LINKS]; /* of each link: output rows before this one are there, or no longer needed */
} chain;

static uint8_t *slot(const chain *chain, const kdc_link *link, int32_t row) {
  return chain->workspace + link->at + (uint64_t)((row + link->top) % link->slots) * (uint32_t)link->slot_bytes;
}

/* Where an image would begin whose row `row` is the one in its slot: kernels count rows from there. */
static void *image(const chain *chain, const kdc_link *link, int32_t row) {
  return (void *)((uintptr_t)slot(chain, link, row) + (uint32_t)link->left -
                  (uintptr_t)row * (uint32_t)link->row_bytes);
}

/* Rows of the output of link `index` before row `end`; first those of the link before that they need. */
static void make_rows(chain *chain, uint32_t index, uint32_t last, int32_t end) {
  const kdc_link *link = &chain->links[index];
  while (chain->ready[index] < end) {
    int32_t row = chain->ready[index];
    if (row >= link->rows) { /* below the image */
      memset(slot(chain, link, row), link->outside, (uint32_t)link->slot_bytes);
      chain->ready[index] = row + 1;
      continue;
    }
    int32_t rows = link->rows - row < link->height ? link->rows - row : link->height;
    void *b[4]; /* input, residual, output, workspace */
    uint32_t count = 0;
    if (index) {
      const kdc_link *from = link - 1;
      make_rows(chain, index - 1, last, (row + rows - 1) * link->stride + link->reach - from->top);
      b[count++] = from->is_ring ? chain->workspace + from->at : image(chain, from, row);
    } else {
      b[count++] = chain->b[0];
    }
    if (link->residual) b[count++] = chain->b[link->residual];
    b[count++] = index == last ? chain->output : image(chain, link, row);
    b[count] = chain->workspace + link->own;
    uint32_t unit = (uint32_t)(row / link->height);
    link->run(b, chain->c + link->constants, unit, unit + 1);
    chain->ready[index] = row + rows;
  }
}

void kdc_run_chain(const kdc_link *links, uint32_t count, uint32_t buffer_count, void *const *b, const void *const *c,
                   uint32_t begin, uint32_t end) {
  chain chain = {links, b, c, b[buffer_count - 1], b[buffer_count - 2], {0}};
  uint32_t last = count - 1;
  int32_t row = (int32_t)begin * links[last].height, stop = (int32_t)end * links[last].height;
  for (uint32_t i = last;; i--) {
    chain.ready[i] = row;
    if (!i) break;
    const kdc_link *from = &links[i - 1];
    row = row * links[i].stride - from->top;
    if (row < 0) row = 0;
    /* What lies around the image stays, since kernels write between. */
    if (from->is_ring)
      memset(chain.workspace + from->at, from->outside, (size_t)from->slots * (uint32_t)from->slot_bytes);
  }
  make_rows(&chain, last, last, stop < links[last].rows ? stop : links[last].rows);
}
