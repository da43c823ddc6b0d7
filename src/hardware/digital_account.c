/* digital_account.c: what a product costs on a digital machine: arithmetic by format, and the memory traffic
 * that the array's size causes. */
#include <math.h>

#include "digital.h"

/* ---- arithmetic --------------------------------------------------------------------------------- */

/* Joules of one operation; NaN = not in the source. `sum`: an addition at the accumulator's width, int32 or
 * fp32. */
typedef struct {
    double product[AJP_N_FORMATS], integer_sum, float_sum;
} operation_energies;

#define NONE AJP_NOT_DESCRIBED
static const operation_energies tables[] = {
    /* M. Horowitz, Computing's Energy Problem, ISSCC 2014, doi:10.1109/ISSCC.2014.6757323: 45 nm, 0.9 V */
    [DIGITAL_HOROWITZ_45NM] = {{[AJP_FORMAT_FP32] = 3.7e-12,
                                [AJP_FORMAT_FP16] = 1.1e-12,
                                [AJP_FORMAT_BF16] = NONE,
                                [AJP_FORMAT_FP8_E4M3] = NONE,
                                [AJP_FORMAT_FP8_E5M2] = NONE,
                                [AJP_FORMAT_INT8] = 0.2e-12,
                                [AJP_FORMAT_INT4] = NONE},
                               .integer_sum = 0.1e-12,
                               .float_sum = 0.9e-12},
    /* N. P. Jouppi et al., Ten Lessons From Three Generations Shaped Google's TPUv4i, ISCA 2021,
     * doi:10.1109/ISCA52012.2021.00010, Table 2: 7 nm; quoted second-hand */
    [DIGITAL_JOUPPI_7NM] = {{[AJP_FORMAT_FP32] = 1.31e-12,
                             [AJP_FORMAT_FP16] = 0.34e-12,
                             [AJP_FORMAT_BF16] = 0.21e-12,
                             [AJP_FORMAT_FP8_E4M3] = NONE,
                             [AJP_FORMAT_FP8_E5M2] = NONE,
                             [AJP_FORMAT_INT8] = 0.07e-12,
                             [AJP_FORMAT_INT4] = NONE},
                            .integer_sum = 0.03e-12,
                            .float_sum = 0.38e-12},
    /* Y. S. Shao et al., Aladdin, ISCA 2014, doi:10.1109/ISCA.2014.6853196, 40 nm, as CiMLoop quotes it: a
     * product of 32 x 32 bit 12.68 pJ, linear in each width; a sum of 32 bit 0.21 pJ; integers only */
    [DIGITAL_ALADDIN_40NM] = {{[AJP_FORMAT_FP32] = NONE,
                               [AJP_FORMAT_FP16] = NONE,
                               [AJP_FORMAT_BF16] = NONE,
                               [AJP_FORMAT_FP8_E4M3] = NONE,
                               [AJP_FORMAT_FP8_E5M2] = NONE,
                               [AJP_FORMAT_INT8] = 12.68e-12 / 16.0,
                               [AJP_FORMAT_INT4] = 12.68e-12 / 64.0},
                              .integer_sum = 0.21e-12,
                              .float_sum = NONE},
};

/* A multiplier takes the wider of the two formats; where they are of different kinds, both as floats. */
double ajp_digital_mac_joules(const ajp_digital *p)
{
    if (isnan(p->mac_energy_table)) return p->mac_energy_joules;
    const operation_energies *table = &tables[(int)p->mac_energy_table];
    ajp_format weight = (ajp_format)p->weight_format, activation = (ajp_format)p->activation_format;
    ajp_format_info w = ajp_format_describe(weight), a = ajp_format_describe(activation);
    bool integer = w.is_integer && a.is_integer;
    ajp_format wider = w.bits > a.bits || (w.bits == a.bits && !w.is_integer) ? weight : activation;
    return table->product[wider] + (integer ? table->integer_sum : table->float_sum);
}

/* ---- time --------------------------------------------------------------------------------------- */

double ajp_digital_peak(const void *params)
{
    const ajp_digital *p = params;
    if (!isnan(p->peak_macs_per_second)) return p->peak_macs_per_second;
    return p->arrays * p->array_rows * p->array_cols * p->clock_hertz;
}

/* One fold of the array takes 2 array_rows + array_cols + T - 2 cycles for T = batch x reps input vectors
 * (weight stationary, SCALE-Sim, Samajdar et al. 2018, arXiv:1811.02883); in a full pipeline the next weights
 * load while T vectors stream, so a fold is busy max(T, array_rows) cycles. Arrays work side by side on
 * folds of one product. From a peak alone no time follows: small networks reach a small part of it. */
static void count_time(const ajp_digital *p, double folds, double vectors, double batch, double macs,
                       ajp_product_account *out)
{
    if (!isnan(p->measured_macs_per_second)) {
        out->busy_seconds = macs / p->measured_macs_per_second;
        out->latency_seconds = out->busy_seconds * batch;
        return;
    }
    double turns = ceil(folds / p->arrays);
    out->latency_seconds = turns * (2.0 * p->array_rows + p->array_cols + vectors - 2.0) / p->clock_hertz;
    out->busy_seconds = isnan(p->array_rows) ? AJP_NOT_DESCRIBED
                                             : turns * fmax(vectors, p->array_rows) / p->clock_hertz / batch;
}

/* ---- the account -------------------------------------------------------------------------------- */

aj_status ajp_digital_account(const void *params, const ajp_workload *work, size_t i,
                              ajp_product_account *out, aj_error *err)
{
    const ajp_digital *p = params;
    const ajp_product_work *product = &work->products[i];
    (void)err;
    double rows = (double)product->product.rows, cols = (double)product->product.cols;
    double reps = (double)product->product.reps, batch = (double)work->batch;
    double row_folds = isnan(p->array_cols) ? 1.0 : ceil(rows / p->array_cols);
    double col_folds = isnan(p->array_rows) ? 1.0 : ceil(cols / p->array_rows);
    ajp_product_account account = ajp_product_account_none();
    double macs = ajp_product_macs(&product->product);
    double sharing = ajp_product_sharing(&product->product, work->batch), turns = batch / sharing;
    bool dynamic = product->product.weights == AJP_OPERAND_DYNAMIC;
    count_time(p, row_folds * col_folds, sharing * reps, sharing, macs, &account);
    account.latency_seconds *= turns; /* of two activations: the array is loaded again for every sample */
    aj_energy_set(&account.energy, AJ_CAUSE_ARRAY, ajp_price(macs, ajp_digital_mac_joules(p)));
    double partial_words = 2.0 * rows * reps * (col_folds - 1.0); /* written and read again */
    double bits = rows * cols / sharing * (dynamic ? p->prices.activation_bits : p->prices.weight_bits) +
                  (cols * reps * row_folds + rows * reps) * p->prices.activation_bits +
                  ajp_price(partial_words, p->accumulator_bits);
    ajp_price_local(&p->prices, bits, product->digital_ops + rows * reps * (col_folds - 1.0), &account);
    *out = account;
    return AJ_OK;
}
