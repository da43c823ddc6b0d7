/* digital.c: exact arithmetic on a weight-stationary systolic array: a price per multiply-accumulate, and the
 * memory traffic that the array's size causes.  array_rows hold inputs (columns of the matrix), array_cols
 * hold outputs. */
#include <math.h>
#include <stddef.h>

#include "prices.h"

typedef struct {
    ajp_prices prices;
    double mac_energy_joules, accumulator_bits, array_rows, array_cols, clock_hertz;
} digital;
AJP_PRICES_FIRST(digital);

#define ROW(field, unit, low, high, help)                                           \
    {                                                                               \
#field, unit, offsetof(digital, field), AJP_NOT_DESCRIBED, low, high, NULL, \
            "default: not described", help                                          \
    }

static const ajp_param params[] = {
    ROW(mac_energy_joules, "J", 0.0, 1e-3, "one multiplication and one addition to the sum"),
    ROW(accumulator_bits, "bit", 1.0, 64.0,
        "width of a partial sum; needed where a product has more inputs than array_rows"),
    ROW(array_rows, "", 1.0, 1e9, "inputs that the array holds; not described = all of them"),
    ROW(array_cols, "", 1.0, 1e9, "outputs that the array holds; not described = all of them"),
    ROW(clock_hertz, "Hz", 1.0, 1e12, "cycles per second; latency needs it and the array's size"),
    AJP_PRICE_ROWS(digital),
};

static aj_status check(const void *untyped, aj_error *err)
{
    const digital *p = untyped;
    if (isnan(p->mac_energy_joules))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'mac_energy_joules' is not described; set it");
    AJ_TRY(ajp_check_whole(p->array_rows, "array_rows", err));
    return ajp_check_whole(p->array_cols, "array_cols", err);
}

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped;
    (void)product;
    (void)why;
    return true;
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    (void)untyped; /* partial sums are exact: the arithmetic is that of one tile */
    return product->cols;
}

static bool needs_calibration(const void *untyped)
{
    (void)untyped;
    return false;
}

static aj_status freeze(const void *untyped, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err)
{
    (void)untyped;
    (void)request;
    (void)err;
    *out = (ajp_frozen){
        .law = AJP_LAW_EXACT, .clip_electrons = INFINITY, .n_reads = 1, .nominal_photons = AJP_NOT_DESCRIBED};
    return AJ_OK;
}

/* One fold of the array takes 2 array_rows + array_cols + T - 2 cycles for T = batch x reps input vectors
 * (weight stationary, SCALE-Sim, Samajdar et al. 2018, arXiv:1811.02883); in a full pipeline the next weights
 * load while T vectors stream, so a fold is busy max(T, array_rows) cycles. */
static void count_time(const digital *p, double folds, double vectors, double batch, ajp_product_account *out)
{
    out->latency_seconds = folds * (2.0 * p->array_rows + p->array_cols + vectors - 2.0) / p->clock_hertz;
    out->busy_seconds = isnan(p->array_rows) ? AJP_NOT_DESCRIBED
                                             : folds * fmax(vectors, p->array_rows) / p->clock_hertz / batch;
}

static aj_status account(const void *untyped, const ajp_workload *work, size_t i, ajp_product_account *out,
                         aj_error *err)
{
    const digital *p = untyped;
    const ajp_product_work *product = &work->products[i];
    (void)err;
    double rows = (double)product->product.rows, cols = (double)product->product.cols;
    double reps = (double)product->product.reps, batch = (double)work->batch;
    double row_folds = isnan(p->array_cols) ? 1.0 : ceil(rows / p->array_cols);
    double col_folds = isnan(p->array_rows) ? 1.0 : ceil(cols / p->array_rows);
    ajp_product_account account = ajp_product_account_none();
    double sharing = ajp_product_sharing(&product->product, work->batch), turns = batch / sharing;
    bool dynamic = product->product.weights == AJP_OPERAND_DYNAMIC;
    count_time(p, row_folds * col_folds, sharing * reps, sharing, &account);
    account.latency_seconds *= turns; /* of two activations: the array is loaded again for every sample */
    aj_energy_set(&account.energy, AJ_CAUSE_ARRAY,
                  ajp_price(ajp_product_macs(&product->product), p->mac_energy_joules));
    double partial_words = 2.0 * rows * reps * (col_folds - 1.0); /* written and read again */
    double bits = rows * cols / sharing * (dynamic ? p->prices.activation_bits : p->prices.weight_bits) +
                  (cols * reps * row_folds + rows * reps) * p->prices.activation_bits +
                  ajp_price(partial_words, p->accumulator_bits);
    ajp_price_local(&p->prices, bits, product->digital_ops + rows * reps * (col_folds - 1.0), &account);
    *out = account;
    return AJ_OK;
}

const ajp_hardware_ops ajp_hardware_digital = {
    .name = "digital",
    .summary = "exact arithmetic on a weight-stationary array of multiply-accumulate units",
    .read_law = "exact: float32 products, no noise",
    .latency_of =
        "one batch through all products, one after the other: loading the weights, filling, streaming and "
        "draining the array; digital steps outside it take no time",
    .params_size = sizeof(digital),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = needs_calibration,
    .freeze = freeze,
    .sample = NULL,
    .reference = NULL,
    .account = account,
};
