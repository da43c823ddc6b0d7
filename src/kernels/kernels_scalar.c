/* kernels_scalar.c: the numerical core compiled for plain C. */
#include "tables.h"

#include "simd_scalar.h"
#define KERNELS_TABLE ajp_kernels_scalar
#include "body_table.h"
