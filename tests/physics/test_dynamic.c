/* [threads] Products of two activations: who runs them is said, both operands are counted, the noise is that
 * of a layer with the operands' own norms, the fast read agrees with the pulse-by-pulse reference, and bits
 * depend on nothing else.
 *
 * Networks here: x [H][T][D] a sample, y = x x^T of every head (and then (x x^T) x). */
#include "fixture.h"
#include "onnx_build.h"

enum { H = 2, T = 3, D = 8, N_IN = H * T * D, N_SCORES = H * T * T, N_COPIES = 4000, N_MIXED = 150 };

static aj_error err;

static aj_model *make_model(aj_context *context, bool both, void **bytes)
{
    size_t size;
    aj_model *model = NULL;
    build b = build_start(context, 7, 13);
    node_begin(&b, "Transpose", "turn", "x", "xt");
    attribute_ints(&b, "perm", 4, (int64_t[]){0, 1, 3, 2});
    node_end(&b);
    node(&b, "MatMul", "scores", "x,xt", both ? "s" : "y");
    if (both) node(&b, "MatMul", "mix", "s,x", "y");
    value(&b, INPUT, "x", AJP_FLOAT32, 4, (int64_t[]){-1, H, T, D});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 4, (int64_t[]){-1, H, T, both ? D : T});
    *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, *bytes, size, "attention.onnx", &err), err);
    return model;
}

typedef struct {
    const char *set, *photons, *tile_cols, *gain, *phase, *swing;
    bool both, reference, digital;
    unsigned n_threads;
    aj_isa isa;
    size_t chunk;
} task;

static aj_evaluation evaluate(const task *t, float *outputs)
{
    void *bytes;
    aj_context *context = fixture_context(t->n_threads > 0 ? t->n_threads : 1, t->isa);
    aj_model *model = make_model(context, t->both, &bytes);
    aj_dataset *dataset = NULL;
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_dataset_open(&dataset, context, t->set, NULL, &err), err);
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne", &err), err);
    const char *const settings[][2] = {
        {"photons_per_mac", t->photons},     {"quantum_efficiency_ratio", "0.8"},
        {"tile_cols", t->tile_cols},         {"weight_gain", t->gain},
        {"phase_noise_radians", t->phase},   {"detector_capacitance_farads", t->swing != NULL ? "1fF" : NULL},
        {"integrator_swing_volts", t->swing}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (settings[i][1] != NULL)
            CHECK_OK(aj_hardware_set(hardware, settings[i][0], settings[i][1], &err), err);
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = hardware;
    options.chunk = t->chunk;
    options.reference = t->reference;
    options.dynamic = t->digital ? AJ_DYNAMIC_DIGITAL : AJ_DYNAMIC_ANALOG;
    options.per_layer = true;
    options.outputs = outputs;
    aj_evaluation record = {0};
    CHECK_OK(aj_evaluate(&record, context, model, dataset, &options, &err), err);
    record.duration_seconds = 0;
    aj_hardware_destroy(hardware);
    aj_dataset_close(dataset);
    aj_model_destroy(model);
    aj_context_destroy(context);
    free(bytes);
    return record;
}

static void draw(float *x, size_t n, uint64_t seed)
{
    ajp_draws draws;
    ajp_draws_init(&draws, seed, 1);
    for (size_t i = 0; i < n; i++) x[i] = (float)(ajp_draw_normal(&draws) + 0.3);
}

static const char *write_set(const char *name, const float *x, size_t n)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    const char *path = fixture_path(name);
    CHECK_OK(aj_npy_write_float32(context, path, x, n, N_IN, &err), err);
    aj_context_destroy(context);
    return path;
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* ---- who runs it, and what is counted -------------------------------------------------------------------
 */

static void counted(const char *set)
{
    static float y[N_MIXED * N_IN], exact[N_MIXED * N_IN];
    task t = {.set = set, .photons = "4", .both = true, .digital = true};
    aj_evaluation digital = evaluate(&t, exact);
    CHECK_STRING(digital.dynamic, "digital");
    CHECK_INT(digital.n_digital_fallback, 2);
    CHECK(strstr(digital.digital_fallback[0], "scores (MatMul): both operands are activations") != NULL);
    CHECK_STRING(digital.layers[0].runs_on, "digital");
    CHECK(isnan(digital.photons_per_mac));
    aj_evaluation_destroy(&digital);
    t.digital = false;
    t.photons = "1e9";
    aj_evaluation r = evaluate(&t, y);
    CHECK_STRING(r.dynamic, "analog");
    CHECK_INT(r.n_digital_fallback, 0);
    CHECK_INT(r.n_layers, 2);
    for (size_t i = 0; i < 2; i++) {
        const aj_layer_record *l = &r.layers[i];
        size_t rows = i == 0 ? T : D, cols = i == 0 ? D : T;
        CHECK_STRING(l->runs_on, "homodyne");
        CHECK(l->rows == rows && l->cols == cols && l->reps == T && l->groups == H);
        CHECK(l->macs == H * T * T * D);
        CHECK(l->weight_symbols == (double)(H * rows * cols) && l->input_symbols == (double)(H * T * cols));
        CHECK(l->samples == (double)(H * T * rows));
        CHECK_CLOSE(l->photons_incident, 1e9 * H * T * T * D, 1e-9);
        CHECK(l->signal_to_noise_ratio > 1e6);
        CHECK(isnan(l->clipped_ratio));
    }
    CHECK(r.macs_per_inference == 2 * H * T * T * D);
    CHECK_CLOSE(r.photons_per_mac, 1e9, 1e-9);
    for (size_t i = 0; i < N_MIXED * N_IN; i++)
        CHECK_NEAR(y[i], exact[i], 2e-3 * (1 + fabs((double)exact[i])));
    aj_evaluation_destroy(&r);
}

/* Crests of both operands from the data: mean over matrices of max^2 cells / sum of squares. */
static void crests(const float *x, const char *set)
{
    static float y[N_MIXED * N_SCORES];
    double want = 0;
    for (size_t i = 0; i < N_MIXED * H; i++) {
        double largest = 0;
        for (size_t k = 0; k < T * D; k++) largest = fmax(largest, fabs((double)x[i * T * D + k]));
        want += largest * largest * T * D / dot(x + i * T * D, x + i * T * D, T * D) / (N_MIXED * H);
    }
    task t = {.set = set, .photons = "4"};
    aj_evaluation r = evaluate(&t, y);
    CHECK_CLOSE(r.layers[0].weight_crest_ratio, 1.0, 1e-12); /* the limit's emitters make their own pulses */
    aj_evaluation_destroy(&r);
    aj_context *context = fixture_context(2, AJ_ISA_AUTO);
    void *bytes;
    aj_model *model = make_model(context, false, &bytes);
    aj_hardware *parts = NULL;
    aj_dataset *dataset = NULL;
    CHECK_OK(aj_dataset_open(&dataset, context, set, NULL, &err), err);
    CHECK_OK(aj_hardware_load(&parts, context, "homodyne-parts", &err), err);
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = parts;
    options.dynamic = AJ_DYNAMIC_ANALOG;
    options.batch = 10;
    CHECK_OK(aj_evaluate(&r, context, model, dataset, &options, &err), err);
    CHECK_CLOSE(r.layers[0].weight_crest_ratio, want, 1e-5);
    /* a batch shares nothing: every sample has matrices of its own, one after the other */
    CHECK(r.layers[0].weight_symbols == N_IN);
    CHECK_CLOSE(r.layers[0].latency_seconds, 10 * H * (D * 1e-9 + 1e-8), 1e-12);
    CHECK(aj_energy_boundary(&r.energy, AJ_SYSTEM) > 0);
    aj_evaluation_destroy(&r);
    aj_hardware_destroy(parts);
    aj_dataset_close(dataset);
    aj_model_destroy(model);
    aj_context_destroy(context);
    free(bytes);
}

/* ---- the law --------------------------------------------------------------------------------------------
 */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov-Smirnov distance of two samples of N_COPIES. */
static double distance(float *a, float *b)
{
    double largest = 0;
    qsort(a, N_COPIES, sizeof *a, by_value);
    qsort(b, N_COPIES, sizeof *b, by_value);
    for (size_t i = 0, j = 0; i < N_COPIES && j < N_COPIES;) {
        float at = a[i] < b[j] ? a[i] : b[j];
        while (i < N_COPIES && a[i] <= at) i++;
        while (j < N_COPIES && b[j] <= at) j++;
        largest = fmax(largest, fabs((double)i - (double)j) / N_COPIES);
    }
    return largest;
}

/* Mean and variance of every score over equal samples: (a^2 |x|^2 + b^2 |w|^2) / (4 eta a^2 b^2) with
 * a^2 = n D / 2 |x|^2 and b^2 = n D T / 2 |W|^2 of this very matrix.  A mean of 4,000 is off by 5 of its
 * deviations once in 10^6; their pooled variances by 2.5 % at 4.7 deviations (0.53 %). */
static void check_law(const char *what, const float *x, const float *y, double photons)
{
    double pooled = 0;
    for (size_t k = 0; k < N_SCORES; k++) {
        size_t h = k / (T * T), i = k / T % T, j = k % T;
        const float *head = x + h * T * D, *xi = head + i * D, *wj = head + j * D;
        double a2 = photons * D / 2 / dot(xi, xi, D), b2 = photons * D * T / 2 / dot(head, head, T * D);
        double want = (a2 * dot(xi, xi, D) + b2 * dot(wj, wj, D)) / (4 * 0.8 * a2 * b2);
        double sum = 0, squares = 0, exact = dot(xi, wj, D);
        for (size_t s = 0; s < N_COPIES; s++) {
            double off = (double)y[s * N_SCORES + k] - exact;
            sum += off;
            squares += off * off;
        }
        CHECK_NEAR(sum / N_COPIES, 0, 5 * sqrt(want / N_COPIES));
        CHECK_NEAR(squares / N_COPIES / want, 1, 0.15);
        pooled += squares / N_COPIES / want / N_SCORES;
    }
    printf("%s: variance over that of the law %.4f\n", what, pooled);
    CHECK_NEAR(pooled, 1, 0.025);
}

static void law(const float *x, const char *set)
{
    static float fast[N_COPIES * N_SCORES], slow[N_COPIES * N_SCORES], a[N_COPIES], b[N_COPIES];
    static const struct {
        const char *photons, *tile_cols;
    } cases[] = {{"6", NULL}, {"0.5", NULL}, {"6", "3"}};
    for (size_t c = 0; c < 3; c++) {
        task t = {.set = set, .photons = cases[c].photons, .tile_cols = cases[c].tile_cols, .n_threads = 2};
        aj_evaluation r = evaluate(&t, fast);
        aj_evaluation_destroy(&r);
        t.reference = true;
        r = evaluate(&t, slow);
        aj_evaluation_destroy(&r);
        check_law("fast", x, fast, atof(cases[c].photons));
        check_law("reference", x, slow, atof(cases[c].photons));
        for (size_t k = 0; k < N_SCORES; k++) {
            for (size_t s = 0; s < N_COPIES; s++) {
                a[s] = fast[s * N_SCORES + k];
                b[s] = slow[s * N_SCORES + k];
            }
            /* decoded counts: the two decoders round differently in the last bit */
            for (size_t s = 0; s < N_COPIES; s++) {
                a[s] = roundf(a[s] * 1e4f) / 1e4f;
                b[s] = roundf(b[s] * 1e4f) / 1e4f;
            }
            CHECK(distance(a, b) < 0.0436); /* one in 1,000 of equal laws for one of them: 1.95 sqrt(2/n) */
        }
    }
}

/* ---- places of random numbers ---------------------------------------------------------------------------
 */

static void own_noise(const char *set)
{
    static float y[N_COPIES * N_SCORES];
    task t = {.set = set, .photons = "50", .n_threads = 1};
    aj_evaluation r = evaluate(&t, y);
    aj_evaluation_destroy(&r);
    size_t heads = 0, samples = 0, rows = 0;
    for (size_t s = 0; s + 1 < N_COPIES; s++)
        for (size_t k = 0; k < T * T; k++) {
            heads += y[s * N_SCORES + k] == y[s * N_SCORES + T * T + k];
            samples += y[s * N_SCORES + k] == y[(s + 1) * N_SCORES + k];
        }
    for (size_t s = 0; s < N_COPIES; s++) /* of a symmetric matrix with rows of equal length */
        rows += y[s * N_SCORES + 1] == y[s * N_SCORES + T];
    CHECK(heads < N_COPIES * T * T / 5 && samples < N_COPIES * T * T / 5 && rows < N_COPIES / 5);
}

static void same_bits(const char *set)
{
    static float first[N_MIXED * N_IN], y[N_MIXED * N_IN];
    static const task ways[] = {{.photons = "3"},
                                {.photons = "3", .tile_cols = "3", .gain = "row"},
                                {.photons = "3", .phase = "0.2", .swing = "2mV"}};
    static const size_t chunks[] = {7, 1, 7, 64};
    static const aj_isa isas[] = {AJ_ISA_AUTO, AJ_ISA_AVX512, AJ_ISA_AVX2, AJ_ISA_SCALAR};
    for (size_t w = 0; w < 3; w++) {
        char *want = NULL;
        for (unsigned c = 0; c < 4; c++) {
            if (c > 0 && !aj_isa_supported(isas[c])) continue;
            task t = ways[w];
            t.set = set;
            t.both = true;
            t.n_threads = c % 3 + 1;
            t.chunk = chunks[c];
            t.isa = isas[c];
            aj_evaluation r = evaluate(&t, c == 0 ? first : y);
            if (t.swing != NULL) CHECK(r.layers[0].clipped_ratio > 0.0 && r.layers[0].clipped_ratio < 1.0);
            char *text = NULL;
            CHECK_OK(aj_evaluation_to_json(&r, 0, &text, &err), err);
            aj_evaluation_destroy(&r);
            if (c == 0) {
                want = text;
                continue;
            }
            CHECK(memcmp(first, y, sizeof y) == 0);
            CHECK_STRING(text, want);
            aj_text_free(text);
        }
        aj_text_free(want);
    }
}

int main(void)
{
    static float copies[N_COPIES * N_IN], mixed[N_MIXED * N_IN];
    char equal[512], set[512], twins[512];
    draw(mixed, N_MIXED * N_IN, 5);
    draw(copies, N_IN, 8);
    for (size_t s = 1; s < N_COPIES; s++) memcpy(copies + s * N_IN, copies, N_IN * sizeof *copies);
    snprintf(equal, sizeof equal, "%s", write_set("equal.npy", copies, N_COPIES));
    snprintf(set, sizeof set, "%s", write_set("mixed.npy", mixed, N_MIXED));
    counted(set);
    crests(mixed, set);
    law(copies, equal);
    same_bits(set);
    for (size_t s = 0; s < N_COPIES; s++)
        memcpy(copies + s * N_IN + T * D, copies + s * N_IN, T * D * sizeof *copies);
    snprintf(twins, sizeof twins, "%s", write_set("twins.npy", copies, N_COPIES));
    own_noise(twins);
    fixture_remove();
    return check_report();
}
