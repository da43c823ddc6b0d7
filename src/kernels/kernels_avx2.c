/* kernels_avx2.c: the numerical core compiled for AVX2 and FMA. */
#include "tables.h"
#ifdef AJP_HAVE_AVX
#include "simd_avx2.h"
#define KERNELS_TABLE ajp_kernels_avx2
#include "body_table.h"
#endif
