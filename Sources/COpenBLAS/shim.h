#include <cblas.h>
#include <malloc.h> /* mallopt, which the module Glibc lacks */

/* LAPACK as OpenBLAS exports it; its own C header is not everywhere. Matrices are column-major, characters ASCII. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotrs_(
    const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b, const int *ldb, int *info);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dsyev_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
    const int *lwork, int *info);

/* The memory of one product at a time, which OpenBLAS keeps for later ones when it is freed. */
void *blas_memory_alloc(int position);
void blas_memory_free(void *memory);

/* Whether OpenBLAS's Haswell kernels run here. */
static inline int kdc_has_haswell_kernels(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return 0;
#endif
}
