/* Laws against published or closed-form numbers; draws against the distributions they claim. */
#include "attojoule/physics.h"
#include "check.h"
#include "physics/draw.h"

static aj_error err;

static void test_constants(void)
{
    CHECK_CLOSE(aj_photon_energy_joules(1550e-9), 1.28158e-19, 1e-5);
    CHECK_CLOSE(aj_photon_energy_joules(1310e-9), 1.51637e-19, 1e-5);
    CHECK_CLOSE(aj_photon_energy_joules(850e-9), 2.33700e-19, 1e-5);
    CHECK_CLOSE(aj_photon_energy_joules(532e-9), 3.73392e-19, 1e-5);
    CHECK_CLOSE(aj_photon_energy_joules(1550e-9) / 1.602176634e-19, 0.79990, 1e-5);
    CHECK_CLOSE(aj_landauer_bit_joules(300.0), 2.87098e-21, 1e-5);
    CHECK_CLOSE(aj_landauer_bit_joules(293.15), 2.80542e-21, 1e-5);
    CHECK_CLOSE(aj_ktc_electrons(1e-15, 300.0), 12.703, 1e-4);
    CHECK_CLOSE(aj_ktc_electrons(0.1e-15, 300.0), 4.02, 1e-3);
    CHECK_CLOSE(aj_ktc_electrons(100e-15, 300.0), 127.0, 3e-4);
    CHECK_CLOSE(aj_ktc_electrons(1e-12, 300.0), 401.7, 1e-4);
    CHECK_CLOSE(aj_ktc_electrons(10e-12, 300.0), 1270.3, 1e-4);
    /* the rms voltage of 1 fF: 2.035 mV */
    CHECK_CLOSE(aj_ktc_electrons(1e-15, 300.0) * 1.602176634e-19 / 1e-15, 2.035e-3, 3e-4);
    size_t n = 0;
    for (; aj_physics_constant(n).name != NULL; n++) {
        CHECK(aj_physics_constant(n).source[0] != '\0' && aj_physics_constant(n).value > 0.0);
        CHECK(aj_physics_constant(n).uncertainty == 0.0);
    }
    CHECK_INT(n, 4);
    CHECK(isnan(aj_photon_energy_joules(0.0)) && isnan(aj_ktc_electrons(-1.0, 300.0)) &&
          isnan(aj_landauer_bit_joules(-1.0)));
}

static void test_homodyne_laws(void)
{
    CHECK_CLOSE(aj_energy_split_ratio(0.5), 1.0, 1e-15);
    CHECK_CLOSE(aj_energy_split_ratio(0.1), 1.0 / 0.6, 1e-12);
    CHECK_CLOSE(aj_energy_split_ratio(0.9), 1.0 / 0.6, 1e-12);
    CHECK(isnan(aj_energy_split_ratio(0.0)) && isnan(aj_energy_split_ratio(1.0)));
    /* equal arms: n photons an arm and output, variance |A|^2 |x|^2 / (eta 2n) */
    double x2 = 3.0, a2 = 7.0, n = 40.0;
    CHECK_CLOSE(aj_homodyne_variance(n / x2, n / a2, x2, a2, 0.8), a2 * x2 / (0.8 * 2.0 * n), 1e-12);
    /* strong local oscillator: |A| |x| / (2 sqrt(n_x)), n_x the signal's photons */
    CHECK_CLOSE(sqrt(aj_homodyne_variance(n / x2, 1e12 / a2, x2, a2, 1.0)), sqrt(a2 * x2) / (2.0 * sqrt(n)),
                1e-9);
    CHECK_CLOSE(aj_phase_gain_ratio(0.3, 0.2), cos(0.3) * exp(-0.02), 1e-14);
    CHECK_CLOSE(aj_phase_excess_ratio(0.0, 0.1), 0.5e-4, 1.1e-2); /* s^2/2 */
    CHECK_CLOSE(aj_phase_excess_ratio(acos(-1.0) / 2.0, 0.1), 0.5 * (1.0 - exp(-0.02)), 1e-12);
    CHECK(aj_phase_excess_ratio(0.5, 0.0) == 0.0);
    CHECK_CLOSE(aj_splitter_gain_ratio(0.1), sqrt(0.96), 1e-14);
    CHECK_CLOSE(aj_splitter_leak_electrons(0.05, 0.8, 100.0, 40.0), 2.0 * 0.8 * 0.05 * 60.0, 1e-14);
    /* PRX 2019 Eq. (2) as printed: |A||x|/sqrt(N^2 N') sqrt(N/n) */
    CHECK_CLOSE(aj_sql_sigma(25.0, 4.0, 50, 100, 0.5),
                5.0 * 2.0 / sqrt(100.0 * 100.0 * 50.0) * sqrt(100.0 / 0.5), 1e-12);
    CHECK_CLOSE(aj_sql_snr(0.12, 784, 1.0), 0.12 * 28.0, 1e-14);
}

static void test_phase_by_drawing(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 5, 1);
    enum { N = 400000 };
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < N; i++) {
        double c = cos(0.4 + 0.5 * ajp_draw_normal(&draws));
        sum += c;
        squares += c * c;
    }
    double mean = sum / N, variance = squares / N - mean * mean;
    /* 5 standard errors: mean 5 sqrt(0.054/N) = 0.0018, variance about 1 % */
    CHECK_NEAR(mean, aj_phase_gain_ratio(0.4, 0.5), 0.0019);
    CHECK_CLOSE(variance, aj_phase_excess_ratio(0.4, 0.5), 0.012);
}

static void test_skellam(void)
{
    /* closed forms: P(0) = e^-2m I0(2m); I0(2) = 2.2795853023360673, I1(2) = 1.5906368546373291 */
    CHECK_CLOSE(aj_skellam_probability(0, 1.0, 1.0), exp(-2.0) * 2.2795853023360673, 1e-12);
    CHECK_CLOSE(aj_skellam_probability(-1, 1.0, 1.0), exp(-2.0) * 1.5906368546373291, 1e-12);
    CHECK_CLOSE(aj_skellam_probability(3, 2.5, 0.0), exp(-2.5) * 2.5 * 2.5 * 2.5 / 6.0, 1e-12);
    CHECK(aj_skellam_probability(-1, 2.5, 0.0) == 0.0);
    const double means[][2] = {{1.0, 3.0}, {0.01, 0.2}, {30.0, 12.0}, {5000.0, 4000.0}};
    for (size_t c = 0; c < 4; c++) {
        double m1 = means[c][0], m2 = means[c][1], total = 0.0, first = 0.0, second = 0.0;
        int64_t reach = (int64_t)(fabs(m1 - m2) + 12.0 * sqrt(m1 + m2)) + 20;
        for (int64_t k = -reach; k <= reach; k++) {
            double p = aj_skellam_probability(k, m1, m2);
            total += p;
            first += (double)k * p;
            second += (double)k * (double)k * p;
        }
        CHECK_CLOSE(total, 1.0, 1e-9);
        CHECK_CLOSE(first, m1 - m2, 1e-8);
        CHECK_CLOSE(second - first * first, m1 + m2, 1e-6);
    }
}

static void poisson_moments(double mean, uint64_t stream)
{
    enum { N = 200000 };
    ajp_draws draws;
    ajp_draws_init(&draws, 7, stream);
    double m1 = 0.0, m2 = 0.0, m3 = 0.0;
    for (int i = 0; i < N; i++) {
        double d = ajp_draw_poisson(&draws, mean) - mean;
        m1 += d / N;
        m2 += d * d / N;
        m3 += d * d * d / N;
    }
    double error = 5.0 / sqrt((double)N);
    CHECK_NEAR(m1, 0.0, error * sqrt(mean));
    CHECK_NEAR(m2, mean, error * sqrt(mean + 2.0 * mean * mean));
    CHECK_NEAR(m3, mean,
               error * sqrt(mean + 25.0 * mean * mean + 15.0 * mean * mean * mean)); /* bound of its error */
}

static void test_poisson(void)
{
    poisson_moments(0.05, 1);
    poisson_moments(3.0, 2);
    poisson_moments(9.99, 3);
    poisson_moments(10.0, 4);
    poisson_moments(80.0, 5);
    poisson_moments(1e5, 6);
    /* chi-square against the closed form at the switch of algorithms: 29 cells, 1e-4 critical value 66 */
    const double mean[] = {9.5, 12.0};
    for (int c = 0; c < 2; c++) {
        enum { N = 200000, CELLS = 30 };
        long counts[CELLS] = {0};
        ajp_draws draws;
        ajp_draws_init(&draws, 8, (uint64_t)c);
        for (int i = 0; i < N; i++) {
            double k = ajp_draw_poisson(&draws, mean[c]);
            counts[k < CELLS - 1 ? (int)k : CELLS - 1]++;
        }
        double chi2 = 0.0, p = exp(-mean[c]), rest = 1.0;
        for (int k = 0; k < CELLS - 1; k++) {
            if (p * N > 5.0) {
                chi2 += ((double)counts[k] - p * N) * ((double)counts[k] - p * N) / (p * N);
                rest -= p;
            }
            p *= mean[c] / (k + 1);
        }
        CHECK(rest < 0.01);
        CHECK(chi2 < 66.0);
    }
    ajp_draws draws;
    ajp_draws_init(&draws, 9, 0);
    CHECK(ajp_draw_poisson(&draws, 0.0) == 0.0 && ajp_draw_poisson(&draws, -1.0) == 0.0);
    double lowest = 1.0, highest = 0.0;
    for (int i = 0; i < 100000; i++) {
        double u = ajp_draw_uniform(&draws);
        lowest = u < lowest ? u : lowest;
        highest = u > highest ? u : highest;
    }
    CHECK(lowest > 0.0 && highest < 1.0 && lowest < 1e-4 && highest > 1.0 - 1e-4);
}

static uint64_t macs(const aj_layer_shape *shapes, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t one = 0;
        CHECK_OK(aj_layer_macs(&shapes[i], &one, &err), err);
        sum += one;
    }
    return sum;
}

static void test_shapes(void)
{
    /* AlexNet without groups, 227 x 227 input (PRX 2019 table; Krizhevsky et al. 2012 for the shapes) */
    static const aj_layer_shape convolutions[] = {
        {55, 55, 96, 11, 11, 3, 1},  {27, 27, 256, 5, 5, 96, 1},  {13, 13, 384, 3, 3, 256, 1},
        {13, 13, 384, 3, 3, 384, 1}, {13, 13, 256, 3, 3, 384, 1},
    };
    static const aj_layer_shape dense[] = {
        {1, 1, 4096, 1, 1, 9216, 1}, {1, 1, 4096, 1, 1, 4096, 1}, {1, 1, 1000, 1, 1, 4096, 1}};
    CHECK_INT(macs(convolutions, 1), 105415200);
    CHECK_INT(macs(convolutions, 5), 1076634144);
    CHECK_INT(macs(dense, 3), 58621952);
    static const aj_layer_shape grouped = {27, 27, 256, 5, 5, 96, 2};
    CHECK_INT(macs(&grouped, 1), 223948800);
    uint64_t n = 5;
    aj_layer_shape bad = {1, 1, 10, 1, 1, 9, 2};
    CHECK_INT(aj_layer_macs(&bad, &n, &err), AJ_BAD_ARGUMENT);
    bad = (aj_layer_shape){(size_t)1 << 40, (size_t)1 << 40, 1, 1, 1, 1, 1};
    CHECK_INT(aj_layer_macs(&bad, &n, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(n, 5);
}

int main(void)
{
    test_constants();
    test_homodyne_laws();
    test_phase_by_drawing();
    test_skellam();
    test_poisson();
    test_shapes();
    return check_report();
}
