/* The mzi_mesh family: its fast law against the slow read by moments and Kolmogorov-Smirnov, its limits, one
 * budget of light for noise and laser, what self-configuration gives, and refusals. */
#include "mesh_case.h"

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double two_samples(double *a, double *b, size_t n)
{
    qsort(a, n, sizeof *a, ascending);
    qsort(b, n, sizeof *b, ascending);
    double worst = 0.0;
    for (size_t i = 0, j = 0; i < n && j < n;) {
        double at = a[i] < b[j] ? a[i] : b[j];
        while (i < n && a[i] == at) i++;
        while (j < n && b[j] == at) j++;
        worst = fmax(worst, fabs((double)i - (double)j) / (double)n);
    }
    return worst;
}

typedef struct {
    double mean, variance;
} moments;
static moments find_moments(const double *x, size_t n)
{
    moments m = {aj_sum(x, n) / (double)n, 0.0};
    for (size_t i = 0; i < n; i++) m.variance += (x[i] - m.mean) * (x[i] - m.mean) / (double)(n - 1);
    return m;
}

enum { ROWS = 6, COLS = 9, DRAWS = 4000 };
typedef struct {
    const char *name;
    const char *set[8][2];
    double most_variance_off; /* beyond chance, relative */
} law_case;

/* Everything frozen is the same for both sides; 4,000 reads a side see 5 % of a standard deviation in a mean
 * (5 standard errors are 11 %), 13 % in a variance, and distances of 0.055 with a chance of 1 in 10,000 a
 * comparison. */
static void compare_law(const law_case *l)
{
    static double fast[ROWS][DRAWS], slow[ROWS][DRAWS];
    mesh_case c;
    case_open(&c, "shen-2017", ROWS, COLS);
    for (size_t i = 0; i < 8 && l->set[i][0] != NULL; i++) case_set(&c, l->set[i][0], l->set[i][1]);
    case_freeze(&c);
    ajp_draws of_fast, of_slow;
    ajp_draws_init(&of_fast, 51, 0);
    ajp_draws_init(&of_slow, 52, 0);
    for (size_t d = 0; d < DRAWS; d++) {
        double y[ROWS];
        case_fast(&c, &of_fast, y);
        for (size_t row = 0; row < ROWS; row++) fast[row][d] = y[row];
        case_slow(&c, &of_slow, y);
        for (size_t row = 0; row < ROWS; row++) slow[row][d] = y[row];
    }
    double ratio_sum = 0.0, worst = 0.0;
    for (size_t row = 0; row < ROWS; row++) {
        moments f = find_moments(fast[row], DRAWS), s = find_moments(slow[row], DRAWS);
        CHECK_NEAR(f.mean, s.mean, 5.0 * sqrt((f.variance + s.variance) / DRAWS) + 1e-9);
        CHECK_CLOSE(f.variance, s.variance, 5.0 * sqrt(4.0 / DRAWS) + l->most_variance_off);
        ratio_sum += f.variance / s.variance / ROWS;
        if (l->most_variance_off == 0.0) worst = fmax(worst, two_samples(fast[row], slow[row], DRAWS));
    }
    CHECK_NEAR(ratio_sum, 1.0, 5.0 * sqrt(4.0 / DRAWS / ROWS) + 0.1 * l->most_variance_off);
    CHECK(worst < 0.055);
    printf("%-28s variance ratio %.3f, distance %.3f\n", l->name, ratio_sum, worst);
    case_close(&c);
}

static void test_laws(void)
{
    static const law_case cases[] = {
        {"detection", {{"detection_noise_ratio", "0.02"}}, 0.0},
        {"photons",
         {{"detection_noise_ratio", "0"}, {"photons_per_mac", "40"}, {"path_transmission_ratio", "0.5"}},
         0.0},
        {"photons, little oscillator",
         {{"detection_noise_ratio", "0"},
          {"photons_per_mac", "200"},
          {"path_transmission_ratio", "0.5"},
          {"signal_share_ratio", "0.9"},
          {"quantum_efficiency_ratio", "0.7"}},
         0.0},
        {"lossy, imperfect, corrected",
         {{"photons_per_mac", "100"},
          {"path_transmission_ratio", "0.3"},
          {"mzi_transmission_ratio", "0.5dB"},
          {"column_transmission_ratio", "0.1dB"},
          {"splitter_error_radians", "0.05"},
          {"self_configuration", "yes"},
          {"phase_error_radians", "0.05"},
          {"mesh", "clements"}},
         0.0},
        {"blocks of their own scale",
         {{"photons_per_mac", "100"}, {"path_transmission_ratio", "0.3"}, {"weight_scale", "block"}},
         0.0},
        {"converters",
         {{"photons_per_mac", "100"},
          {"path_transmission_ratio", "0.3"},
          {"adc_kind", "mid_tread"},
          {"adc_bits", "8"},
          {"dac_kind", "mid_rise"},
          {"dac_bits", "5"}},
         0.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) compare_law(&cases[i]);
}

/* Jitter of phases is told to first order, for weights and inputs that spread over the mesh: single rows may
 * be off by a third, the mean over rows by 10 %. */
static void test_jitter(void)
{
    enum { N = 16, READS = 600 };
    for (int kind = 0; kind < 2; kind++) {
        mesh_case c;
        case_open(&c, "shen-2017", N, N);
        case_set(&c, "array_ports", "16");
        case_set(&c, "mesh", kind == 0 ? "clements" : "reck");
        case_set(&c, "detection_noise_ratio", "0");
        case_set(&c, "phase_error_radians", "0");
        case_set(&c, "phase_noise_radians", "0.03");
        case_freeze(&c);
        ajp_draws draws;
        ajp_draws_init(&draws, 53, 0);
        static double slow[N][READS];
        for (size_t d = 0; d < READS; d++) {
            double y[N];
            case_slow(&c, &draws, y);
            for (size_t row = 0; row < N; row++) slow[row][d] = y[row];
        }
        const ajp_plane *p = &c.frozen.planes[0];
        double ratio = 0.0, gain_up = 0.0, gain_down = 0.0;
        for (size_t row = 0; row < N; row++) {
            moments s = find_moments(slow[row], READS);
            double variance = 0.0, mean = 0.0;
            for (size_t j = 0; j < N; j++) {
                variance += (double)p->second_weights[row * N + j] * (double)c.x[j] * (double)c.x[j];
                mean += (double)p->weights[row * N + j] * (double)c.x[j];
            }
            CHECK_NEAR(s.variance / variance, kind == 0 ? 1.0 : 1.5, kind == 0 ? 0.5 : 1.0);
            CHECK_NEAR(s.mean, mean, 5.0 * sqrt(s.variance / READS));
            gain_up += s.mean * mean;
            gain_down += mean * mean;
            ratio += s.variance / variance / N;
        }
        /* singular values fall from port 0 on, where a triangle is deepest */
        CHECK_NEAR(ratio, kind == 0 ? 1.0 : 1.28, 0.12);
        CHECK_NEAR(gain_up / gain_down, 1.0, 0.006); /* the mean amplitude falls by 1.4 % */
        printf("jitter: variance %.3f of the law, amplitude %.4f\n", ratio, gain_up / gain_down);
        case_close(&c);
    }
}

/* Nothing wrong: the network's own weights and inputs, and a slow read that is exact. */
static void test_perfect(void)
{
    mesh_case c;
    case_open(&c, "shen-2017", ROWS, COLS);
    case_set(&c, "detection_noise_ratio", "0");
    case_set(&c, "phase_error_radians", "0");
    case_freeze(&c);
    CHECK(c.frozen.planes[0].weights == NULL && c.frozen.planes[0].noise == AJP_NOISE_NONE);
    CHECK(isinf(c.frozen.encoding.full_scale));
    ajp_draws draws;
    ajp_draws_init(&draws, 54, 0);
    double y[ROWS];
    case_slow(&c, &draws, y);
    for (size_t row = 0; row < ROWS; row++) CHECK_NEAR(y[row], case_exact(&c, row), 1e-12);
    /* errors that are as good as none: the matrix comes back from its phases */
    const char *const meshes[] = {"clements", "reck"};
    for (int kind = 0; kind < 2; kind++) {
        case_set(&c, "phase_error_radians", "1e-12");
        case_set(&c, "mesh", meshes[kind]);
        case_freeze(&c);
        CHECK(c.frozen.planes[0].weights != NULL);
        for (size_t i = 0; i < ROWS * COLS; i++)
            CHECK_NEAR((double)c.frozen.planes[0].weights[i], (double)c.weights[i], 1e-6);
    }
    case_close(&c);
}

static double matrix_error(const mesh_case *c)
{
    double error = 0.0, size = 0.0;
    size_t n = c->request.product.rows * c->request.product.cols;
    for (size_t i = 0; i < n; i++) {
        double w = (double)c->weights[i], d = (double)c->frozen.planes[0].weights[i] - w;
        error += d * d;
        size += w * w;
    }
    return sqrt(error / size);
}

/* Errors of the matrix.  A real matrix needs real interferometers, and there the error of a coupler is in
 * quadrature to the light: what is read is wrong to second order, with and without correction, and correction
 * is better.  Of phases, one half of what thetas do is read (two meshes of n (n - 1)/2), and the attenuators
 * (1 - s^2)/(4 s^2) each. */
static void test_matrix_errors(void)
{
    mesh_case c;
    case_open(&c, "shen-2017", 64, 64);
    case_set(&c, "array_ports", "16");
    case_set(&c, "mesh", "clements");
    case_set(&c, "weight_scale", "block");
    case_set(&c, "detection_noise_ratio", "0");
    case_set(&c, "phase_error_radians", "0");
    static const char *const words[] = {"no", "yes", "real"};
    double found[3][2];
    for (int k = 0; k < 2; k++)
        for (int how = 0; how < 3; how++) {
            case_set(&c, "splitter_error_radians", k == 0 ? "0.01" : "0.02");
            case_set(&c, "self_configuration", words[how]);
            case_freeze(&c);
            found[how][k] = matrix_error(&c);
        }
    for (int how = 0; how < 3; how++)
        printf("16 ports, correction %-4s: couplers 0.01 %.5f, 0.02 %.5f\n", words[how], found[how][0],
               found[how][1]);
    CHECK_CLOSE(found[0][1] / found[0][0], 4.0, 0.1);
    CHECK_CLOSE(found[1][1] / found[1][0], pow(2.0, 1.5), 0.15);
    CHECK_CLOSE(found[2][1] / found[2][0], pow(2.0, 2.5), 0.4);
    CHECK(found[2][0] < 0.3 * found[0][0]);
    CHECK(found[0][0] < 0.2 * sqrt(2.0 * 15.0) * 0.01); /* far below the complex matrix's error */
    case_set(&c, "splitter_error_radians", "0");
    case_set(&c, "phase_error_radians", "0.01");
    case_freeze(&c);
    /* |M|_F^2 = 16 s_max^2 / 3.7 for a normal block of 16 */
    CHECK_CLOSE(matrix_error(&c), sqrt(0.5 * 15.0 + 0.25 * 2.7) * 0.01, 0.06);
    printf("phases 0.01: %.4f\n", matrix_error(&c));
    /* many that are out of reach: what is left must not add up in one direction */
    case_set(&c, "array_ports", "64");
    case_set(&c, "phase_error_radians", "0");
    case_set(&c, "splitter_error_radians", "0.03");
    for (int how = 0; how < 3; how++) {
        case_set(&c, "self_configuration", words[how]);
        case_freeze(&c);
        found[how][0] = matrix_error(&c);
        printf("64 ports, correction %-4s: couplers 0.03 %.4f\n", words[how], found[how][0]);
    }
    CHECK(found[2][0] < 0.35 * found[0][0] && found[2][0] < 0.35 * found[1][0]);
    /* ten outputs of 64: the rest of the mesh is left to the decomposition, and light crosses most of it */
    case_set(&c, "splitter_error_radians", "0.05");
    c.request.product.rows = 10;
    case_freeze(&c);
    printf("10 of 64 ports, correction real: couplers 0.05 %.4f\n", matrix_error(&c));
    CHECK(matrix_error(&c) < 0.5); /* all to one side: 1.06 */
    case_close(&c);
}

/* What is frozen is a function of its place: of seed, trial, layer and tile, and of nothing else. */
static void test_places(void)
{
    mesh_case c;
    case_open(&c, "shen-2017", ROWS, COLS);
    case_freeze(&c);
    float kept[ROWS * COLS];
    memcpy(kept, c.frozen.planes[0].weights, sizeof kept);
    case_freeze(&c);
    CHECK(memcmp(kept, c.frozen.planes[0].weights, sizeof kept) == 0);
    for (int what = 0; what < 4; what++) {
        ajp_freeze_request before = c.request;
        if (what == 0) c.request.trial = 1;
        if (what == 1) c.request.seed = 2;
        if (what == 2) c.request.product.layer = 1;
        if (what == 3) c.request.first_tile = 3;
        case_freeze(&c);
        size_t n_same = 0;
        for (size_t i = 0; i < ROWS * COLS; i++) n_same += kept[i] == c.frozen.planes[0].weights[i];
        CHECK(n_same < ROWS * COLS / 4);
        c.request = before;
    }
    /* with what all trials share made before: the same bits */
    case_freeze(&c);
    CHECK_OK(c.ops->prepare(c.params, &c.request, &c.arena, &c.request.cache, &c.err), c.err);
    case_freeze(&c);
    CHECK(memcmp(kept, c.frozen.planes[0].weights, sizeof kept) == 0);
    /* and it holds for other errors, but for no other mesh */
    static const char *const others[][2] = {{"phase_error_radians", "0.1"}, {"mesh", "clements"}};
    for (int k = 0; k < 2; k++) {
        aj_hardware *other = NULL;
        CHECK_OK(aj_hardware_clone(&other, c.hardware, &c.err), c.err);
        CHECK_OK(aj_hardware_set(other, others[k][0], others[k][1], &c.err), c.err);
        CHECK(c.ops->same_preparation(c.params, ajp_hardware_get_params(other)) == (k == 0));
        aj_hardware_destroy(other);
    }
    case_close(&c);
}

/* Equal blocks above and beside each other are different chips. */
static void test_blocks(void)
{
    mesh_case c;
    case_open(&c, "shen-2017", 8, 8);
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++) c.weights[i * 8 + j] = c.weights[i % 4 * 8 + j % 4];
    case_freeze(&c);
    const float *w = c.frozen.planes[0].weights;
    for (size_t i = 0; i < 4; i++)
        CHECK(w[i * 9] != w[i * 9 + 4] && w[i * 9] != w[i * 9 + 32] && w[i * 9 + 4] != w[i * 9 + 32]);
    case_close(&c);
}

/* ---- one budget of light ---------------------------------------------------------------------------- */

typedef struct {
    double noise, laser, optical, launched, incident;
} light_seen;

static light_seen look(mesh_case *c)
{
    double squares[COLS];
    for (size_t j = 0; j < COLS; j++) squares[j] = 0.25;
    case_freeze(c);
    ajp_product_work product = {.product = c->request.product,
                                .calibration = ajp_calibration_none(),
                                .weights = c->weights,
                                .column_mean_squares = squares};
    ajp_workload work = {.products = &product, .n_products = 1, .batch = 1, .mode = AJP_MODE_THROUGHPUT};
    ajp_product_account account;
    CHECK_OK(c->ops->account(c->params, &work, 0, &account, &c->err), c->err);
    return (light_seen){c->frozen.planes[0].variance, account.energy.cause_joules[AJ_CAUSE_LASER],
                        account.energy.optical_joules, account.photons_launched, account.photons_incident};
}

static void test_light(void)
{
    mesh_case c;
    case_open(&c, "mzi-mesh", ROWS, COLS);
    case_set(&c, "adc_kind", "ideal");
    case_set(&c, "adc_bits", "none");
    case_set(&c, "adc_range", "max");
    case_set(&c, "array_ports", "4");
    case_set(&c, "mzi_transmission_ratio", "1");
    light_seen before = look(&c);
    /* by hand: 6 blocks; of 1000 photons a MAC and 16 MACs, signal and oscillators share as 10^-0.12 to 1 */
    double modulator = pow(10.0, -0.12), launched = 1000.0 * 16.0 / (0.25 * (modulator + 1.0));
    CHECK_CLOSE(before.launched, 6.0 * launched, 1e-12);
    CHECK_CLOSE(before.laser, 6.0 * launched * aj_photon_energy_joules(1550e-9) / 0.2, 1e-12);
    CHECK_CLOSE(before.noise, 1.0 / (4.0 * 0.8 * launched * 0.25 * modulator / 4.0), 1e-12);
    CHECK(before.incident < 6.0 * 16000.0 && before.incident > 6.0 * 16000.0 * 0.55);
    CHECK_CLOSE(before.optical, before.incident * aj_photon_energy_joules(1550e-9), 1e-12);
    /* a loss on the way changes both: the noise of what arrives, and the laser that must make up for it */
    const char *const losses[] = {"mzi_transmission_ratio", "column_transmission_ratio",
                                  "modulator_transmission_ratio", "oscillator_transmission_ratio"};
    for (size_t i = 0; i < 4; i++) {
        aj_parameter was;
        CHECK(aj_hardware_find(c.hardware, losses[i], &was));
        CHECK_OK(aj_hardware_set_number(c.hardware, losses[i], 0.7 * was.value, &c.err), c.err);
        light_seen after = look(&c);
        CHECK(after.laser > 1.01 * before.laser);
        CHECK(i == 3 ? after.noise < 0.99 * before.noise : after.noise > 1.01 * before.noise);
        CHECK_OK(aj_hardware_set_number(c.hardware, losses[i], was.value, &c.err), c.err);
    }
    case_set(&c, "mzi_transmission_ratio", "0.9"); /* of 4 ports: 3 on an average path of each mesh */
    light_seen lossy = look(&c);
    double through = pow(0.9, 6.0), launched2 = 16000.0 / (0.25 * (modulator * through + 1.0));
    CHECK_CLOSE(lossy.noise, 1.0 / (4.0 * 0.8 * launched2 * 0.25 * modulator * through / 4.0), 1e-12);
    case_set(&c, "mzi_transmission_ratio", "1");
    /* in front of both arms: more laser, the same light behind it */
    case_set(&c, "path_transmission_ratio", "0.25");
    light_seen after = look(&c);
    CHECK_CLOSE(after.laser, 2.0 * before.laser, 1e-12);
    CHECK_CLOSE(after.noise, before.noise, 1e-12);
    case_set(&c, "path_transmission_ratio", "0.5");
    case_set(&c, "photons_per_mac", "2000");
    after = look(&c);
    CHECK_CLOSE(after.noise, 0.5 * before.noise, 1e-12);
    CHECK_CLOSE(after.laser, 2.0 * before.laser, 1e-12);
    case_close(&c);
}

/* ---- account ---------------------------------------------------------------------------------------- */

static void test_events(void)
{
    mesh_case c;
    case_open(&c, "mzi-mesh", 40, 20); /* 3 x 2 blocks of 16 */
    c.request.product.reps = 5;
    double squares[20];
    for (size_t j = 0; j < 20; j++) squares[j] = 0.25;
    ajp_product_work product = {.product = c.request.product,
                                .digital_ops = 80.0,
                                .calibration = ajp_calibration_none(),
                                .weights = c.weights,
                                .column_mean_squares = squares};
    ajp_workload work = {.products = &product, .n_products = 1, .n_inputs = 20, .n_outputs = 40, .batch = 2};
    ajp_product_account account;
    CHECK_OK(c.ops->account(c.params, &work, 0, &account, &c.err), c.err);
    CHECK(account.input_symbols == 300.0 && account.samples == 400.0 && account.weight_symbols == 0.0);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_MODULATOR], 300.0 * 3.6e-12, 1e-12);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_DAC], 300.0 * 3.57e-12, 1e-12);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_ADC], 400.0 * 1.48e-12, 1e-12);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_RECEIVER], 400.0 * 1.04e-12, 1e-12);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_DIGITAL], (80.0 + 200.0) * 0.9e-12, 1e-12);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_PROGRAMMING], 6.0 * 528.0 * 60e-9 / 1e9, 1e-12);
    CHECK_CLOSE(account.busy_seconds, 5.0 / 5e9, 1e-12);
    CHECK_CLOSE(account.latency_seconds, 10.0 / 5e9 + 10e-9, 1e-12);
    /* four arrays for six blocks: two turns, and setting them for every batch of two */
    case_set(&c, "arrays", "4");
    CHECK_OK(c.ops->account(c.params, &work, 0, &account, &c.err), c.err);
    CHECK_CLOSE(account.busy_seconds, 10.0 / 5e9 + 2.0 * 2e-6 / 2.0, 1e-12);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_PROGRAMMING], 6.0 * 528.0 * 60e-9 / 2.0, 1e-12);
    case_set(&c, "column_pitch_meters", "200um");
    case_set(&c, "port_pitch_meters", "50um");
    CHECK_CLOSE(c.ops->area_square_meters(c.params), 4.0 * 256.0 * 2e-8, 1e-12);
    CHECK_CLOSE(c.ops->peak_macs_per_second(c.params), 4.0 * 256.0 * 5e9, 1e-12);
    double watts[AJ_N_CAUSES] = {0.0}, fixed[AJ_N_CAUSES] = {0.0};
    CHECK_OK(c.ops->reserved_watts(c.params, &work, watts, &c.err), c.err);
    case_set(&c, "heater_energy", "fixed");
    CHECK_OK(c.ops->reserved_watts(c.params, &work, fixed, &c.err), c.err);
    CHECK_CLOSE(fixed[AJ_CAUSE_TUNING], 4.0 * 528.0 * 0.03, 1e-12);
    printf("heaters by value %.3f of fixed\n", watts[AJ_CAUSE_TUNING] / fixed[AJ_CAUSE_TUNING]);
    CHECK(watts[AJ_CAUSE_TUNING] > 0.6 * fixed[AJ_CAUSE_TUNING] &&
          watts[AJ_CAUSE_TUNING] < 1.1 * fixed[AJ_CAUSE_TUNING]);
    /* half of the identity in two ports: every interferometer straight, theta = phi = pi; attenuators open */
    c.weights[0] = c.weights[3] = 0.5f;
    c.weights[1] = c.weights[2] = 0.0f;
    product.product.rows = product.product.cols = 2;
    case_set(&c, "array_ports", "2");
    case_set(&c, "heater_energy", "values");
    watts[AJ_CAUSE_TUNING] = 0.0;
    CHECK_OK(c.ops->reserved_watts(c.params, &work, watts, &c.err), c.err);
    CHECK_CLOSE(watts[AJ_CAUSE_TUNING], 0.03 * (2.0 * 2.0 + 2.0), 1e-9);
    case_close(&c);
}

/* ---- every key does something ------------------------------------------------------------------------ */

static double fold(double sum, double value)
{
    return isnan(value) || isinf(value) ? sum + 0.1234 : sum * 1.0000001 + value;
}

/* A number of everything that freeze, account and power say. */
static double fingerprint(mesh_case *c)
{
    double sum = 0.0, squares[COLS], watts[AJ_N_CAUSES] = {0.0};
    for (size_t j = 0; j < COLS; j++) squares[j] = 0.25;
    case_freeze(c);
    const ajp_plane *p = &c->frozen.planes[0];
    for (size_t i = 0; i < ROWS * COLS; i++) sum = fold(sum, (double)p->weights[i]);
    for (size_t i = 0; i < ROWS; i++) sum = fold(sum, (double)p->row_variance[i]);
    sum = fold(fold(fold(sum, p->variance * 1e3), p->relative_variance * 1e3), (double)p->second_weights[0]);
    const ajp_converter *converters[] = {&p->adc, &c->frozen.encoding.dac};
    for (size_t i = 0; i < 2; i++)
        sum = fold(fold(fold(sum, (double)converters[i]->low), (double)converters[i]->step),
                   converters[i]->bits);
    for (unsigned i = 0; i < p->adc.bits; i++) sum = fold(sum, (double)p->adc.sar_weights[i]);
    sum = fold(sum, c->frozen.encoding.full_scale);
    ajp_product_work product = {.product = c->request.product,
                                .calibration = c->request.calibration,
                                .weights = c->weights,
                                .column_mean_squares = squares};
    ajp_workload work = {.products = &product, .n_products = 1, .batch = 2, .mode = AJP_MODE_LATENCY};
    ajp_product_account account;
    CHECK_OK(c->ops->account(c->params, &work, 0, &account, &c->err), c->err);
    for (int i = 0; i < AJ_N_CAUSES; i++) sum = fold(sum, 1e13 * account.energy.cause_joules[i]);
    sum = fold(fold(sum, 1e9 * account.busy_seconds), 1e9 * account.latency_seconds);
    CHECK_OK(c->ops->reserved_watts(c->params, &work, watts, &c->err), c->err);
    for (int i = 0; i < AJ_N_CAUSES; i++) sum = fold(sum, watts[i]);
    return fold(fold(sum, c->ops->area_square_meters(c->params) * 1e6),
                c->ops->peak_macs_per_second(c->params) * 1e-9);
}

static void test_every_key(void)
{
    static double percentiles[][AJP_N_PERCENTILES] = {{1.0, 2.0, 3.0, 4.0, 5.0}};
    mesh_case c;
    case_open(&c, "mzi-mesh", ROWS, COLS);
    for (int i = 0; i < AJP_N_PERCENTILES; i++) c.request.calibration.input_percentile[i] = 1.0 + 0.5 * i;
    c.request.calibration.reading = percentiles;
    c.request.calibration.n_planes = 1;
    c.request.calibration.max_abs = 3.0;
    c.request.calibration.mean_sum_squares = 9.0;
    static const char *const base[][2] = {{"array_ports", "4"},
                                          {"splitter_error_radians", "0.2"},
                                          {"phase_noise_radians", "0.01"},
                                          {"crosstalk_decay_meters", "30um"},
                                          {"column_pitch_meters", "100um"},
                                          {"port_pitch_meters", "50um"},
                                          {"detection_noise_ratio", "0.01"},
                                          {"arrays", "4"},
                                          {"adc_kind", "sar"},
                                          {"sar_mismatch_ratio", "0.1"},
                                          {"dac_range", "calibrated"},
                                          {"inferences_per_programming", "100"}};
    for (size_t i = 0; i < sizeof base / sizeof base[0]; i++) case_set(&c, base[i][0], base[i][1]);
    double before = fingerprint(&c);
    CHECK(fingerprint(&c) == before);
    /* not by themselves: laws of energy and figures of merit want each other (tests of converters), and how
     * often phases are used matters where they stay */
    static const char *const elsewhere[] = {
        "adc_range_ratio",           "adc_energy_law", "adc_energy_bits", "adc_walden_joules_per_step",
        "adc_schreier_decibels",     "dac_energy_law", "dac_energy_bits", "weight_scale",
        "inferences_per_programming"};
    for (size_t k = 0; k < aj_hardware_n_parameters(c.hardware); k++) {
        aj_parameter p = aj_hardware_parameter(c.hardware, k);
        bool skip = strcmp(p.key, "digital_op_joules") == 0;
        if (skip) break; /* prices of every family follow */
        for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
            skip = skip || strcmp(p.key, elsewhere[i]) == 0;
        if (skip) continue;
        double other = p.word != NULL ? (p.value == 0.0 ? 1.0 : 0.0) : p.value * (p.value < 0.6 ? 1.5 : 0.75);
        if (strcmp(p.key, "array_ports") == 0 || strcmp(p.key, "arrays") == 0) other = p.value + 1.0;
        if (p.value == floor(p.value) && strcmp(p.unit, "bit") == 0) other = p.value + 1.0;
        if (strcmp(p.key, "adc_percentile_ratio") == 0) other = 0.99;
        if (strcmp(p.key, "dac_percentile_ratio") == 0) other = 0.99;
        CHECK_OK(aj_hardware_set_number(c.hardware, p.key, other, &c.err), c.err);
        if (aj_hardware_check(c.hardware, &c.err) != AJ_OK) { /* it says so itself */
            CHECK_CONTAINS(c.err.message, "changes nothing");
            CHECK_OK(aj_hardware_set_number(c.hardware, p.key, p.value, &c.err), c.err);
            continue;
        }
        double after = fingerprint(&c);
        if (after == before) fprintf(stderr, "'%s' changes nothing\n", p.key);
        CHECK(after != before);
        CHECK_OK(aj_hardware_set_number(c.hardware, p.key, p.value, &c.err), c.err);
    }
    case_close(&c);
}

/* ---- refusals ---------------------------------------------------------------------------------------- */

static void refused(const char *key, const char *text, const char *key2, const char *text2)
{
    mesh_case c;
    case_open(&c, "shen-2017", 4, 4);
    aj_status st = aj_hardware_set(c.hardware, key, text, &c.err);
    if (st == AJ_OK && key2 != NULL) st = aj_hardware_set(c.hardware, key2, text2, &c.err);
    if (st == AJ_OK) st = aj_hardware_check(c.hardware, &c.err);
    CHECK(st == AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(c.err.message, key);
    case_close(&c);
}

static void test_refusals(void)
{
    refused("photons_per_mac", "10", NULL, NULL);
    refused("crosstalk_decay_meters", "30um", NULL, NULL);
    refused("array_ports", "4.5", NULL, NULL);
    refused("array_ports", "1", NULL, NULL);
    refused("phase_bits", "2.5", NULL, NULL);
    refused("phase_noise_radians", "0.2", NULL, NULL);
    refused("weight_scale", "block", "adc_kind", "mid_tread");
    refused("mzi_transmission_ratio", "1.1", NULL, NULL);
    mesh_case c;
    case_open(&c, "shen-2017", 4, 4);
    const char *why = NULL;
    c.request.product.weights = AJP_OPERAND_DYNAMIC;
    CHECK(!c.ops->supports(c.params, &c.request.product, &why) && why != NULL);
    case_close(&c);
}

int main(void)
{
    test_laws();
    test_jitter();
    test_perfect();
    test_matrix_errors();
    test_places();
    test_blocks();
    test_light();
    test_events();
    test_every_key();
    test_refusals();
    return check_report();
}
