/* How the noise scales with the length of a dot product, N = 10^2 ... 10^4, from the Poisson reference:
 * slopes are fitted, never set.  The photons an output gets make its precision; whether an output needs fewer
 * photons per MAC as N grows is a matter of the angle between weights and inputs. */
#include "homodyne_case.h"

enum { POINTS = 4 };
static const size_t lengths[POINTS] = {100, 464, 2154, 10000};

/* Slope of ln y against ln x, least squares. */
static double slope(const double *y)
{
    double mx = 0.0, my = 0.0, xy = 0.0, xx = 0.0;
    for (int i = 0; i < POINTS; i++) {
        mx += log((double)lengths[i]) / POINTS;
        my += log(y[i]) / POINTS;
    }
    for (int i = 0; i < POINTS; i++) {
        double d = log((double)lengths[i]) - mx;
        xy += d * (log(y[i]) - my);
        xx += d * d;
    }
    return xy / xx;
}

/* Rms error of all rows, each relative to its own exact |A_i| |x| or to `scale`. */
static double rms_error(homodyne_case *c, int n_draws, uint64_t stream, bool relative)
{
    size_t rows = c->request.product.rows, cols = c->request.product.cols;
    double *y = calloc(rows, sizeof(double)), *exact = calloc(rows, sizeof(double)),
           *scale = calloc(rows, sizeof(double));
    ajp_draws draws;
    ajp_draws_init(&draws, 11, stream);
    double sum = 0.0;
    for (size_t i = 0; i < rows; i++) {
        exact[i] = case_exact(c, i);
        scale[i] =
            relative ? sqrt(case_squares(c->weights + i * cols, cols) * case_squares(c->x, cols)) : 1.0;
    }
    for (int d = 0; d < n_draws; d++) {
        CHECK_OK(c->ops->reference(c->params, &c->request, c->x, &draws, y, &c->err), c->err);
        for (size_t i = 0; i < rows; i++) sum += pow((y[i] - exact[i]) / scale[i], 2.0);
    }
    free(y);
    free(exact);
    free(scale);
    return sqrt(sum / (double)n_draws / (double)rows);
}

static void set_photons(homodyne_case *c, double n)
{
    CHECK_OK(aj_hardware_set_number(c->hardware, "photons_per_mac", n, &c->err), c->err);
}

/* (a) at 100 photons an output sigma/(|A_i||x|) is 1/10 for every N: 6,000 errors give it to 0.9 % */
static void test_constant_photons(void)
{
    double sigma[POINTS];
    for (int p = 0; p < POINTS; p++) {
        homodyne_case c;
        case_open(&c, "homodyne", 4, lengths[p]);
        case_fill(&c, 0.5, 100 + (uint64_t)p);
        case_set(&c, "weight_gain", "row");
        set_photons(&c, 100.0 / (double)lengths[p]);
        sigma[p] = rms_error(&c, 1500, (uint64_t)p, true);
        CHECK_CLOSE(sigma[p], 0.1, 0.02);
        case_close(&c);
    }
    CHECK_NEAR(slope(sigma), 0.0, 0.01);
    /* and with N at the same photons per MAC the exponent is -1/2 */
    for (int p = 0; p < POINTS; p++) {
        homodyne_case c;
        case_open(&c, "homodyne", 4, lengths[p]);
        case_fill(&c, 0.5, 110 + (uint64_t)p);
        case_set(&c, "weight_gain", "row");
        set_photons(&c, 0.05);
        sigma[p] = rms_error(&c, 500, 10 + (uint64_t)p, true);
        case_close(&c);
    }
    CHECK_NEAR(slope(sigma), -0.5, 0.02);
}

/* (b) rows and inputs all positive: the angle stays, and the photons per MAC for a ratio of 10 fall as 1/N.
 */
static double photons_for_ratio_10(size_t n, uint64_t stream)
{
    homodyne_case c;
    case_open(&c, "homodyne", 4, n);
    case_set(&c, "weight_gain", "row");
    ajp_draws draws;
    ajp_draws_init(&draws, 12, stream);
    for (size_t i = 0; i < 4 * n; i++) c.weights[i] = (float)ajp_draw_uniform(&draws);
    for (size_t j = 0; j < n; j++) c.x[j] = (float)ajp_draw_uniform(&draws);
    double signal = 0.0, low = log(1e-3), high = log(1e2);
    for (size_t i = 0; i < 4; i++) signal += pow(case_exact(&c, i), 2.0) / 4.0;
    signal = sqrt(signal);
    for (int step = 0; step < 11; step++) {
        double middle = 0.5 * (low + high);
        set_photons(&c, exp(middle));
        int n_draws = step < 5 ? 100 : 400; /* far from the root fewer tell the side */
        if (signal / rms_error(&c, n_draws, stream * 100 + (uint64_t)step, false) > 10.0)
            high = middle;
        else
            low = middle;
    }
    case_close(&c);
    return exp(0.5 * (low + high));
}

static void test_fixed_angle(void)
{
    double photons[POINTS];
    for (int p = 0; p < POINTS; p++) {
        photons[p] = photons_for_ratio_10(lengths[p], 20 + (uint64_t)p);
        /* cosine of independent uniforms: 3/4; ratio^2 = cosine^2 N n */
        CHECK_CLOSE(photons[p], 100.0 / (0.5625 * (double)lengths[p]), 0.15);
    }
    CHECK_NEAR(slope(photons), -1.0, 0.02);
}

/* (c) independent zero-mean rows: the angle opens as 1/sqrt(N), and the ratio at one photon per MAC stays. */
static void test_independent_rows(void)
{
    double ratio[POINTS];
    for (int p = 0; p < POINTS; p++) {
        homodyne_case c;
        size_t n = lengths[p];
        case_open(&c, "homodyne", 500, n);
        ajp_draws draws;
        ajp_draws_init(&draws, 13, (uint64_t)p);
        for (size_t i = 0; i < 500 * n; i++) c.weights[i] = (float)ajp_draw_normal(&draws);
        for (size_t j = 0; j < n; j++) c.x[j] = (float)ajp_draw_normal(&draws);
        double signal = 0.0;
        for (size_t i = 0; i < 500; i++) signal += pow(case_exact(&c, i), 2.0) / 500.0;
        ratio[p] = sqrt(signal) / rms_error(&c, 2, 30 + (uint64_t)p, false);
        CHECK_CLOSE(ratio[p], 1.0, 0.15);
        case_close(&c);
    }
    CHECK_NEAR(slope(ratio), 0.0, 0.05);
}

int main(void)
{
    test_constant_photons();
    test_fixed_angle();
    test_independent_rows();
    return check_report();
}
