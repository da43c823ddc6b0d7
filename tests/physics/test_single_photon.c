/* `single_photon`: shares of clicks against the slow reference and the closed form, what it refuses, and its
 * events.
 *
 * Power. 20,000 reads of 5 outputs: a share of clicks has a standard error below 0.0036 at one shot; the
 * limit of 5 of them is met by a click probability wrong by 5 % at every output above 0.4. */
#include "fixture.h"
#include "simulate/study.h"

enum { COLS = 24, ROWS = 5, DRAWS = 20000, CHUNK = 500, MOST = 11 };

typedef struct {
    const char *preset;
    const char *set[4][2];
    double shots, efficiency, dark, unit; /* as set */
} click_case;

static const click_case cases[] = {
    {"ma-2023", {{"shots", "1"}, {"last_layer", "clicks"}}, 1, 1, 0, 1},
    {"ma-2023",
     {{"shots", "3"}, {"quantum_efficiency_ratio", "0.6"}, {"last_layer", "clicks"}},
     3,
     0.6,
     0,
     1},
    {"ma-2023-incoherent",
     {{"shots", "1"}, {"dark_click_ratio", "0.1"}, {"last_layer", "clicks"}},
     1,
     1,
     0.1,
     1},
    {"ma-2023-incoherent",
     {{"shots", "10"}, {"unit_photons", "0.4"}, {"last_layer", "clicks"}},
     10,
     1,
     0,
     0.4},
};

static aj_model *network(aj_context *context, const char *path, const float *weights, const float *bias,
                         const char *activation, size_t n_layers)
{
    aj_error err = {0};
    const size_t widths[3] = {COLS, ROWS, ROWS};
    float second[ROWS * ROWS] = {0.0f};
    for (size_t i = 0; i < ROWS; i++) second[i * ROWS + i] = 1.0f; /* the last layer shows the first */
    const float *both[2] = {weights, second}, *biases[2] = {bias, NULL};
    aj_dense_network dense = {n_layers, widths, both, biases, activation, 0.0f, NULL};
    aj_model *model = NULL;
    CHECK_OK(aj_dense_network_save(context, &dense, path, &err), err);
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    if (model == NULL) exit(1);
    return model;
}

typedef struct {
    aj_hardware *hardware;
    ajp_study *study;
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_reader reader;
    ajp_workspace *workspace;
} bench;

static void open_bench(bench *b, aj_context *context, const aj_model *model, const click_case *c)
{
    aj_error err = {0};
    *b = (bench){0};
    CHECK_OK(aj_hardware_load(&b->hardware, context, c->preset, &err), err);
    for (size_t i = 0; i < 4 && c->set[i][0] != NULL; i++)
        CHECK_OK(aj_hardware_set(b->hardware, c->set[i][0], c->set[i][1], &err), err);
    CHECK_OK(aj_hardware_check(b->hardware, &err), err);
    CHECK_OK(ajp_study_create(&b->study, context, model, NULL, CHUNK, &err), err);
    CHECK_OK(ajp_mapping_create(&b->mapping, b->study, b->hardware, NULL, &err), err);
    CHECK_OK(ajp_trial_freeze(&b->trial, &b->mapping, 7, 0, &err), err);
    CHECK_OK(ajp_reader_init(&b->reader, &b->mapping, CHUNK, false, false, &err), err);
    CHECK_OK(ajp_workspace_create(&b->workspace, b->study->plan, &err), err);
}

static void close_bench(bench *b)
{
    ajp_workspace_destroy(b->workspace);
    ajp_reader_free(&b->reader);
    ajp_trial_destroy(&b->trial);
    ajp_mapping_destroy(&b->mapping);
    ajp_study_destroy(b->study);
    aj_hardware_destroy(b->hardware);
}

/* How often each share of clicks was read, of output i. */
static void check_shares(const click_case *c, const double *fast, const double *slow, double z)
{
    bool coherent = strcmp(c->preset, "ma-2023") == 0;
    double photons = c->unit * c->efficiency * (coherent ? z * z : fabs(z));
    double p = 1.0 - (1.0 - c->dark) * exp(-photons), sign = !coherent && z < 0.0 ? -1.0 : 1.0;
    for (int k = 0; k <= (int)c->shots; k++) {
        double want = 0.0, n = c->shots; /* binomial */
        want = exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0)) * pow(p, k) * pow(1.0 - p, n - k);
        int found[2] = {0, 0};
        for (int d = 0; d < DRAWS; d++) {
            found[0] += fabs(fast[d] - sign * k / n) < 1e-6;
            found[1] += fabs(slow[d] - sign * k / n) < 1e-6;
        }
        double error = sqrt(want * (1.0 - want) / DRAWS);
        for (int side = 0; side < 2; side++)
            CHECK_NEAR(found[side] / (double)DRAWS, want, 5.0 * error + 1e-9);
    }
}

static void run_case(aj_context *context, const click_case *c, size_t number)
{
    aj_error err = {0};
    float weights[ROWS * COLS], *inputs = malloc(CHUNK * COLS * sizeof(float)),
                                *outputs = malloc(CHUNK * ROWS * sizeof(float));
    double *fast = malloc(ROWS * DRAWS * sizeof(double)), *slow = malloc(ROWS * DRAWS * sizeof(double)),
           y[ROWS];
    ajp_draws draws;
    ajp_draws_init(&draws, 8, number);
    for (size_t i = 0; i < ROWS * COLS; i++) weights[i] = (float)(0.3 * ajp_draw_normal(&draws));
    for (size_t j = 0; j < COLS; j++) inputs[j] = (float)ajp_draw_uniform(&draws);
    for (size_t i = 1; i < CHUNK; i++) memcpy(inputs + i * COLS, inputs, COLS * sizeof(float));
    aj_model *model = network(context, fixture_path("clicks.onnx"), weights, NULL, "Relu", 1);
    bench b;
    open_bench(&b, context, model, c);
    CHECK(b.mapping.products[0].on_hardware);
    for (size_t first = 0; first < DRAWS; first += CHUNK) {
        const ajp_product_hook *hook = ajp_reader_hook(&b.reader, &b.trial, first);
        CHECK_OK(ajp_plan_run(b.study->plan, b.workspace, inputs, CHUNK, outputs, hook, NULL, &err), err);
        for (size_t i = 0; i < CHUNK * ROWS; i++)
            fast[i % ROWS * DRAWS + first + i / ROWS] = (double)outputs[i];
    }
    for (size_t d = 0; d < DRAWS; d++) {
        CHECK_OK(
            b.mapping.ops->reference(b.mapping.params, &b.trial.products[0].request, inputs, &draws, y, &err),
            err);
        for (size_t i = 0; i < ROWS; i++) slow[i * DRAWS + d] = y[i];
    }
    for (size_t i = 0; i < ROWS; i++) {
        double z = 0.0;
        for (size_t j = 0; j < COLS; j++) z += (double)weights[i * COLS + j] * (double)inputs[j];
        check_shares(c, fast + i * DRAWS, slow + i * DRAWS, z);
    }
    /* the limit of many shots is the probability, without noise and without sign */
    CHECK_OK(aj_hardware_set(b.hardware, "shots", "none", &err), err);
    close_bench(&b);
    click_case many = *c;
    many.set[0][1] = "none";
    open_bench(&b, context, model, &many);
    const ajp_product_hook *hook = ajp_reader_hook(&b.reader, &b.trial, 0);
    CHECK_OK(ajp_plan_run(b.study->plan, b.workspace, inputs, 2, outputs, hook, NULL, &err), err);
    CHECK_OK(
        b.mapping.ops->reference(b.mapping.params, &b.trial.products[0].request, inputs, &draws, y, &err),
        err);
    for (size_t i = 0; i < ROWS; i++) {
        CHECK_NEAR((double)outputs[i], y[i], 1e-5);
        CHECK(outputs[i] == outputs[ROWS + i]);
    }
    close_bench(&b);
    aj_model_destroy(model);
    free(inputs);
    free(outputs);
    free(fast);
    free(slow);
}

/* Where clicks are no activation the product runs digitally and says why. */
static void test_refused(aj_context *context)
{
    float weights[ROWS * COLS] = {0.1f}, bias[ROWS] = {0.2f};
    const click_case c = {"ma-2023", {{"shots", "1"}}, 1, 1, 0, 1},
                     all = {"ma-2023", {{"last_layer", "clicks"}}, 1, 1, 0, 1};
    bench b;
    aj_model *model = network(context, fixture_path("bias.onnx"), weights, bias, "Relu", 2);
    open_bench(&b, context, model, &c);
    CHECK(!b.mapping.products[0].on_hardware);
    CHECK_CONTAINS(b.mapping.products[0].why_not, "bias");
    CHECK_CONTAINS(b.mapping.products[1].why_not, "last_layer");
    close_bench(&b);
    aj_model_destroy(model);
    model = network(context, fixture_path("sigmoid.onnx"), weights, NULL, "Sigmoid", 2);
    open_bench(&b, context, model, &c);
    CHECK(!b.mapping.products[0].on_hardware);
    CHECK_CONTAINS(b.mapping.products[0].why_not, "another");
    close_bench(&b);
    aj_model_destroy(model);
    model = network(context, fixture_path("plain.onnx"), weights, NULL, "Relu", 2);
    open_bench(&b, context, model, &all);
    CHECK(b.mapping.products[0].on_hardware && b.mapping.products[1].on_hardware);
    close_bench(&b);
    aj_model_destroy(model);
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "ma-2023", &err), err);
    CHECK_OK(aj_hardware_set(hardware, "shots", "2.5", &err), err);
    CHECK(aj_hardware_check(hardware, &err) == AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "shots");
    aj_hardware_destroy(hardware);
}

static void test_events(aj_context *context)
{
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "ma-2023", &err), err);
    const char *const set[][2] = {{"shots", "3"},
                                  {"tile_rows", "64"},
                                  {"clock_hertz", "1e6"},
                                  {"readout_seconds", "2us"},
                                  {"receiver_energy_joules", "1pJ"},
                                  {"input_symbol_joules", "2pJ"},
                                  {"weight_symbol_joules", "0"}};
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++)
        CHECK_OK(aj_hardware_set(hardware, set[i][0], set[i][1], &err), err);
    const ajp_hardware_ops *ops = ajp_hardware_get_ops(hardware);
    ajp_product_work fc = {.product = {.name = "fc", .rows = 100, .cols = 784, .reps = 1}};
    ajp_workload work = {.products = &fc, .n_products = 1, .batch = 4};
    ajp_product_account per;
    CHECK_OK(ops->account(ajp_hardware_get_params(hardware), &work, 0, &per, &err), err);
    CHECK_CLOSE(per.samples, 300.0, 1e-12);
    CHECK_CLOSE(per.input_symbols, 1568.0, 1e-12);
    CHECK_CLOSE(per.busy_seconds, 6e-6, 1e-12);
    CHECK_CLOSE(per.latency_seconds, 4.0 * (6e-6 + 4e-6), 1e-12);
    CHECK_CLOSE(per.energy.cause_joules[AJ_CAUSE_RECEIVER], 300e-12, 1e-12);
    CHECK_CLOSE(per.energy.cause_joules[AJ_CAUSE_MODULATOR], 1568.0 * 2e-12, 1e-12);
    CHECK(isnan(per.photons_incident) && isnan(per.energy.cause_joules[AJ_CAUSE_LASER]));
    aj_hardware_destroy(hardware);
}

int main(void)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) run_case(context, &cases[i], i);
    test_refused(context);
    test_events(context);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}
