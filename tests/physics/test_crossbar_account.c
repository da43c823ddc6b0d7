/* What a crossbar costs, against sums written out: conductances and voltages there are, events, programming;
 * the Johnson limit of its array. */
#include "attojoule/physics.h"
#include "crossbar_case.h"

static aj_context *context;
static aj_error err;

enum { ROWS = 7, COLS = 10 };

typedef struct {
    float weights[ROWS * COLS];
    double magnitudes[COLS], squares[COLS];
    ajp_product_work work;
} data;

static void fill(data *d)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 5, 5);
    for (size_t i = 0; i < ROWS * COLS; i++) d->weights[i] = (float)(ajp_draw_uniform(&draws) - 0.5);
    for (size_t j = 0; j < COLS; j++) { /* evenly in 0 ... top for a share of the inputs */
        double top = 0.5 + 0.5 * ajp_draw_uniform(&draws), share = ajp_draw_uniform(&draws);
        d->magnitudes[j] = share * top / 2.0;
        d->squares[j] = share * top * top / 3.0;
    }
    d->work = (ajp_product_work){.product = {.name = "fc", .rows = ROWS, .cols = COLS, .reps = 3},
                                 .weight_sum_squares = 5.0,
                                 .weight_max_abs = 0.5,
                                 .calibration = ajp_calibration_none(),
                                 .digital_ops = 2.0 * ROWS,
                                 .weights = d->weights,
                                 .column_mean_magnitudes = d->magnitudes,
                                 .column_mean_squares = d->squares};
}

static ajp_account account_of(const aj_hardware *hardware, const data *d, unsigned batch,
                              ajp_product_account *per)
{
    ajp_workload work = {.products = &d->work,
                         .n_products = 1,
                         .other_digital_ops = 30.0,
                         .n_inputs = COLS * 3.0,
                         .n_outputs = ROWS * 3.0,
                         .batch = batch,
                         .mode = AJP_MODE_LATENCY};
    ajp_account total;
    memset(&total, 0, sizeof total);
    CHECK_OK(ajp_account_network(hardware, NULL, &work, per, &total, &err), err);
    return total;
}

static double cause(const ajp_product_account *per, aj_cause which)
{
    return per->energy.cause_joules[which];
}

/* t V^2 sum over devices of G e^2, written out for a pair with a least conductance. */
static void test_array(const data *d)
{
    setting set[] = {
        {"conductance_min_siemens", "2uS"}, {"sides", "one"}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    aj_hardware *h = crossbar_hardware(context, set);
    ajp_product_account per;
    account_of(h, d, 1, &per);
    double largest = 0.0, sum = 0.0;
    for (size_t i = 0; i < ROWS * COLS; i++) largest = fmax(largest, fabs((double)d->weights[i]));
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLS; j++)
            sum += (2.0 * 2e-6 + 23e-6 * fabs((double)d->weights[i * COLS + j]) / largest) * d->squares[j];
    CHECK_CLOSE(cause(&per, AJ_CAUSE_ARRAY), 100e-9 * 0.04 * sum * 3.0, 1e-9);
    CHECK_OK(aj_hardware_set(h, "energy_mode", "fixed", &err), err);
    account_of(h, d, 1, &per);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_ARRAY), 100e-9 * 0.04 * 13.5e-6 * 2.0 * ROWS * COLS * 3.0, 1e-9);
    aj_hardware_destroy(h);
    /* bits: inputs evenly spread have a half of their bits set, below the highest */
    setting bits[] = {
        {"input_slicing", "bit_serial"}, {"dac_kind", "sign_magnitude"}, {"dac_bits", "9"}, {NULL, NULL}};
    h = crossbar_hardware(context, bits);
    data even = *d;
    even.work.weights = even.weights;
    even.work.column_mean_magnitudes = even.magnitudes;
    even.work.column_mean_squares = even.squares;
    for (size_t j = 0; j < COLS; j++) even.magnitudes[j] = 0.5, even.squares[j] = 1.0 / 3.0;
    sum = 0.0;
    for (size_t i = 0; i < ROWS * COLS; i++) sum += 25e-6 * fabs((double)d->weights[i]) / largest;
    account_of(h, &even, 1, &per);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_ARRAY), 100e-9 * 0.04 * sum * 3.0 * 4.0, 1e-9);
    even.work.column_mean_squares = NULL; /* before any data */
    account_of(h, &even, 1, &per);
    CHECK(isnan(cause(&per, AJ_CAUSE_ARRAY)));
    aj_hardware_destroy(h);
}

static void test_events(const data *d)
{
    /* slices of a unit column: 2 lines a weight, 2 of reference; 8 lines hold 3 weights: 3 arrays beside each
     * other, 3 tiles of 4 inputs; 4 bits */
    setting set[] = {{"encoding", "unit_column"},
                     {"conductance_states", "16"},
                     {"weight_slices", "2"},
                     {"weight_bits", "8"},
                     {"tile_rows", "8"},
                     {"tile_cols", "4"},
                     {"input_slicing", "bit_serial"},
                     {"dac_kind", "sign_magnitude"},
                     {"dac_bits", "5"},
                     {"dac_energy_joules", "2pJ"},
                     {"driver_energy_joules", "1pJ"},
                     {"adc_energy_joules", "3pJ"},
                     {"receiver_energy_joules", "4pJ"},
                     {"sample_hold_energy_joules", "1pJ"},
                     {"shift_add_energy_joules", "5pJ"},
                     {"digital_op_joules", "7pJ"},
                     {"conversion_seconds", "150ns"},
                     {"programming_energy_joules", "10pJ"},
                     {"inferences_per_programming", "100"},
                     {NULL, NULL}};
    aj_hardware *h = crossbar_hardware(context, set);
    CHECK_OK(aj_hardware_check(h, &err), err);
    ajp_product_account per;
    account_of(h, d, 2, &per);
    double symbols = COLS * 3.0 * 4.0 * 3.0, samples = (ROWS * 2.0 + 3.0 * 2.0) * 3.0 * 4.0 * 3.0;
    CHECK(per.input_symbols == symbols && per.samples == samples);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_DAC), 2e-12 * symbols, 1e-12);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_DRIVER), 1e-12 * symbols, 1e-12);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_ADC), 3e-12 * samples, 1e-12);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_RECEIVER), 5e-12 * samples, 1e-12);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_DIGITAL), 5e-12 * samples + 7e-12 * 2.0 * ROWS, 1e-12);
    double devices = COLS * (ROWS * 2.0 + 3.0 * 2.0);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_PROGRAMMING), 10e-12 * devices / 100.0, 1e-12);
    CHECK_CLOSE(per.busy_seconds, 3.0 * 4.0 * 150e-9, 1e-12);
    CHECK_CLOSE(per.latency_seconds, 2.0 * 3.0 * 4.0 * 150e-9 + 100e-9, 1e-12);
    CHECK(isnan(ajp_crossbar_peak(ajp_hardware_get_params(h)))); /* arrays are not counted */
    CHECK_OK(aj_hardware_set(h, "arrays", "9", &err), err);
    account_of(h, d, 2, &per); /* nine are needed */
    CHECK_CLOSE(cause(&per, AJ_CAUSE_PROGRAMMING), 10e-12 * devices / 100.0, 1e-12);
    CHECK_CLOSE(ajp_crossbar_peak(ajp_hardware_get_params(h)), 9.0 * 4.0 * 3.0 / (4.0 * 150e-9), 1e-12);
    CHECK_OK(aj_hardware_set(h, "arrays", "8", &err), err);
    account_of(h, d, 2, &per);
    CHECK_CLOSE(cause(&per, AJ_CAUSE_PROGRAMMING), 10e-12 * devices / 2.0, 1e-12);
    aj_hardware_destroy(h);
}

static void test_sums(const data *d)
{
    aj_hardware *h = NULL;
    CHECK_OK(aj_hardware_load(&h, context, "pcm-crossbar", &err), err);
    ajp_product_account per;
    ajp_account total = account_of(h, d, 4, &per);
    double sum = 0.0;
    for (int c = 0; c < AJ_N_CAUSES; c++)
        if ((total.energy.applies >> c & 1u) != 0) sum += total.energy.cause_joules[c];
    CHECK_CLOSE(sum, aj_energy_boundary(&total.energy, AJ_SYSTEM), 1e-12);
    CHECK(isnan(total.energy.optical_joules));
    /* weights stay in the arrays: DRAM holds inputs and outputs only */
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_DRAM], (COLS * 3.0 + ROWS * 3.0) * 8.0 * 30.47e-12, 1e-9);
    aj_hardware_destroy(h);
}

/* SNR^2 of one output against Johnson noise = cos^2 E / (2 k T): E the array's energy, the cosine between
 * sqrt(G) and sqrt(G) V.  From the planes and from the account: a coefficient wrong in one of them shows. */
static void test_limit(void)
{
    setting set[] = {{"thermal_noise", "yes"}, {"dac_range", "vector"}, {NULL, NULL}};
    crossbar_case c;
    crossbar_open(&c, context, 50, 1, set, 3, false);
    const ajp_frozen_product *product = &c.trial.products[0];
    const ajp_plane *plane = &product->frozen.planes[0];
    double most = 0.0, signal = 0.0, siemens = 0.0, squares[50], magnitudes[50];
    for (size_t j = 0; j < 50; j++) most = fmax(most, (double)c.x[j]);
    for (size_t j = 0; j < 50; j++) {
        double e = (double)c.x[j] / most;
        squares[j] = e * e;
        magnitudes[j] = e;
        signal += (double)plane->weights[j] * e;
        siemens += fabs((double)plane->weights[j]);
    }
    double variance = plane->variance * (double)plane->row_variance[0];
    CHECK(plane->laws_are_fixed);
    ajp_product_work work = {.product = {.name = "fc", .rows = 1, .cols = 50, .reps = 1},
                             .calibration = ajp_calibration_none(),
                             .weights = product->request.weights,
                             .column_mean_magnitudes = magnitudes,
                             .column_mean_squares = squares};
    ajp_workload all = {.products = &work, .n_products = 1, .batch = 1};
    ajp_product_account per;
    CHECK_OK(ajp_crossbar_account(c.mapping.params, &all, 0, &per, &err), err);
    double energy = 0.0; /* sum of G e^2 in the planes' units */
    for (size_t j = 0; j < 50; j++) energy += fabs((double)plane->weights[j]) * squares[j];
    double cosine = signal / sqrt(siemens * energy);
    CHECK_CLOSE(signal * signal / variance,
                cosine * cosine * cause(&per, AJ_CAUSE_ARRAY) / aj_johnson_limit_joules(300.0), 1e-5);
    crossbar_close(&c);
}

int main(void)
{
    context = fixture_context(1, AJ_ISA_AUTO);
    data d;
    fill(&d);
    test_array(&d);
    test_events(&d);
    test_sums(&d);
    test_limit();
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}
