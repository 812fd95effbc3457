// What all kernels and helpers are written with.
#pragma once
#include <stddef.h>
#include <stdint.h>

// A helper that is always inlined: a loop that calls one is only vectorised where that is inlined, however long it is
// and however often it is called.
#define KDC_INLINE static inline __attribute__((always_inline, unused))

// A helper that is never inlined: what calls it is the same for many shapes.
#define KDC_HELPER static __attribute__((noinline, unused))

#define KDC_UNROLL _Pragma("clang loop unroll(full)")

// A loop whose turn i reads and writes only element i of each tensor: it may run in place, so the pointers are not
// restrict, and still needs no test for overlap before it is vectorised.
#pragma clang diagnostic ignored "-Wpass-failed"
#define KDC_ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")

// What every kernel is declared with; kernels seldom use all of their parameters.
#define KDC_UNUSED __attribute__((unused))
#define KDC_KERNEL(name)                                                                                               \
  static void name(void *const *b KDC_UNUSED, const void *const *c KDC_UNUSED, uint32_t begin KDC_UNUSED,              \
                   uint32_t end KDC_UNUSED)

// A function that kernels share: `numbers` are those in which they differ.
#define KDC_SHARED(name)                                                                                               \
  static __attribute__((noinline)) void name(void *const *b, const void *const *c, uint32_t begin, uint32_t end,       \
                                             const name##_numbers *numbers)
