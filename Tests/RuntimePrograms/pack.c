/* Packs constants as a bundle's loader does. Standard input holds for each: packing, rows, runs, length, nr, kr, stored
   bytes, packed bytes (uint32 each) and the stored bytes; standard output gets the packed bytes. */
#include "../../Sources/CKDCRuntime/internal.h"
#include <stdio.h>

int main(void) {
  uint32_t f[8];
  while (fread(f, sizeof f, 1, stdin) == 1) {
    const kdc_constant constant = {0, f[0], f[1], f[2], f[3], f[4], f[5], 0, 0, f[7]};
    /* Blocks of the exact sizes, so that a sanitizer sees any access beyond them. */
    uint8_t *from = malloc(f[6]), *to = malloc(f[7]);
    if (!from || !to || fread(from, 1, f[6], stdin) != f[6]) return 2;
    if (!kdc_pack(&constant, from, f[6], to)) return 3;
    if (kdc_pack(&constant, from, f[6] - 1, to)) return 4;
    fwrite(to, 1, f[7], stdout);
    free(from);
    free(to);
  }
  return 0;
}
