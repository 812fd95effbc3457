/* The interface between generated code and the runtime. Generated code defines one `kdc_model`; the runtime reads it.
   The bundle's container (streams, manifest) is linked in as the section .kdc between kdc_container and
   kdc_container_end. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { KDC_MAX_RANK = 8, KDC_MAX_BUFFERS = 8, KDC_MAX_CONSTANTS = 9, KDC_MAX_LINKS = 3 };

/* One step's kernel: units begin..end-1. b: buffers read, written, then the part's workspace; c: constants as packed.
 */
typedef void (*kdc_kernel)(void *const *b, const void *const *c, uint32_t begin, uint32_t end);

#ifndef KDC_DTYPE_DEFINED /* also in kdc.h, which stands alone */
#define KDC_DTYPE_DEFINED
typedef enum { KDC_FLOAT32 = 1, KDC_INT8 = 2, KDC_UINT8 = 3, KDC_INT32 = 4, KDC_INT64 = 5, KDC_BOOL = 6 } kdc_dtype;
#endif

typedef struct {
  kdc_kernel run;
  uint32_t units; /* of work; the runtime splits them between threads */
  uint8_t buffer_count, constant_count;
  uint16_t most_parts;                   /* where there is a workspace: it has room for so many threads */
  uint64_t buffers[KDC_MAX_BUFFERS];     /* arena offsets */
  uint32_t constants[KDC_MAX_CONSTANTS]; /* indices into kdc_variant.constants */
  uint32_t part_bytes;                   /* of workspace that each part of the units has, in the last buffer; 0: none */
  const char *name;                      /* graph node */
  const char *kernel;                    /* family */
} kdc_step;

/* A step of a chain. Its kernel's units are bands of output rows. What it writes lies in the part's workspace until the
   next link has read it: row r in slot (r + top) % slots. */
typedef struct {
  kdc_kernel run;
  int32_t rows, height;         /* of the output, of a unit */
  int32_t row_bytes;            /* of the output */
  int32_t stride, reach;        /* input rows from one output row's window to the next one's; rows of a window */
  uint32_t residual, constants; /* the residual's index in b, 0 for none; that of the first constant in c */
  uint32_t own;                 /* the kernel's workspace within that of the part */
  /* Of all links but the last: */
  uint32_t at; /* the first slot within the part's workspace */
  int32_t slots, slot_bytes;
  int32_t is_ring;            /* the next link takes the slots as they are; else a unit's rows as part of an image */
  int32_t top, left, outside; /* of a ring: rows above the image, bytes before a row, the value of all around it */
} kdc_link;

/* chain.c: units begin ..< end of the last link, whose rows the others provide. b: the first link's input, residuals,
   the last link's output, the part's workspace. */
void kdc_run_chain(const kdc_link *links, uint32_t count, uint32_t buffer_count, void *const *b, const void *const *c,
                   uint32_t begin, uint32_t end);

/* Layouts of constants in memory (see Packing in KDCKernels, and pack.c). */
enum {
  KDC_PLAIN = 0,
  KDC_PANELS_8 = 1,        /* panels of int8 */
  KDC_PANELS_16 = 2,       /* widened to int16 */
  KDC_PANELS_4 = 3,        /* two int4 a byte */
  KDC_PANELS_OFFSET = 6,   /* int8 behind -128 times the sums of the rows */
  KDC_PANELS_PAIRED = 7,   /* for paired products */
  KDC_WINOGRAD4 = 8,       /* transformed for Winograd convolutions */
  KDC_COLUMNS_PAIRED = 9,  /* for paired products across channels */
  KDC_PANELS_FLOAT = 10,   /* panels of float32 */
  KDC_WINOGRAD_FLOAT = 11, /* the same transformed for Winograd convolutions */
  KDC_LAYOUT_MASK = 15,
  /* How the stream holds them: int4, two a byte; elements of four bytes in planes: all first bytes, all second ones, …
   */
  KDC_STREAM_INT4 = 16,
  KDC_STREAM_PLANES = 32
};

/* Where a constant is stored, where it goes in the weights memory, and in which packing. */
typedef struct {
  uint32_t stream;  /* constant stream of the container */
  uint32_t packing; /* layout | how it is stored */
  uint32_t rows, runs, length, nr, kr;
  uint64_t from;          /* in the stream */
  uint64_t offset, bytes; /* in the weights memory; offset is a multiple of 64 */
} kdc_constant;

typedef struct {
  const char *name;
  uint32_t dtype; /* kdc_dtype */
  uint32_t rank;
  int64_t shape[KDC_MAX_RANK];
  uint64_t offset, bytes; /* in the arena; row-major */
} kdc_port;

/* Code for one kind of core. */
typedef struct {
  const char *name;      /* "cortex-a72" */
  const char *targets;   /* "pi4b jetson-nano" */
  uint32_t cpu_parts[8]; /* MIDR part numbers it was tuned for (0xd08 A72, 0xd07 A57); 0 ends */
  uint32_t required;     /* KDC_NEEDS_ bits */
  uint64_t arena_bytes, weights_bytes;
  uint32_t step_count, constant_count;
  const kdc_step *steps;
  const kdc_constant *constants;
  const kdc_port *inputs, *outputs; /* offsets are the variant's own */
} kdc_variant;

/* Instruction sets beyond the architecture's baseline (see Feature in KDCTargets); within an architecture a stronger
   one has a higher bit, so that masks compare as numbers. KDC_NEEDS_AVX512_VNNI: with F, DQ, BW and VL. */
enum { KDC_NEEDS_AVX2 = 1, KDC_NEEDS_AVX_VNNI = 2, KDC_NEEDS_AVX512_VNNI = 4, KDC_NEEDS_DOTPROD = 8 };
/* Those that Linux reports in AT_HWCAP, with the number of the bit there. */
#define KDC_HWCAP_FEATURES(each) each(KDC_NEEDS_DOTPROD, 20)

typedef struct {
  uint32_t version; /* 1 */
  const char *name;
  uint32_t input_count, output_count, variant_count;
  const kdc_variant *const *variants; /* of those that suit an unknown core, the one that needs the most is run */
} kdc_model_code;

extern const kdc_model_code kdc_model;
extern const uint8_t kdc_container[], kdc_container_end[];
