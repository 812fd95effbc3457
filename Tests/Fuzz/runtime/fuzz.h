/* A harness makes a good input from a number, and takes what became of it. Every input lies in a block of exactly its size. */
#pragma once
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>

enum { MOST_BYTES = 1 << 14 };

/* The next random number of the input in work, and one below a limit. */
uint64_t fuzz_random(void);
uint64_t fuzz_below(uint64_t limit);

/* Of each harness: */
size_t fuzz_make(uint8_t to[MOST_BYTES]);           /* a good input */
void fuzz_mend(uint8_t *data, size_t size);         /* checksums that would hide what lies behind them */
void fuzz_try(const uint8_t *data, size_t size);    /* may refuse it; must not crash */

/* A fault that no sanitizer sees. */
void fuzz_fault(const char *what);
