/* array.h: one product on described hardware, read slowly: what the Monte Carlo rows draw from. */
#ifndef AJP_VALIDATE_ARRAY_H
#define AJP_VALIDATE_ARRAY_H

#include "../hardware/hardware_ops.h"
#include "claim.h"

typedef struct {
    aj_hardware *hardware;
    ajp_arena arena;
    ajp_freeze_request request;
    float *weights, *x;
} ajp_array;

/* Zero weights and inputs of the preset, with one key set to a word (NULL: none). */
aj_status ajp_array_open(ajp_array *out, ajp_claim *claim, const char *preset, size_t rows, size_t cols,
                         const char *key, const char *word, aj_error *err);
void ajp_array_close(ajp_array *array);
/* Normal weights whose rows' norms spread by `spread` in ln; inputs: magnitudes of normals. */
void ajp_array_fill(ajp_array *array, double spread, uint64_t stream);
double ajp_array_exact(const ajp_array *array, size_t row);
double ajp_sum_squares(const float *values, size_t n);
/* Rms over rows and draws of the slow read's error, each row's over |A_i| |x| where `relative`. */
aj_status ajp_array_rms(ajp_array *array, int n_draws, uint64_t stream, bool relative, double *out,
                        aj_error *err);

#endif
