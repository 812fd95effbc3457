/* Sums of products in float32, each product and addition one fused operation (IEEE 754 fusedMultiplyAdd), the same bits
   on every machine: what the references of float convolutions and matrix products are made of. */
#pragma once
#include <stdint.h>

/* For i = 0 … depth − 1 in this order: sums[n] = fma(factors[i], weights[i · stride + n], sums[n]) for n = 0 … count − 1.
   The sums overlap neither factors nor weights. */
void kdc_float_add_products(float *sums, const float *factors, const float *weights, int64_t depth, int64_t stride,
                            int64_t count);

/* sums[n] = fma(a[n], b[n], sums[n]) for n = 0 … count − 1. */
void kdc_float_add_pairs(float *sums, const float *a, const float *b, int64_t count);
