/* The Poisson reference of `homodyne` against closed forms, and the frozen law against the reference.
 * Power: 3,000 reads of 50 rows give the rms over rows to 0.2 % and a row's to 1.3 %; a coefficient wrong by
 * 5 % is 12 standard errors away. */
#include "homodyne_case.h"

enum { ROWS = 50, COLS = 100, DRAWS = 3000 };

static double rms(const double *variance, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += variance[i] / (double)n;
    return sqrt(sum);
}

static void test_sql(void)
{
    homodyne_case c;
    case_open(&c, "homodyne", ROWS, COLS);
    case_fill(&c, 0.5, 1);
    case_moments m = case_reference(&c, DRAWS, 1);
    double all = case_squares(c.weights, ROWS * COLS), x2 = case_squares(c.x, COLS);
    double sql = aj_sql_sigma(all, x2, ROWS, COLS, 1.0);
    CHECK_CLOSE(sql, sqrt(all) * sqrt(x2) / sqrt(COLS * ROWS * 1.0), 1e-12);
    CHECK_CLOSE(rms(m.variance, ROWS), sql, 0.02);
    double low = 10.0, high = 0.0;
    for (size_t i = 0; i < ROWS; i++) {
        double r = ROWS * case_squares(c.weights + i * COLS, COLS) / all, own = sql * sqrt(0.5 * (1.0 + r));
        CHECK_CLOSE(sqrt(m.variance[i]), own, 0.065); /* five standard errors */
        CHECK_NEAR(m.mean[i], case_exact(&c, i), 5.0 * own / sqrt((double)DRAWS));
        low = own / sql < low ? own / sql : low;
        high = own / sql > high ? own / sql : high;
    }
    CHECK(low < 0.8 && high > 1.5); /* no single row follows the published law */
    moments_free(&m);
    /* the published law: the same number for every row */
    ajp_frozen frozen;
    case_set(&c, "weight_gain", "published");
    m = case_frozen(&c, &frozen);
    for (size_t i = 0; i < ROWS; i++) CHECK_CLOSE(sqrt(m.variance[i]), sql, 1e-6);
    moments_free(&m);
    /* a gain a row: |A_i||x|/sqrt(N n) */
    case_set(&c, "weight_gain", "row");
    m = case_frozen(&c, &frozen);
    for (size_t i = 0; i < ROWS; i++)
        CHECK_CLOSE(sqrt(m.variance[i]), sqrt(case_squares(c.weights + i * COLS, COLS) * x2 / COLS), 1e-6);
    CHECK_CLOSE(frozen.nominal_photons, ROWS * COLS, 1e-12);
    moments_free(&m);
    case_compare(&c, 1000, 2);
    case_close(&c);
}

static void test_split(void)
{
    homodyne_case c;
    case_open(&c, "homodyne", ROWS, COLS);
    case_fill(&c, 0.3, 2);
    double sql = aj_sql_sigma(case_squares(c.weights, ROWS * COLS), case_squares(c.x, COLS), ROWS, COLS, 1.0);
    case_set(&c, "input_energy_share_ratio", "0.1");
    case_moments m = case_reference(&c, DRAWS, 3);
    CHECK_CLOSE(rms(m.variance, ROWS) / sql, 1.6667, 0.02);
    moments_free(&m);
    case_compare(&c, 500, 4);
    case_set(&c, "quantum_efficiency_ratio", "0.5");
    case_set(&c, "photons_per_mac", "0.2");
    case_set(&c, "input_energy_share_ratio", "0.7");
    case_compare(&c, 1000, 5);
    /* strong local oscillator: the weights' photons drop out, |A||x|/(2 sqrt(n_x)) */
    case_set(&c, "quantum_efficiency_ratio", "1");
    case_set(&c, "weight_gain", "row");
    case_set(&c, "photons_per_mac", "1e4");
    case_set(&c, "input_energy_share_ratio", "1e-4");
    ajp_frozen frozen;
    m = case_frozen(&c, &frozen);
    double strong = sqrt(case_squares(c.weights, COLS) * case_squares(c.x, COLS)) / (2.0 * sqrt(1.0 * COLS));
    CHECK_CLOSE(sqrt(m.variance[0]), strong, 1e-3);
    moments_free(&m);
    case_compare(&c, 500, 6);
    case_close(&c);
}

/* One pulse: the charge is a difference of two Poisson counts, known in closed form. */
static void skellam(const char *photons, double n, const char *phase, uint64_t stream)
{
    enum { N = 60000, REACH = 40 };
    homodyne_case c;
    case_open(&c, "homodyne", 1, 1);
    c.weights[0] = -2.0f;
    c.x[0] = 3.0f;
    case_set(&c, "photons_per_mac", photons);
    case_set(&c, "input_energy_share_ratio", "0.2");
    case_set(&c, "phase_offset_radians", phase);
    double alpha = sqrt(0.2 * n / 9.0), beta = sqrt(0.8 * n / 4.0),
           cross = 2.0 * sqrt(0.2 * 0.8) * n * cos(atof(phase));
    double plus = 0.5 * (n - cross), minus = 0.5 * (n + cross); /* a negative product */
    long counts[2 * REACH + 1] = {0};
    ajp_draws draws;
    ajp_draws_init(&draws, 4, stream);
    for (int d = 0; d < N; d++) {
        double y = 0.0;
        CHECK_OK(c.ops->reference(c.params, &c.request, c.x, &draws, &y, &c.err), c.err);
        double q = y * 2.0 * alpha * beta;
        CHECK_NEAR(q, round(q), 1e-9);
        counts[(int)round(q) + REACH]++;
    }
    double chi2 = 0.0, rest = 1.0;
    long left = N;
    int cells = 0;
    for (int k = -REACH; k <= REACH; k++) {
        double expected = N * aj_skellam_probability(k, plus, minus);
        if (expected < 10.0) continue;
        chi2 += ((double)counts[k + REACH] - expected) * ((double)counts[k + REACH] - expected) / expected;
        rest -= expected / N;
        left -= counts[k + REACH];
        cells++;
    }
    chi2 += ((double)left - rest * N) * ((double)left - rest * N) / (rest * N);
    /* Wilson-Hilferty quantile at 1e-4 */
    double k = cells, cube = 1.0 - 2.0 / (9.0 * k) + 3.719 * sqrt(2.0 / (9.0 * k));
    CHECK(cells >= 4);
    CHECK(chi2 < k * cube * cube * cube);
    case_close(&c);
}

static void test_phase(void)
{
    static const char *const kinds[] = {"pulse", "read", "layer"};
    for (int kind = 0; kind < 3; kind++) {
        homodyne_case c;
        case_open(&c, "homodyne", 4, 12);
        case_fill(&c, 0.3, 3);
        case_set(&c, "photons_per_mac", "1000");
        case_set(&c, "phase_offset_radians", "0.3");
        case_set(&c, "phase_noise_radians", "0.25");
        case_set(&c, "phase_correlation", kinds[kind]);
        case_moments m = case_reference(&c, 20000, 20 + (uint64_t)kind);
        double excess = aj_phase_excess_ratio(0.3, 0.25), mean = aj_phase_gain_ratio(0.3, 0.25);
        double x2 = case_squares(c.x, 12), all = case_squares(c.weights, 48);
        for (size_t i = 0; i < 4; i++) {
            double y = case_exact(&c, i), squares = 0.0, own = case_squares(c.weights + i * 12, 12);
            for (size_t j = 0; j < 12; j++)
                squares += pow((double)c.weights[i * 12 + j] * (double)c.x[j], 2.0);
            double shot = aj_homodyne_variance(500.0 * 12.0 / x2, 500.0 * 48.0 / all, x2, own, 1.0);
            double want = shot + excess * (kind == 0 ? squares : y * y);
            CHECK_CLOSE(m.variance[i], want,
                        0.08); /* cosines are skewed: kurtosis up to 12, 5 x sqrt(11/20000) */
            CHECK_NEAR(m.mean[i], mean * y, 5.0 * sqrt(want / 20000.0));
        }
        moments_free(&m);
        if (kind < 2) {
            ajp_frozen frozen;
            case_moments law = case_frozen(&c, &frozen);
            CHECK((frozen.excess_ratio > 0.0) == (kind == 0));
            CHECK((frozen.phase_sigma_radians > 0.0) == (kind == 1));
            for (size_t i = 0; i < 4; i++) CHECK_CLOSE(law.mean[i], mean * case_exact(&c, i), 1e-5);
            moments_free(&law);
            case_set(&c, "phase_noise_radians", "0.1");
            case_compare(&c, 3000, 30 + (uint64_t)kind);
        }
        case_close(&c);
    }
}

/* A layer's phase is the same for all its outputs; a read's is not. */
static void test_phase_is_shared(void)
{
    for (int layer = 0; layer < 2; layer++) {
        homodyne_case c;
        case_open(&c, "homodyne", 2, 6);
        case_fill(&c, 0.0, 4);
        for (int j = 0; j < 12; j++) c.weights[j] = fabsf(c.weights[j]);
        case_set(&c, "photons_per_mac", "1e6");
        case_set(&c, "phase_offset_radians", "0.5");
        case_set(&c, "phase_noise_radians", "0.1");
        case_set(&c, "phase_correlation", layer ? "layer" : "read");
        ajp_draws draws;
        ajp_draws_init(&draws, 5, 1);
        double sum = 0.0, e0 = case_exact(&c, 0), e1 = case_exact(&c, 1), v0 = 0.0, v1 = 0.0,
               mean = aj_phase_gain_ratio(0.5, 0.1);
        for (int d = 0; d < 2000; d++) {
            double y[2];
            CHECK_OK(c.ops->reference(c.params, &c.request, c.x, &draws, y, &c.err), c.err);
            double a = y[0] / e0 - mean, b = y[1] / e1 - mean;
            sum += a * b;
            v0 += a * a;
            v1 += b * b;
        }
        CHECK_NEAR(sum / sqrt(v0 * v1), layer ? 1.0 : 0.0, layer ? 0.01 : 0.12);
        /* the frozen law leaves that draw to the simulator */
        ajp_frozen frozen;
        CHECK_OK(c.ops->freeze(c.params, &c.request, &frozen, &c.err), c.err);
        CHECK(frozen.layer_phase_sigma_radians == (layer ? 0.1 : 0.0));
        double x2 = case_squares(c.x, 6), squares[2] = {x2, x2}, phases[2] = {0.0, 0.2};
        float law[4][2];
        ajp_sample_laws laws = {law[0], law[1], law[2], law[3], 2};
        ajp_input_moments in = {2, squares, squares, layer ? phases : NULL};
        c.ops->sample(c.params, &c.request, &frozen, &in, &laws);
        if (layer) CHECK_CLOSE(law[0][1] / law[0][0], cos(0.7) / cos(0.5), 1e-6);
        case_close(&c);
    }
}

static void test_splitter(void)
{
    homodyne_case c;
    case_open(&c, "homodyne", 8, 30);
    case_fill(&c, 0.6, 5);
    case_set(&c, "splitter_imbalance_ratio", "0.05");
    case_set(&c, "photons_per_mac", "20");
    case_compare(&c, 4000, 40);
    double x2 = case_squares(c.x, 30), all = case_squares(c.weights, 240);
    double alpha2 = 10.0 * 30.0 / x2, beta2 = 10.0 * 240.0 / all;
    ajp_frozen frozen;
    case_moments m = case_frozen(&c, &frozen);
    for (size_t i = 0; i < 8; i++) {
        double leak =
            aj_splitter_leak_electrons(0.05, 1.0, alpha2 * x2, beta2 * case_squares(c.weights + i * 30, 30));
        CHECK_CLOSE(m.mean[i], case_exact(&c, i) * sqrt(1.0 - 0.01) + leak / (2.0 * sqrt(alpha2 * beta2)),
                    1e-5);
    }
    moments_free(&m);
    /* the arms cancel in every row with a gain a row and equal arms */
    case_set(&c, "weight_gain", "row");
    m = case_frozen(&c, &frozen);
    for (size_t i = 0; i < 8; i++) CHECK_CLOSE(m.mean[i], case_exact(&c, i) * sqrt(1.0 - 0.01), 1e-5);
    moments_free(&m);
    case_set(&c, "input_energy_share_ratio", "0.3");
    case_compare(&c, 4000, 41);
    case_close(&c);
}

static void test_ktc(void)
{
    homodyne_case c;
    case_open(&c, "homodyne", 8, 30);
    case_fill(&c, 0.3, 6);
    case_set(&c, "detector_capacitance_farads", "1fF");
    ajp_frozen frozen;
    case_moments m = case_frozen(&c, &frozen);
    CHECK_CLOSE(frozen.extra_variance, 12.703 * 12.703, 2e-4);
    CHECK(frozen.clip_electrons == (double)INFINITY);
    moments_free(&m);
    case_compare(&c, 4000, 50);
    case_set(&c, "detector_nodes", "2");
    case_compare(&c, 4000, 51);
    case_set(&c, "tile_cols", "7"); /* five integrations a result, the last of two inputs */
    CHECK_INT(c.request.n_tiles, 5);
    case_compare(&c, 4000, 52);
    m = case_frozen(&c, &frozen);
    double alpha_beta = sqrt(0.5 * 30.0 / case_squares(c.x, 30) * 0.5 * 240.0 / case_squares(c.weights, 240));
    double reset = 5.0 * 2.0 * 12.703 * 12.703 / (4.0 * alpha_beta * alpha_beta);
    CHECK(m.variance[0] > reset && m.variance[0] < 1.1 * reset);
    moments_free(&m);
    case_close(&c);
}

static void test_averaging(void)
{
    homodyne_case c;
    ajp_frozen frozen;
    case_open(&c, "homodyne", 8, 30);
    case_fill(&c, 0.3, 7);
    case_set(&c, "averaged_reads", "4");
    case_compare(&c, 4000, 60);
    case_moments four = case_frozen(&c, &frozen);
    CHECK_INT(frozen.n_reads, 4);
    CHECK_CLOSE(frozen.nominal_photons, 4.0 * 240.0, 1e-12);
    case_moments measured = case_reference(&c, 4000, 61);
    case_set(&c, "averaged_reads", "1");
    case_set(&c, "photons_per_mac", "4");
    case_moments once = case_frozen(&c, &frozen), measured_once = case_reference(&c, 4000, 62);
    for (size_t i = 0; i < 8; i++) CHECK_CLOSE(four.variance[i], once.variance[i], 1e-5);
    CHECK_CLOSE(rms(measured.variance, 8), rms(measured_once.variance, 8), 0.03);
    moments_free(&four);
    moments_free(&once);
    moments_free(&measured);
    moments_free(&measured_once);
    /* every read resets the node: with kTC four reads are worse than four times the light */
    case_set(&c, "detector_capacitance_farads", "1fF");
    once = case_frozen(&c, &frozen);
    measured_once = case_reference(&c, 4000, 63);
    case_set(&c, "averaged_reads", "4");
    case_set(&c, "photons_per_mac", "1");
    four = case_frozen(&c, &frozen);
    measured = case_reference(&c, 4000, 64);
    /* 30 electrons a read of shot variance and 161 of reset: (30 + 161)/4 against (120 + 161)/16 in the same
     * units */
    double want = sqrt((30.0 + 161.4) * 4.0 / (120.0 + 161.4));
    CHECK_CLOSE(rms(four.variance, 8) / rms(once.variance, 8), want, 0.01);
    CHECK_CLOSE(rms(measured.variance, 8) / rms(measured_once.variance, 8), want, 0.03);
    moments_free(&four);
    moments_free(&once);
    moments_free(&measured);
    moments_free(&measured_once);
    case_close(&c);
}

static void test_full_well(void)
{
    homodyne_case c;
    ajp_frozen frozen;
    case_open(&c, "homodyne", 1, 20);
    for (int j = 0; j < 20; j++) c.weights[j] = c.x[j] = 1.0f;
    case_set(&c, "detector_capacitance_farads", "1fF");
    case_set(&c, "temperature_kelvin", "0.001");
    case_set(&c, "photons_per_mac", "10");
    case_set(&c, "integrator_swing_volts", "24mV"); /* 149.8 electrons; 200 arrive */
    case_moments m = case_frozen(&c, &frozen);
    double full = 1e-15 * 0.024 / 1.602176634e-19;
    CHECK_CLOSE(frozen.clip_electrons, full, 1e-12);
    moments_free(&m);
    m = case_reference(&c, 200, 70);
    CHECK_CLOSE(m.mean[0], full / 10.0, 1e-3); /* 2 alpha beta = 10 */
    c.x[0] = -1.0f;
    for (int j = 0; j < 20; j++) c.x[j] = -1.0f;
    moments_free(&m);
    m = case_reference(&c, 200, 71);
    CHECK_CLOSE(m.mean[0], -full / 10.0, 1e-3);
    moments_free(&m);
    case_close(&c);
}

static void test_calibrated(void)
{
    homodyne_case c;
    ajp_frozen frozen;
    case_open(&c, "homodyne", 8, 30);
    case_fill(&c, 0.3, 8);
    case_set(&c, "input_gain", "calibrated");
    CHECK(c.ops->needs_calibration(c.params));
    CHECK_INT(c.ops->freeze(c.params, &c.request, &frozen, &c.err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(c.err.message, "calibration");
    double y[8], x2 = case_squares(c.x, 30);
    ajp_draws draws;
    ajp_draws_init(&draws, 6, 0);
    CHECK_INT(c.ops->reference(c.params, &c.request, c.x, &draws, y, &c.err), AJ_BAD_ARGUMENT);
    c.request.calibration.mean_sum_squares = 2.5 * x2; /* this sample is dimmer than the mean */
    case_compare(&c, 4000, 80);
    case_moments m = case_frozen(&c, &frozen);
    double all = case_squares(c.weights, 240), own = case_squares(c.weights, 30);
    CHECK_CLOSE(m.variance[0], aj_homodyne_variance(15.0 / (2.5 * x2), 120.0 / all, x2, own, 1.0), 1e-5);
    moments_free(&m);
    case_close(&c);
}

static void all_finite(homodyne_case *c, bool zero_row, size_t row)
{
    ajp_frozen frozen;
    double y[8];
    ajp_draws draws;
    ajp_draws_init(&draws, 7, 0);
    case_moments m = case_frozen(c, &frozen);
    CHECK_OK(c->ops->reference(c->params, &c->request, c->x, &draws, y, &c->err), c->err);
    for (size_t i = 0; i < c->request.product.rows; i++) {
        CHECK(isfinite(m.mean[i]) && isfinite(m.variance[i]) && isfinite(y[i]));
        if (zero_row && i == row) CHECK(m.mean[i] == 0.0);
    }
    for (size_t i = 0; i < 16; i++) {
        CHECK(isfinite(frozen.row_gain[i]) && isfinite(frozen.row_decode[i]) &&
              isfinite(frozen.row_total[i]));
        CHECK(frozen.row_leak == NULL || isfinite(frozen.row_leak[i]));
    }
    moments_free(&m);
}

static void test_zeros(void)
{
    static const char *const gains[] = {"layer", "row", "published"};
    for (int g = 0; g < 3; g++) {
        homodyne_case c;
        ajp_frozen frozen;
        double y[8];
        case_open(&c, "homodyne", 8, 30);
        case_fill(&c, 0.3, 9);
        case_set(&c, "weight_gain", gains[g]);
        case_set(&c, "splitter_imbalance_ratio", "0.02");
        memset(c.weights + 60, 0, 30 * sizeof(float));
        all_finite(&c, g == 1, 2);
        memset(c.x, 0, 30 * sizeof(float));
        case_moments m = case_frozen(&c, &frozen); /* no input: exactly 0 */
        ajp_draws draws;
        ajp_draws_init(&draws, 8, 0);
        CHECK_OK(c.ops->reference(c.params, &c.request, c.x, &draws, y, &c.err), c.err);
        for (size_t i = 0; i < 8; i++) CHECK(m.mean[i] == 0.0 && m.variance[i] == 0.0 && y[i] == 0.0);
        moments_free(&m);
        case_fill(&c, 0.3, 9);
        memset(c.weights, 0, 240 * sizeof(float));
        all_finite(&c, true, 0);
        case_fill(&c, 0.3, 9); /* amplitudes far from 1: gains stay normal floats, the law scales */
        for (int j = 0; j < 240; j++) c.weights[j] *= 1e-15f;
        for (int j = 0; j < 30; j++) c.x[j] *= 1e12f;
        all_finite(&c, false, 0);
        m = case_frozen(&c, &frozen);
        case_fill(&c, 0.3, 9);
        case_moments plain = case_frozen(&c, &frozen);
        for (size_t i = 0; i < 8; i++) CHECK_CLOSE(m.variance[i], plain.variance[i] * 1e-6, 1e-5);
        moments_free(&m);
        moments_free(&plain);
        c.weights[3] = INFINITY;
        CHECK_INT(c.ops->freeze(c.params, &c.request, &frozen, &c.err), AJ_BAD_ARGUMENT);
        case_close(&c);
    }
}

int main(void)
{
    test_sql();
    test_split();
    skellam("1", 1.0, "0", 1);
    skellam("3", 3.0, "0", 2);
    skellam("10", 10.0, "0", 3);
    skellam("3", 3.0, "0.9", 4);
    test_phase();
    test_phase_is_shared();
    test_splitter();
    test_ktc();
    test_averaging();
    test_full_well();
    test_calibrated();
    test_zeros();
    return check_report();
}
