/* Crossbars: what ideal ones are equal to, what their devices are, and every description that means nothing.
 */
#include "crossbar_case.h"

static aj_context *context;
static aj_error err;

/* ---- equal to what ---------------------------------------------------------------------------- */

static void exact_rows(crossbar_case *c, float *y)
{
    CHECK_OK(ajp_plan_run(c->study->plan, c->workspace, c->inputs, CASE_CHUNK, y, NULL, NULL, &err), err);
}

static double worst_difference(crossbar_case *c, const float *y)
{
    double worst = 0.0, largest = 0.0;
    for (size_t i = 0; i < c->rows; i++) {
        worst = fmax(worst, fabs((double)c->outputs[i] - (double)y[i]));
        largest = fmax(largest, fabs((double)y[i]));
    }
    return worst / largest;
}

/* No noise, no converter, one tile: the bits of the network's own product. */
static void test_ideal(void)
{
    crossbar_case c;
    crossbar_open(&c, context, 200, 37, NULL, 5, true);
    float *y = malloc(CASE_CHUNK * c.rows * sizeof *y);
    exact_rows(&c, y);
    crossbar_read(&c, 0);
    CHECK(memcmp(y, c.outputs, CASE_CHUNK * c.rows * sizeof *y) == 0);
    free(y);
    crossbar_close(&c);
}

/* Every way to hold a weight gives the same product, but for float32 sums in another order. */
static void test_encodings(void)
{
    static const setting ways[][6] = {
        {{"conductance_min_siemens", "3uS"}},
        {{"sides", "two"}, {"weight_scale", "row"}},
        {{"subtraction", "digital"}, {"conductance_min_siemens", "1uS"}},
        {{"encoding", "offset"}, {"conductance_min_siemens", "1uS"}},
        {{"encoding", "unit_column"},
         {"conductance_min_siemens", "1uS"},
         {"tile_cols", "64"},
         {"tile_rows", "9"}},
        {{"input_slicing", "two_pass"}, {"encoding", "unit_column"}},
        {{"seconds_since_programming", "1e6"},
         {"drift_exponent", "0.06"},
         {"drift_compensation", "global"},
         {"encoding", "offset"}},
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        crossbar_case c;
        crossbar_open(&c, context, 200, 37, ways[i], 5, true);
        float *y = malloc(CASE_CHUNK * c.rows * sizeof *y);
        exact_rows(&c, y);
        crossbar_read(&c, 0);
        CHECK(worst_difference(&c, y) < 2e-5);
        free(y);
        crossbar_close(&c);
    }
}

/* Slices hold the digits of the same whole number: with ideal converters the product is the same. */
static void test_slices(void)
{
    static const setting whole[][5] = {{{"conductance_states", "256"}},
                                       {{"encoding", "unit_column"},
                                        {"conductance_states", "4"},
                                        {"weight_slices", "4"},
                                        {"weight_bits", "8"}}},
                         sliced[][6] = {
                             {{"conductance_states", "4"}, {"weight_slices", "4"}, {"weight_bits", "9"}},
                             {{"encoding", "unit_column"},
                              {"conductance_states", "16"},
                              {"weight_slices", "2"},
                              {"weight_bits", "8"},
                              {"tile_rows", "14"}}};
    for (int i = 0; i < 2; i++) {
        crossbar_case a, b;
        crossbar_open(&a, context, 120, 21, whole[i], 6, true);
        crossbar_open(&b, context, 120, 21, sliced[i], 6, true);
        crossbar_read(&a, 0);
        crossbar_read(&b, 0);
        /* a unit column's whole weight is not its sliced one: 2^8 levels of a range against codes around 2^7
         */
        printf("slices against whole: %.2g\n", worst_difference(&a, b.outputs));
        CHECK(worst_difference(&a, b.outputs) < (i == 0 ? 1e-6 : 2e-2));
        crossbar_close(&a);
        crossbar_close(&b);
    }
    crossbar_case c;
    setting bits[] = {{"dac_kind", "sign_magnitude"}, {"dac_bits", "9"}, {NULL, NULL}, {NULL, NULL}};
    crossbar_open(&c, context, 120, 21, bits, 6, true);
    crossbar_read(&c, 0);
    float *y = malloc(c.rows * sizeof *y);
    memcpy(y, c.outputs, c.rows * sizeof *y);
    crossbar_close(&c);
    bits[2] = (setting){"input_slicing", "bit_serial"};
    crossbar_open(&c, context, 120, 21, bits, 6, true);
    crossbar_read(&c, 0);
    CHECK(c.trial.products[0].frozen.n_planes == 8);
    CHECK(worst_difference(&c, y) < 1e-6);
    free(y);
    crossbar_close(&c);
}

/* ---- devices ---------------------------------------------------------------------------------- */

typedef struct {
    aj_hardware *hardware;
    const ajp_crossbar *p;
    ajp_arena arena;
    ajp_freeze_request request;
    float *weights;
    ajp_crossbar_array array;
} devices;

/* One array of `cols` x `rows` weights, all of them `weight` (NaN: normal ones). */
static void devices_open(devices *d, size_t cols, size_t rows, double weight, const setting *set)
{
    memset(d, 0, sizeof *d);
    d->hardware = crossbar_hardware(context, set);
    CHECK_OK(aj_hardware_check(d->hardware, &err), err);
    d->p = ajp_hardware_get_params(d->hardware);
    ajp_arena_init(&d->arena, context);
    d->weights = ajp_arena_array(&d->arena, rows * cols, sizeof(float));
    ajp_draws draws;
    ajp_draws_init(&draws, 3, 1);
    for (size_t i = 0; i < rows * cols; i++)
        d->weights[i] = (float)(isnan(weight) ? 2.0 * ajp_draw_uniform(&draws) - 1.0 : weight);
    d->weights[0] = 1.0f;
    d->request =
        (ajp_freeze_request){.product = {.name = "case", .rows = rows, .cols = cols, .reps = 1, .layer = 4},
                             .weights = d->weights,
                             .n_tiles = 1,
                             .tile_cols = cols,
                             .calibration = ajp_calibration_none(),
                             .seed = 1,
                             .arena = &d->arena};
    CHECK_OK(ajp_crossbar_array_make(&d->array, d->p, &d->request, &d->arena, &err), err);
    ajp_crossbar_program(&d->array, d->p, &d->request, 0, 0);
}

static void devices_close(devices *d)
{
    ajp_arena_free(&d->arena);
    aj_hardware_destroy(d->hardware);
}

/* 200,000 devices: faults within 4 standard deviations of the binomial, and where they should be. */
static void test_stuck(void)
{
    devices d;
    setting set[] = {{"stuck_off_ratio", "0.03"},
                     {"stuck_on_ratio", "0.01"},
                     {"conductance_min_siemens", "1uS"},
                     {NULL, NULL}};
    devices_open(&d, 1000, 100, 0.5, set);
    double off = 0.0, on = 0.0, n = 1000.0 * 100.0 * 2.0;
    for (size_t i = 0; i < (size_t)n; i++) {
        bool was_low = d.array.target[i] < 1.5e-6;
        off += !was_low && d.array.conductance[i] == d.p->conductance_min_siemens;
        on += d.array.conductance[i] == d.p->conductance_max_siemens && d.array.target[i] < 24e-6;
    }
    /* half of the devices of the pairs are wanted at the least conductance anyway */
    CHECK_NEAR(off, 0.03 * n / 2.0, 4.0 * sqrt(0.03 * 0.97 * n / 2.0));
    CHECK_NEAR(on, 0.01 * n, 4.0 * sqrt(0.01 * 0.99 * n));
    devices_close(&d);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_states(void)
{
    static const char *const wanted[] = {"2", "5", "16"};
    for (int k = 0; k < 3; k++) {
        devices d;
        setting set[] = {{"conductance_states", wanted[k]}, {"conductance_min_siemens", "1uS"}, {NULL, NULL}};
        devices_open(&d, 300, 40, (double)NAN, set);
        size_t n = 300 * 40 * 2, distinct = 1;
        qsort(d.array.conductance, n, sizeof(double), compare_doubles);
        for (size_t i = 1; i < n; i++)
            distinct += d.array.conductance[i] > d.array.conductance[i - 1] + 1e-12;
        CHECK_INT(distinct, atoi(wanted[k]));
        devices_close(&d);
    }
}

/* Devices of one level: error of the table's size, none like its neighbour; another trial, another layer and
 * another tile are others, the same place is the same. */
static void test_independence(void)
{
    devices d, again;
    setting set[] = {{"device", "pcm-aihwkit"}, {NULL, NULL}};
    devices_open(&d, 400, 100, 0.5, set);
    double sum = 0.0, squares = 0.0, lag = 0.0, n = 0.0, before = 0.0;
    for (size_t i = 2; i < 400 * 200; i += 2) {
        double e = d.array.conductance[i] - d.array.target[i];
        sum += e;
        squares += e * e;
        lag += e * before;
        before = e;
        n += 1.0;
    }
    CHECK_CLOSE(sqrt(squares / n), 0.95271e-6,
                4.0 / sqrt(2.0 * n)); /* PCM at half range, analog-hardware P2 */
    CHECK_NEAR(sum / n, 0.0, 4.0 * 0.95271e-6 / sqrt(n));
    CHECK_NEAR(lag / squares, 0.0, 4.0 / sqrt(n));
    devices_open(&again, 400, 100, 0.5, set);
    CHECK(memcmp(again.array.conductance, d.array.conductance, 400 * 200 * sizeof(double)) == 0);
    for (int other = 0; other < 4; other++) {
        again.request.trial = other == 0;
        again.request.product.layer = other == 1 ? 5 : 4;
        again.request.first_tile = other == 2;
        again.request.seed = other == 3 ? 2 : 1;
        ajp_crossbar_program(&again.array, again.p, &again.request, 0, 0);
        double cross = 0.0;
        for (size_t i = 2; i < 400 * 200; i += 2)
            cross += (d.array.conductance[i] - d.array.target[i]) *
                     (again.array.conductance[i] - again.array.target[i]);
        CHECK_NEAR(cross / squares, 0.0, 4.0 / sqrt(n));
    }
    devices_close(&again);
    devices_close(&d);
}

/* Slope of what the crossbar multiplies by against the network's weights, and the rest. */
static void fit_weights(const setting *set, double *slope, double *stddev)
{
    crossbar_case c;
    crossbar_open(&c, context, 300, 60, set, 9, true);
    const ajp_frozen_product *product = &c.trial.products[0];
    const ajp_plane *plane = &product->frozen.planes[0];
    double xy = 0.0, xx = 0.0, rest = 0.0, n = (double)(c.rows * c.cols);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < c.rows * c.cols; i++) {
            double w = (double)product->request.weights[i];
            double got = (double)plane->weights[i] * (double)plane->row_decode[i / c.cols] * plane->decode;
            if (pass == 0) {
                xy += w * got;
                xx += w * w;
            } else
                rest += (got - xy / xx * w) * (got - xy / xx * w);
        }
    }
    *slope = xy / xx;
    *stddev = sqrt(rest / n);
    crossbar_close(&c);
}

static void test_drift(void)
{
    setting set[] = {
        {"device", "pcm-aihwkit"}, {"weight_scale", "row"}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    double slope, fresh, old;
    fit_weights(set, &slope, &fresh);
    CHECK_NEAR(slope, 1.0, 0.01);
    set[2] = (setting){"seconds_since_programming", "86400"};
    fit_weights(set, &slope, &old);
    CHECK_NEAR(slope, 0.665, 0.02); /* analog-hardware P2: what is left of a conductance after a day */
    static const char *const kinds[] = {"global", "per_column"};
    for (int k = 0; k < 2; k++) {
        set[3] = (setting){"drift_compensation", kinds[k]};
        fit_weights(set, &slope, &old);
        CHECK_NEAR(slope, 1.0, 0.01);
        CHECK(old > 1.1 * fresh);
        printf("drift compensation %s: mean %.4f, sd %.4f of %.4f when fresh\n", kinds[k], slope, old, fresh);
    }
}

/* First order against the solved network, where the wires lose 2 % in all. */
static void test_wires(void)
{
    devices d;
    setting set[] = {{"ir_drop", "exact"}, {"row_segment_ohms", "1"}, {"column_segment_ohms", "2"},
                     {"source_ohms", "5"}, {"sense_ohms", "7"},       {"conductance_min_siemens", "1uS"},
                     {NULL, NULL}};
    devices_open(&d, 40, 12, (double)NAN, set);
    size_t n = 40 * 24;
    double *exact = malloc(n * sizeof *exact), worst = 0.0, most = 0.0, sum[3] = {0.0, 0.0, 0.0};
    CHECK_OK(ajp_crossbar_wire(&d.array, d.p, d.array.conductance, exact, &err), err);
    CHECK_OK(aj_hardware_set(d.hardware, "ir_drop", "analytic", &err), err);
    CHECK_OK(ajp_crossbar_wire(&d.array, d.p, d.array.conductance, d.array.effective, &err), err);
    for (size_t i = 0; i < n; i++) {
        sum[0] += d.array.conductance[i];
        sum[1] += exact[i];
        sum[2] += d.array.effective[i];
        most = fmax(most, 1.0 - exact[i] / d.array.conductance[i]);
        worst = fmax(worst, fabs(d.array.effective[i] - exact[i]) / d.array.conductance[i]);
    }
    CHECK(most > 0.005 && most < 0.03);
    CHECK(worst < most * most); /* of second order */
    CHECK_CLOSE(sum[0] - sum[2], sum[0] - sum[1], 0.03);
    free(exact);
    devices_close(&d);
}

/* ---- descriptions that mean nothing ----------------------------------------------------------- */

static void refused(const char *key, const setting *set)
{
    aj_hardware *hardware = crossbar_hardware(context, set);
    memset(&err, 0, sizeof err);
    CHECK_INT(aj_hardware_check(hardware, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, key);
    aj_hardware_destroy(hardware);
}

static void test_refusals(void)
{
    static const struct {
        const char *key;
        setting set[6];
    } bad[] = {
        {"conductance_min_siemens", {{"conductance_min_siemens", "30uS"}}},
        {"conductance_max_siemens", {{"conductance_max_siemens", "none"}}},
        {"weight_slices", {{"conductance_states", "4"}, {"weight_slices", "3"}, {"weight_bits", "8"}}},
        {"conductance_states", {{"weight_slices", "3"}, {"weight_bits", "8"}}},
        {"conductance_states", {{"conductance_states", "3"}, {"weight_slices", "9"}, {"weight_bits", "8"}}},
        {"weight_bits", {{"weight_slices", "3"}, {"conductance_states", "4"}}},
        {"sides",
         {{"sides", "two"}, {"conductance_states", "4"}, {"weight_slices", "4"}, {"weight_bits", "8"}}},
        {"sides", {{"sides", "two"}, {"encoding", "offset"}}},
        {"subtraction", {{"subtraction", "digital"}, {"encoding", "unit_column"}}},
        {"ir_drop", {{"ir_drop", "exact"}}},
        {"ir_drop", {{"sense_ohms", "1"}}},
        {"stuck_off_ratio", {{"stuck_off_ratio", "0.6"}, {"stuck_on_ratio", "0.6"}}},
        {"dac_kind", {{"input_slicing", "bit_serial"}}},
        {"iv_cubic_ratio",
         {{"input_slicing", "bit_serial"},
          {"dac_kind", "sign_magnitude"},
          {"dac_bits", "5"},
          {"iv_cubic_ratio", "0.1"}}},
        {"input_sign", {{"input_sign", "unsigned"}, {"input_slicing", "two_pass"}}},
        {"read_seconds", {{"thermal_noise", "yes"}, {"read_seconds", "none"}}},
        {"tile_rows", {{"tile_rows", "1"}}},
        {"tile_rows", {{"tile_rows", "12.5"}}},
        {"read_noise_ratio", {{"read_noise", "yes"}}},
        {"read_noise_ratio", {{"read_noise_ratio", "0.1"}}},
        {"read_noise_shared_by", {{"read_noise_shared_by", "trial"}}},
        {"read_noise",
         {{"device", "rram-milo-crosssim"},
          {"read_noise", "yes"},
          {"conductance_max_siemens", "225uS"},
          {"conductance_min_siemens", "50uS"}}},
        {"programming_noise_ratio", {{"device", "pcm-aihwkit"}, {"programming_noise_ratio", "0.1"}}},
        {"pcm-aihwkit", {{"device", "pcm-aihwkit"}, {"conductance_max_siemens", "80uS"}}},
        {"drift_compensation", {{"drift_compensation", "per_column"}, {"encoding", "offset"}}},
        {"drift_compensation", {{"drift_compensation", "global"}, {"seconds_since_programming", "100"}}},
        {"adc_bits", {{"adc_kind", "mid_tread"}}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) refused(bad[i].key, bad[i].set);
    const char *why = NULL;
    ajp_product attention = {.name = "a", .rows = 3, .cols = 4, .reps = 1, .weights = AJP_OPERAND_DYNAMIC};
    CHECK(!ajp_hardware_crossbar.supports(NULL, &attention, &why) && why != NULL);
    /* a range that follows from data is refused without data, by its key */
    aj_hardware *hardware = crossbar_hardware(context, NULL);
    CHECK_OK(aj_hardware_set(hardware, "adc_kind", "mid_tread", &err), err);
    CHECK_OK(aj_hardware_set(hardware, "adc_bits", "8", &err), err);
    CHECK_OK(aj_hardware_set(hardware, "adc_range", "calibrated", &err), err);
    devices d;
    devices_open(&d, 10, 4, 0.5, NULL);
    ajp_frozen frozen;
    memset(&err, 0, sizeof err);
    CHECK_INT(ajp_hardware_crossbar.freeze(ajp_hardware_get_params(hardware), &d.request, &frozen, &err),
              AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "adc_range");
    devices_close(&d);
    aj_hardware_destroy(hardware);
}

int main(void)
{
    context = fixture_context(1, AJ_ISA_AUTO);
    test_ideal();
    test_encodings();
    test_slices();
    test_stuck();
    test_states();
    test_independence();
    test_drift();
    test_wires();
    test_refusals();
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}
