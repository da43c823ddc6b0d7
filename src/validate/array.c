/* array.c: see array.h. */
#include "array.h"

#include <math.h>

aj_status ajp_array_open(ajp_array *out, ajp_claim *claim, const char *preset, size_t rows, size_t cols,
                         const char *key, const char *word, aj_error *err)
{
    *out = (ajp_array){.hardware = NULL};
    ajp_arena_init(&out->arena, claim->context);
    AJ_TRY(aj_hardware_load(&out->hardware, claim->context, preset, err));
    aj_status st = key != NULL ? aj_hardware_set(out->hardware, key, word, err) : AJ_OK;
    out->weights = ajp_arena_array(&out->arena, rows * cols, sizeof(float));
    out->x = ajp_arena_array(&out->arena, cols, sizeof(float));
    if (st == AJ_OK && (out->weights == NULL || out->x == NULL)) st = ajp_no_memory(err, "array");
    out->request = (ajp_freeze_request){.product = {.name = "array", .rows = rows, .cols = cols, .reps = 1},
                                        .weights = out->weights,
                                        .n_tiles = 1,
                                        .tile_cols = cols,
                                        .calibration = ajp_calibration_none(),
                                        .seed = 1,
                                        .arena = &out->arena};
    if (st != AJ_OK) ajp_array_close(out);
    return st;
}

void ajp_array_close(ajp_array *array)
{
    ajp_arena_free(&array->arena);
    aj_hardware_destroy(array->hardware);
    *array = (ajp_array){.hardware = NULL};
}

void ajp_array_fill(ajp_array *array, double spread, uint64_t stream)
{
    size_t rows = array->request.product.rows, cols = array->request.product.cols;
    ajp_draws draws;
    ajp_draws_init(&draws, 99, stream);
    for (size_t i = 0; i < rows; i++) {
        double scale = exp(spread * ajp_draw_normal(&draws));
        for (size_t j = 0; j < cols; j++)
            array->weights[i * cols + j] = (float)(scale * ajp_draw_normal(&draws));
    }
    for (size_t j = 0; j < cols; j++) array->x[j] = (float)fabs(ajp_draw_normal(&draws));
}

double ajp_array_exact(const ajp_array *array, size_t row)
{
    size_t cols = array->request.product.cols;
    double y = 0.0;
    for (size_t j = 0; j < cols; j++) y += (double)array->weights[row * cols + j] * (double)array->x[j];
    return y;
}

double ajp_sum_squares(const float *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)values[i] * (double)values[i];
    return sum;
}

aj_status ajp_array_rms(ajp_array *array, int n_draws, uint64_t stream, bool relative, double *out,
                        aj_error *err)
{
    size_t rows = array->request.product.rows, cols = array->request.product.cols;
    const ajp_hardware_ops *ops = ajp_hardware_get_ops(array->hardware);
    const void *params = ajp_hardware_get_params(array->hardware);
    double *numbers = ajp_arena_array(&array->arena, 3 * rows, sizeof *numbers), sum = 0.0;
    if (numbers == NULL) return ajp_no_memory(err, "array");
    double *y = numbers, *exact = numbers + rows, *scale = numbers + 2 * rows;
    for (size_t i = 0; i < rows; i++) {
        double squares = ajp_sum_squares(array->weights + i * cols, cols) * ajp_sum_squares(array->x, cols);
        exact[i] = ajp_array_exact(array, i);
        scale[i] = relative ? sqrt(squares) : 1.0;
    }
    ajp_draws draws;
    ajp_draws_init(&draws, 11, stream);
    for (int d = 0; d < n_draws; d++) {
        AJ_TRY(ops->reference(params, &array->request, array->x, &draws, y, err));
        for (size_t i = 0; i < rows; i++) sum += pow((y[i] - exact[i]) / scale[i], 2.0);
    }
    *out = sqrt(sum / (double)n_draws / (double)rows);
    return AJ_OK;
}
