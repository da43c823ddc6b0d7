/* kernels_avx512.c: the numerical core compiled for AVX-512. */
#include "tables.h"
#ifdef AJP_HAVE_AVX
#include "simd_avx512.h"
#define KERNELS_TABLE ajp_kernels_avx512
#include "body_table.h"
#endif
