/* Planes: what simulate makes of them, against the formula of hardware/planes.h written out in double with
 * the very random numbers of the places it names.  The family below answers with planes that the test
 * chooses. */
#include <string.h>

#include "fixture.h"
#include "hardware/object.h"
#include "hardware/prices.h"
#include "simulate/study.h"

enum { COLS = 70, ROWS = 21, PADDED = 32, TILE = 32, N_TILES = 3, N_SAMPLES = 5 };

typedef struct {
    ajp_prices prices;
} nothing;
static const ajp_param no_params[] = {AJP_PRICE_ROWS(nothing)};

static ajp_plane chosen[2];
static ajp_input_encoding encoding;
static float weights[2][ROWS * COLS], second[ROWS * COLS], reference[COLS], offset[N_TILES * PADDED],
    variance[N_TILES * PADDED], decode[PADDED];

static aj_status check_nothing(const void *params, aj_error *err)
{
    (void)params;
    (void)err;
    return AJ_OK;
}
static bool takes_all(const void *params, const ajp_product *product, const char **why)
{
    (void)params;
    (void)product;
    (void)why;
    return true;
}
static size_t tile_of(const void *params, const ajp_product *product)
{
    (void)params;
    (void)product;
    return TILE;
}
static bool no(const void *params)
{
    (void)params;
    return false;
}
static aj_status freeze(const void *params, const ajp_freeze_request *request, ajp_frozen *out, aj_error *err)
{
    (void)params;
    (void)request;
    (void)err;
    *out = (ajp_frozen){.law = AJP_LAW_PLANES, .planes = chosen, .n_planes = 2, .encoding = encoding};
    return AJ_OK;
}
static const ajp_hardware_ops family = {.name = "test",
                                        .params_size = sizeof(nothing),
                                        .params = no_params,
                                        .n_params = sizeof no_params / sizeof no_params[0],
                                        .check = check_nothing,
                                        .supports = takes_all,
                                        .tile_cols = tile_of,
                                        .needs_calibration = no,
                                        .freeze = freeze};

static double held(double x, double low, double high)
{
    return fmax(low, fmin(high, x));
}

static double converted(const ajp_converter *c, double x)
{
    if (c->kind == AJP_CONVERTER_IDEAL) return x;
    double origin = (double)c->origin;
    return origin + (double)c->step * nearbyint((held(x, (double)c->low, (double)c->high) - origin) *
                                                (double)c->inverse_step);
}

static ajp_converter uniform(unsigned bits, float low, float high, float n_steps)
{
    return (ajp_converter){.kind = AJP_CONVERTER_UNIFORM,
                           .bits = bits,
                           .low = low,
                           .high = high,
                           .step = (high - low) / n_steps,
                           .inverse_step = n_steps / (high - low),
                           .origin = low};
}

static double formed(const ajp_plane *plane, double e)
{
    if (plane->form == AJP_INPUT_POSITIVE) return fmax(e, 0.0);
    if (plane->form == AJP_INPUT_NEGATIVE) return fmax(-e, 0.0);
    if (plane->form == AJP_INPUT_OFFSET) return 0.5 * (e + 1.0);
    if (plane->form != AJP_INPUT_BIT) return e;
    long code = lrint(fabs(e) * (double)((1 << (encoding.dac.bits - 1)) - 1));
    return copysign((double)(code >> plane->bit & 1), e);
}

/* One plane and tile of output `row` (ROWS: the reference column), before decoding. */
static double reading(const ajp_plane *plane, size_t number, size_t tile, size_t sample, size_t row,
                      const double *e)
{
    bool is_row = row < ROWS;
    double z = 0.0, s = 0.0, magnitudes = 0.0, squares = 0.0;
    for (size_t j = tile * TILE; j < COLS && j < (tile + 1) * TILE; j++) {
        z += (double)(is_row ? plane->weights[row * COLS + j] : plane->reference_weights[j]) * e[j];
        if (is_row && plane->second_weights != NULL)
            s += (double)plane->second_weights[row * COLS + j] *
                 (plane->second_of == AJP_OF_SQUARES ? e[j] * e[j] : fabs(e[j]));
        magnitudes += fabs(e[j]);
        squares += e[j] * e[j];
    }
    z *= plane->gain;
    ajp_stream stream;
    aj_error err;
    CHECK_OK(ajp_stream_make(&stream, 7, AJP_PURPOSE_READ, 0, tile * 2 + number, 3, &err), err);
    double v =
        plane->variance + plane->variance_per_magnitude * magnitudes + plane->variance_per_square * squares;
    if (is_row && plane->row_variance != NULL) v *= (double)plane->row_variance[tile * PADDED + row];
    v += plane->second_gain * s + plane->relative_variance * z * z;
    if (plane->noise == AJP_NOISE_NORMAL)
        z += sqrt(v) * ajp_reference_normal(&stream, sample, is_row ? 0 : 6, is_row ? row : 0);
    z = converted(&plane->adc, z);
    if (is_row && plane->row_offset != NULL) z -= (double)plane->row_offset[tile * PADDED + row];
    return z;
}

static void expected(const float *x, size_t sample, double *y)
{
    double scale = encoding.full_scale, e[COLS], encoded[COLS];
    if (isnan(scale)) {
        scale = 0.0;
        for (size_t j = 0; j < COLS; j++) scale = fmax(scale, fabs((double)x[j]));
    }
    for (size_t j = 0; j < COLS; j++) {
        double u = held((double)x[j] / scale, encoding.unsigned_only ? 0.0 : -1.0, 1.0);
        u = converted(&encoding.dac, u);
        encoded[j] = u + encoding.quadratic * u * u + encoding.cubic * u * u * u;
    }
    for (size_t i = 0; i < ROWS; i++) y[i] = 0.0;
    for (size_t number = 0; number < 2; number++) {
        const ajp_plane *plane = &chosen[number];
        for (size_t j = 0; j < COLS; j++) e[j] = formed(plane, encoded[j]);
        for (size_t tile = 0; tile < N_TILES; tile++) {
            double beside =
                plane->reference_weights != NULL ? reading(plane, number, tile, sample, ROWS, e) : 0.0;
            for (size_t i = 0; i < ROWS; i++)
                y[i] += scale * plane->decode * (plane->row_decode != NULL ? (double)decode[i] : 1.0) *
                        (reading(plane, number, tile, sample, i, e) - beside);
        }
    }
}

/* Largest difference in units of the largest result. */
static double run(aj_context *context, const aj_model *model, const aj_hardware *hardware)
{
    aj_error err;
    ajp_study *study = NULL;
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_reader reader;
    ajp_workspace *workspace = NULL;
    CHECK_OK(ajp_study_create(&study, context, model, NULL, N_SAMPLES, &err), err);
    CHECK_OK(ajp_mapping_create(&mapping, study, hardware, NULL, &err), err);
    CHECK_OK(ajp_trial_freeze(&trial, &mapping, 7, 3, &err), err);
    CHECK_OK(ajp_reader_init(&reader, &mapping, N_SAMPLES, false, false, &err), err);
    CHECK_OK(ajp_workspace_create(&workspace, study->plan, &err), err);
    float x[N_SAMPLES * COLS], y[N_SAMPLES * ROWS];
    ajp_draws draws;
    ajp_draws_init(&draws, 5, 0);
    for (size_t i = 0; i < N_SAMPLES * COLS; i++) x[i] = (float)ajp_draw_normal(&draws);
    const ajp_product_hook *hook = ajp_reader_hook(&reader, &trial, 100);
    CHECK_OK(ajp_plan_run(study->plan, workspace, x, N_SAMPLES, y, hook, NULL, &err), err);
    double worst = 0.0, largest = 0.0, wanted[ROWS];
    const ajp_product_step *step = ajp_plan_product(study->plan, 0);
    for (size_t s = 0; s < N_SAMPLES; s++) {
        expected(x + s * COLS, 100 + s, wanted);
        for (size_t i = 0; i < ROWS; i++) {
            worst = fmax(worst, fabs(wanted[i] + (double)step->bias[i] - (double)y[s * ROWS + i]));
            largest = fmax(largest, fabs(wanted[i]));
        }
    }
    ajp_workspace_destroy(workspace);
    ajp_reader_free(&reader);
    ajp_trial_destroy(&trial);
    ajp_mapping_destroy(&mapping);
    ajp_study_destroy(study);
    return worst / largest;
}

static void reset(void)
{
    encoding = (ajp_input_encoding){.full_scale = (double)NAN};
    for (int p = 0; p < 2; p++)
        chosen[p] = (ajp_plane){.form = p == 0 ? AJP_INPUT_POSITIVE : AJP_INPUT_NEGATIVE,
                                .weights = weights[p],
                                .gain = 1.0,
                                .decode = p == 0 ? 1.0 : -1.0};
}

/* Single precision over 70 terms, cancelling: 1e-5 of the largest result is 20 times what is seen. */
static void test_formula(aj_context *context, const aj_model *model, const aj_hardware *hardware)
{
    reset();
    CHECK(run(context, model, hardware) < 1e-5);
    chosen[0].decode *= 1.05;
    CHECK(run(context, model, hardware) < 1e-5);
    reset();
    encoding.full_scale = 2.0;
    encoding.quadratic = 0.1;
    encoding.cubic = -0.05;
    chosen[0].form = AJP_INPUT_OFFSET;
    chosen[1].form = AJP_INPUT_WHOLE;
    chosen[0].row_offset = offset;
    chosen[1].row_decode = decode;
    CHECK(run(context, model, hardware) < 1e-5);
    for (int p = 0; p < 2; p++) chosen[p].noise = AJP_NOISE_NORMAL;
    chosen[0].variance = 0.3;
    chosen[0].variance_per_magnitude = 0.02;
    chosen[0].row_variance = variance;
    chosen[1].variance_per_square = 0.03;
    chosen[1].relative_variance = 0.01;
    CHECK(run(context, model, hardware) < 1e-5);
    chosen[0].second_weights = second;
    chosen[0].second_of = AJP_OF_MAGNITUDES;
    chosen[0].second_gain = 0.7;
    chosen[1].second_weights = second;
    chosen[1].second_gain = 0.4;
    CHECK(run(context, model, hardware) < 1e-5);
    chosen[0].reference_weights = reference;
    CHECK(run(context, model, hardware) < 1e-5);
}

/* With converters a difference in rounding can be a whole step: bits that are there for certain. */
static void test_converters(aj_context *context, const aj_model *model, const aj_hardware *hardware)
{
    reset();
    encoding.dac = uniform(4, -1.0f, 1.0f, 14.0f);
    encoding.full_scale = 2.0;
    for (unsigned p = 0; p < 2; p++) {
        chosen[p].form = AJP_INPUT_BIT;
        chosen[p].bit = 2 - p;
        chosen[p].decode = 4.0 / (7.0 * (1.0 + p));
    }
    CHECK(run(context, model, hardware) < 1e-5);
    chosen[0].adc = uniform(5, -1.0f, 2.0f, 31.0f);
    CHECK(run(context, model, hardware) < 1e-5);
    reset();
    encoding.unsigned_only = true;
    chosen[1].form = AJP_INPUT_WHOLE;
    CHECK(run(context, model, hardware) < 1e-5);
}

int main(void)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    aj_error err;
    size_t widths[2] = {COLS, ROWS};
    aj_model *model = fixture_network(context, fixture_path("one.onnx"), widths, 1, 3);
    aj_hardware *hardware = NULL;
    CHECK_OK(ajp_hardware_create(&hardware, context, &family, &err), err);
    ajp_draws draws;
    ajp_draws_init(&draws, 9, 0);
    for (size_t i = 0; i < ROWS * COLS; i++) {
        for (int p = 0; p < 2; p++) weights[p][i] = (float)ajp_draw_normal(&draws);
        second[i] = (float)(0.2 * ajp_draw_uniform(&draws));
    }
    for (size_t i = 0; i < COLS; i++) reference[i] = (float)ajp_draw_normal(&draws);
    for (size_t i = 0; i < N_TILES * PADDED; i++) {
        offset[i] = (float)ajp_draw_normal(&draws);
        variance[i] = (float)(0.5 + ajp_draw_uniform(&draws));
    }
    for (size_t i = 0; i < PADDED; i++) decode[i] = (float)(0.5 + ajp_draw_uniform(&draws));
    test_formula(context, model, hardware);
    test_converters(context, model, hardware);
    aj_hardware_destroy(hardware);
    aj_model_destroy(model);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}
