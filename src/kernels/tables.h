/* tables.h: the tables of the instruction sets that this build contains. */
#ifndef AJP_TABLES_H
#define AJP_TABLES_H

#include "kernels.h"

#if defined(__x86_64__)
#define AJP_HAVE_AVX 1
#endif
extern const ajp_kernels ajp_kernels_scalar;
#ifdef AJP_HAVE_AVX
extern const ajp_kernels ajp_kernels_avx2, ajp_kernels_avx512;
#endif

#endif
