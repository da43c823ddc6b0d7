/* crossbar_account.c: what a crossbar's inference costs: the array by the conductances and voltages there
 * are, drivers and converters by events, and the energy of programming over the inferences that use it. */
#include <math.h>

#include "crossbar_family.h"

typedef struct {
    double passes;           /* of the inputs: reads of every array per input vector */
    double row_groups;       /* arrays side by side that the same inputs go to */
    double col_tiles;        /* arrays whose results are added */
    double readings, slices; /* conversions of a weight's lines: readings x slices */
    double references;       /* bit lines of reference columns, all arrays */
    double devices;
} sizes;

static bool is_pair(const ajp_crossbar *p)
{
    return ajp_crossbar_is(p->encoding, CROSSBAR_DIFFERENTIAL);
}

static double col_tiles(const ajp_crossbar *p, const ajp_product *product)
{
    return isnan(p->tile_cols) ? 1.0 : ceil((double)product->cols / p->tile_cols);
}

static sizes measure(const ajp_crossbar *p, const ajp_product *product)
{
    ajp_crossbar_layout layout = ajp_crossbar_lay_out(p, product);
    double rows = (double)product->rows, cols = (double)product->cols;
    sizes n = {.passes = (double)layout.n_passes,
               .row_groups = ceil(rows / (double)layout.outputs),
               .col_tiles = col_tiles(p, product),
               .slices = (double)layout.n_slices};
    n.readings = is_pair(p) && ajp_crossbar_is(p->subtraction, CROSSBAR_DIGITAL) ? 2.0 : 1.0;
    n.references = n.row_groups * (double)layout.reference;
    n.devices = cols * (rows * (double)layout.per_weight + n.references);
    return n;
}

static void count_events(const ajp_crossbar *p, const ajp_product *product, const sizes *n, unsigned batch,
                         ajp_product_account *out)
{
    double rows = (double)product->rows, cols = (double)product->cols, reps = (double)product->reps;
    out->weight_symbols = n->devices / p->inferences_per_programming;
    out->input_symbols = cols * reps * n->passes * n->row_groups;
    out->samples = (rows * n->readings * n->slices + n->references) * reps * n->passes * n->col_tiles;
    double cycle =
        isnan(p->conversion_seconds) ? p->read_seconds : fmax(p->read_seconds, p->conversion_seconds);
    if (isnan(p->conversion_seconds)) cycle = AJP_NOT_DESCRIBED;
    out->busy_seconds = reps * n->passes * cycle;
    /* the last conversion ends after the last read */
    out->latency_seconds =
        (double)batch * reps * n->passes * cycle + fmin(p->read_seconds, p->conversion_seconds);
}

/* ---- the array -------------------------------------------------------------------------------- */

/* Conductance on every word line as wanted: all devices of the weights of one input. */
static double line_siemens(const ajp_crossbar *p, const ajp_product_work *work, const double *scale,
                           size_t col)
{
    const ajp_product *product = &work->product;
    unsigned n_slices = (unsigned)p->weight_slices;
    double sum = 0.0, g[2];
    ajp_encoding encoding = ajp_crossbar_encoding(p, 1.0);
    for (size_t row = 0; row < product->rows; row++) {
        encoding.weight_max = scale[row];
        for (unsigned slice = 0; slice < n_slices; slice++) {
            ajp_encode_weight(&encoding, (double)work->weights[row * product->cols + col], slice, g);
            sum += g[0] + (is_pair(p) ? g[1] : 0.0);
        }
    }
    return sum;
}

/* Share of bits that are 1 in a magnitude of `bits` bits, summed over the bits, from the moments of what is
 * encoded: inputs are 0 or lie evenly in 0 ... top, which two moments fix (m1 = share top / 2, m2 = share
 * top^2 / 3); of an even number below 2^k every bit is 1 half of the time. */
static double ones_per_input(double magnitude, double square, double bits)
{
    if (!(magnitude > 0.0) || !(square > 0.0)) return isnan(magnitude + square) ? AJP_NOT_DESCRIBED : 0.0;
    double top = fmin(1.0, 1.5 * square / magnitude), share = fmin(1.0, 2.0 * magnitude / top);
    double codes = top * (exp2(bits) - 1.0);
    return share * fmin(bits, 0.5 * log2(1.0 + codes));
}

/* Sum over the passes of one input of e^2. */
static double squares_of(const ajp_crossbar *p, const sizes *n, const ajp_product_work *work, size_t col)
{
    double square = work->column_mean_squares[col];
    if (!ajp_crossbar_is(p->input_slicing, CROSSBAR_BIT_SERIAL)) return square; /* of both passes together */
    return ones_per_input(work->column_mean_magnitudes[col], square, n->passes);
}

static double fixed_joules(const ajp_crossbar *p, const sizes *n, const ajp_product *product)
{
    double siemens = 0.5 * (p->conductance_min_siemens + p->conductance_max_siemens);
    return p->read_seconds * p->read_voltage_volts * p->read_voltage_volts * siemens * n->devices *
           n->passes * (double)product->reps;
}

static aj_status array_joules(const ajp_crossbar *p, const sizes *n, const ajp_product_work *work,
                              double *out, aj_error *err)
{
    const ajp_product *product = &work->product;
    *out = AJP_NOT_DESCRIBED;
    if (ajp_crossbar_is(p->energy_mode, CROSSBAR_FIXED)) *out = fixed_joules(p, n, product);
    if (ajp_crossbar_is(p->energy_mode, CROSSBAR_FIXED)) return AJ_OK;
    if (work->column_mean_squares == NULL || work->column_mean_magnitudes == NULL || work->weights == NULL)
        return AJ_OK;
    double *scale = ajp_calloc(NULL, product->rows, sizeof *scale);
    if (scale == NULL) return ajp_no_memory(err, "account");
    ajp_crossbar_scales(p, work->weights, product->rows, product->cols, scale);
    ajp_encoding encoding = ajp_crossbar_encoding(p, 1.0);
    double g[2], reference = 0.0, sum = 0.0;
    for (unsigned slice = 0; slice < n->slices && n->references > 0.0; slice++) {
        ajp_encode_weight(&encoding, 0.0, slice, g);
        reference += g[0] * n->row_groups;
    }
    for (size_t col = 0; col < product->cols; col++)
        sum += (line_siemens(p, work, scale, col) + reference) * squares_of(p, n, work, col);
    ajp_free(NULL, scale);
    *out = p->read_seconds * p->read_voltage_volts * p->read_voltage_volts * sum * (double)product->reps;
    return AJ_OK;
}

/* ---- programming ------------------------------------------------------------------------------ */

static double arrays_of(const ajp_crossbar *p, const ajp_product *product)
{
    sizes n = measure(p, product);
    return n.row_groups * n.col_tiles * ajp_product_groups(product);
}

/* Whether the network's weights fit the accelerator; what does not is written again for every batch. */
static bool all_fit(const ajp_crossbar *p, const ajp_workload *work)
{
    double needed = 0.0;
    for (size_t i = 0; i < work->n_products; i++)
        if (!work->products[i].runs_digitally) needed += arrays_of(p, &work->products[i].product);
    return isnan(p->arrays) || needed <= p->arrays;
}

static double programming_joules(const ajp_crossbar *p, const ajp_workload *work, const sizes *n)
{
    double inferences = all_fit(p, work) ? p->inferences_per_programming : (double)work->batch;
    return n->devices * p->programming_energy_joules / inferences;
}

/* ---- account ---------------------------------------------------------------------------------- */

static void price_lines(const ajp_crossbar *p, ajp_product_account *out)
{
    if (!isnan(p->driver_energy_joules))
        aj_energy_set(&out->energy, AJ_CAUSE_DRIVER, out->input_symbols * p->driver_energy_joules);
    double each = p->receiver_energy_joules;
    if (!isnan(p->sample_hold_energy_joules))
        each = (isnan(each) ? 0.0 : each) + p->sample_hold_energy_joules;
    aj_energy_set(&out->energy, AJ_CAUSE_RECEIVER, ajp_price(out->samples, each));
}

static void price_words(const ajp_crossbar *p, const ajp_product_work *work, ajp_product_account *out)
{
    const ajp_product *product = &work->product;
    double results = (double)product->rows * (double)product->reps;
    double bits = ((double)product->cols * (double)product->reps + results) * p->prices.activation_bits;
    double sums = out->samples - results;
    bool shifted = !isnan(p->shift_add_energy_joules);
    ajp_price_local(&p->prices, bits, work->digital_ops + (shifted ? 0.0 : sums), out);
    if (shifted) aj_energy_add(&out->energy, AJ_CAUSE_DIGITAL, out->samples * p->shift_add_energy_joules);
    if (!isnan(p->link_joules_per_bit))
        aj_energy_set(&out->energy, AJ_CAUSE_LINK, bits * p->link_joules_per_bit);
}

aj_status ajp_crossbar_account(const void *params, const ajp_workload *work, size_t i,
                               ajp_product_account *out, aj_error *err)
{
    const ajp_crossbar *p = params;
    const ajp_product_work *product = &work->products[i];
    sizes n = measure(p, &product->product);
    ajp_product_account account = ajp_product_account_none();
    double array;
    count_events(p, &product->product, &n, work->batch, &account);
    AJ_TRY(array_joules(p, &n, product, &array, err));
    aj_energy_set(&account.energy, AJ_CAUSE_ARRAY, array);
    aj_energy_set(&account.energy, AJ_CAUSE_PROGRAMMING, programming_joules(p, work, &n));
    price_lines(p, &account);
    ajp_converters_price(&p->converters, account.samples, account.input_symbols, &account);
    price_words(p, product, &account);
    *out = account;
    return AJ_OK;
}

double ajp_crossbar_peak(const void *params)
{
    const ajp_crossbar *p = params;
    if (isnan(p->tile_rows) || isnan(p->tile_cols)) return AJP_NOT_DESCRIBED;
    ajp_product full = {.rows = (size_t)p->tile_rows, .cols = (size_t)p->tile_cols, .reps = 1};
    ajp_crossbar_layout layout = ajp_crossbar_lay_out(p, &full);
    return p->arrays * p->tile_cols * (double)layout.outputs /
           ((double)layout.n_passes * fmax(p->read_seconds, p->conversion_seconds));
}
