/* Device fits: published numbers of their laws, each row against its formula written out, ranges and times.
 */
#include "check.h"
#include "physics/device.h"

static aj_error err;
static const double hour = 3600.0, day = 86400.0, year = 365.0 * 86400.0;

/* aihwkit's PCM at 25 uS: sd of programming; mean and sd of g(t)/g; sd of a read per g(t). */
static void test_pcm_table(void)
{
    const ajp_device *pcm = ajp_device_find("pcm-aihwkit");
    const double times[4] = {0.0, hour, day, year};
    const struct {
        double r, programming, drift[3][2], read[4];
    } rows[] = {
        {0.1,
         .44825,
         {{.73658, .08699}, {.61538, .11735}, {.44655, .14663}},
         {.16446, .18729, .19995, .22158}},
        {0.5,
         .95271,
         {{.77580, .03228}, {.66501, .04459}, {.50019, .05729}},
         {.05777, .06579, .07024, .07784}},
        {1.0,
         1.05538,
         {{.77580, .03228}, {.66501, .04459}, {.50019, .05729}},
         {.03682, .04193, .04476, .04961}},
    };
    const double gathered[4] = {4.18382, 4.76475, 5.08681, 5.63696};
    for (size_t k = 0; k < 3; k++) {
        double g = rows[k].r * 25e-6, nu_mean, nu_stddev;
        for (size_t t = 0; t < 4; t++) {
            ajp_device_use use = {0.0, 25e-6, times[t]};
            CHECK_OK(ajp_device_check(pcm, &use, &err), err);
            CHECK_CLOSE(ajp_device_programming_siemens(pcm, &use, g), rows[k].programming * 1e-6, 1e-4);
            ajp_device_state state = {g, 0.7 * g};
            CHECK_CLOSE(ajp_device_read_siemens(pcm, &use, state) / state.now, rows[k].read[t], 2e-4);
            /* at r = 1, Q_s = 0.0088 exactly: the factor of time alone */
            state = (ajp_device_state){25e-6, 25e-6};
            CHECK_CLOSE(ajp_device_read_siemens(pcm, &use, state) / 25e-6 / 0.0088, gathered[t], 1e-5);
            ajp_device_nu(pcm, &use, g, &nu_mean, &nu_stddev);
            if (t == 0) continue;
            double mean, stddev;
            ajp_drift_moments(nu_mean, nu_stddev, 1.0 + times[t] / 20.0, &mean, &stddev);
            CHECK_CLOSE(mean, rows[k].drift[t - 1][0], 1e-4);
            CHECK_CLOSE(stddev, rows[k].drift[t - 1][1], 3e-4); /* the printed digits */
        }
    }
    /* r = 0: both fits are held to their upper ends */
    ajp_device_use use = {0.0, 25e-6, 0.0};
    double mean, stddev;
    ajp_device_nu(pcm, &use, 0.0, &mean, &stddev);
    CHECK(mean == 0.1 && stddev == 0.045);
}

static void test_drift(void)
{
    const ajp_device *pcm = ajp_device_find("pcm-aihwkit");
    ajp_device_use use = {0.0, 25e-6, day};
    ajp_device_state state = ajp_device_draw(pcm, &use, 12.5e-6, 0.0, 0.0);
    CHECK_CLOSE(state.programmed, 12.5e-6, 1e-15);
    CHECK_CLOSE(state.now, 12.5e-6 * pow(1.0 + day / 20.0, -0.049), 1e-12);
    /* |nu|: a normal far below its mean drifts like one far above the mirrored one */
    double mean, stddev;
    ajp_device_nu(pcm, &use, 12.5e-6, &mean, &stddev);
    double far = ajp_device_draw(pcm, &use, 12.5e-6, 0.0, -2.0 * mean / stddev).now;
    CHECK_CLOSE(far, state.now, 1e-12);
    CHECK(ajp_device_draw(pcm, &use, 1e-6, -20.0, 0.0).now == 0.0); /* no conductance below 0 */
    /* scaled to another range: the same relative error */
    ajp_device_use half = {0.0, 12.5e-6, 0.0};
    CHECK_CLOSE(ajp_device_programming_siemens(pcm, &half, 6.25e-6) * 2.0,
                ajp_device_programming_siemens(pcm, &use, 12.5e-6), 1e-14);
    /* moments without spread, and of a wide nu by sums over its density */
    ajp_drift_moments(0.05, 0.0, 100.0, &mean, &stddev);
    CHECK_CLOSE(mean, pow(100.0, -0.05), 1e-14);
    CHECK_NEAR(stddev, 0.0, 1e-8);
    double sum = 0.0, squares = 0.0, step = 1e-3, m, s;
    for (double z = -8.0; z < 8.0; z += step) {
        double x = pow(1e4, -fabs(0.1 + 0.3 * z)), p = exp(-0.5 * z * z) / sqrt(2.0 * acos(-1.0)) * step;
        sum += p * x;
        squares += p * x * x;
    }
    ajp_drift_moments(0.1, 0.3, 1e4, &m, &s);
    CHECK_CLOSE(m, sum, 1e-5);
    CHECK_CLOSE(s, sqrt(squares - sum * sum), 1e-5);
}

static double sd(const char *name, double g_min, double g_max, double micro)
{
    const ajp_device *device = ajp_device_find(name);
    ajp_device_use use = {g_min, g_max, 0.0};
    CHECK_OK(ajp_device_check(device, &use, &err), err);
    double g = micro * 1e-6, z = 0.25;
    double drawn = (ajp_device_draw(device, &use, g, z, 0.0).programmed - g) / z;
    double told = ajp_device_programming_siemens(device, &use, g);
    CHECK_NEAR(drawn, told, 1e-12 * g);
    return told * 1e6;
}

/* Every row against its fit, written out as the source prints it. */
static void test_programming_fits(void)
{
    CHECK_CLOSE(sd("pcm-crosssim", 0.25e-6, 25e-6, 10.0),
                -0.00178767 * 100.0 + 0.07585724 * 10.0 + 0.28638599, 1e-12);
    double r = 0.3;
    CHECK_CLOSE(sd("pcm-hermes-1", 0.0, 10.35e-6, r * 10.35),
                0.15781817 + 2.32443916 * r - 2.16310839 * r * r + 0.68841818 * r * r * r, 1e-12);
    CHECK_CLOSE(sd("pcm-hermes-2", 0.0, 20.7e-6, r * 20.7),
                0.16603222 + 4.71806468 * r - 8.48101252 * r * r + 4.68961419 * r * r * r, 1e-12);
    double wan = 0.348 + 16.030 * r - 43.853 * r * r + 45.393 * r * r * r - 16.815 * r * r * r * r;
    CHECK_CLOSE(sd("rram-wan-aihwkit", 0.0, 40e-6, r * 40.0), wan, 1e-12);
    CHECK_CLOSE(sd("rram-wan-aihwkit", 0.0, 20e-6, r * 20.0), wan / 2.0, 1e-12); /* a range of 20 uS: half */
    double g = 21.0;
    CHECK_CLOSE(sd("rram-wan-crosssim", 1e-6, 39.26e-6, g),
                1.536e-4 * g * g * g - 1.167e-2 * g * g + 0.2374 * g + 1.053, 1e-12);
    CHECK_CLOSE(sd("rram-milo-crosssim", 50e-6, 225e-6, 120.0), -0.009107 * 120.0 + 4.782321, 1e-12);
    CHECK_CLOSE(sd("reram-cmo-0.2pct", 9e-6, 88.19e-6, 50.0), 0.00106879 * 50.0 + 0.00081107, 1e-12);
    CHECK_CLOSE(sd("reram-cmo-2pct", 9e-6, 88.19e-6, 50.0), 0.01129027418 * 50.0 + 0.0112185391, 1e-12);
    /* SONOS: 8 uS is 800 nA */
    CHECK_CLOSE(sd("sonos-crosssim", 0.0, 16e-6, 8.0), 19.88665e-2 * (1.0 - exp(-800.0 / 176.3115)), 1e-12);
}

static void test_time_fits(void)
{
    /* Wan: the error of its time in place of the first one */
    const ajp_device *wan = ajp_device_find("rram-wan-aihwkit");
    ajp_device_use use = {0.0, 40e-6, day};
    double r = 0.6, spread = 0.701 + 22.086 * r - 50.773 * r * r + 47.095 * pow(r, 3) - 16.458 * pow(r, 4);
    CHECK_CLOSE(ajp_device_draw(wan, &use, r * 40e-6, 0.5, 9.0).now, (r * 40.0 + 0.5 * spread) * 1e-6, 1e-12);
    use.seconds = 2.0 * day;
    spread = 0.782 + 20.274 * r - 43.507 * r * r + 37.062 * pow(r, 3) - 11.934 * pow(r, 4);
    CHECK_CLOSE(ajp_device_draw(wan, &use, r * 40e-6, -0.5, 0.0).now, (r * 40.0 - 0.5 * spread) * 1e-6,
                1e-12);
    use.seconds = hour;
    CHECK_INT(ajp_device_check(wan, &use, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "rram-wan-aihwkit");
    /* CMO: mean -0.089 ln t, sd 0.042 ln t + 0.4118, read 0.0277 log10 g sqrt(ln) */
    const ajp_device *cmo = ajp_device_find("reram-cmo-0.2pct");
    use = (ajp_device_use){9e-6, 88.19e-6, 1e4};
    double ln = log(1e4), now = 40.0 - 0.08900206 * ln + 0.7 * (0.04201137 * ln + 0.41183342);
    ajp_device_state state = ajp_device_draw(cmo, &use, 40e-6, 0.0, 0.7);
    CHECK_CLOSE(state.now, now * 1e-6, 1e-12);
    CHECK_CLOSE(ajp_device_read_siemens(cmo, &use, state),
                0.0277316483e-6 * log10(now) * sqrt(log((1e4 + 1e-6) / 2e-6)), 1e-12);
    CHECK(ajp_device_draw(cmo, &use, 9e-6, 0.0, -9.0).now == 9e-6); /* held to its range */
    /* SONOS: day 2, and half-way to day 3; 400 nA */
    const ajp_device *sonos = ajp_device_find("sonos-crosssim");
    const double p2[11] = {6.60925e-01,  8.60627e-03, -1.72936e-04, 7.44096e-07, -5.94866e-09, 2.36734e-11,
                           -4.83740e-14, 5.56072e-17, -3.65397e-20, 1.28405e-23, -1.87450e-27};
    const double p3[11] = {1.15821e+00,  1.96116e-02, -4.70807e-04, 3.67510e-06, -2.08786e-08, 6.59752e-11,
                           -1.19499e-13, 1.28435e-16, -8.11574e-20, 2.78802e-23, -4.02057e-27};
    double two = 400.0, both = 400.0;
    for (int i = 0; i < 11; i++) {
        two += p2[i] * pow(400.0, i);
        both += 0.5 * (p2[i] + p3[i]) * pow(400.0, i);
    }
    use = (ajp_device_use){0.0, 16e-6, 2.0 * day};
    CHECK_CLOSE(ajp_device_draw(sonos, &use, 4e-6, 0.0, 0.0).now, two * 1e-8, 1e-10);
    CHECK(two < 400.0 && two > 300.0); /* charge is lost, and not all of it */
    use.seconds = 2.5 * day;
    spread = 0.5 * (28.72753 + 31.04318) * (1.0 - exp(-both / (0.5 * (193.56834 + 198.90332))));
    state = ajp_device_draw(sonos, &use, 4e-6, 1.5, 0.0);
    CHECK_CLOSE(state.now, (both + 1.5 * spread) * 1e-8, 1e-10);
    CHECK_CLOSE(ajp_device_read_siemens(sonos, &use, state),
                12.58037e-8 * (1.0 - exp(-state.now / 215.36557e-8)), 1e-12);
    use.seconds = 5.1 * day;
    CHECK_INT(ajp_device_check(sonos, &use, &err), AJ_BAD_ARGUMENT);
}

static void test_hermes(void)
{
    const ajp_device *two = ajp_device_find("pcm-hermes-2"), *one = ajp_device_find("pcm-hermes-1");
    ajp_device_use use = {0.0, 20.7e-6, day};
    double mean, stddev;
    ajp_device_nu(two, &use, 0.05 * 20.7e-6, &mean, &stddev); /* below both splits: logarithms */
    CHECK_CLOSE(mean, -0.0387 * log(0.05) - 0.0182, 1e-12);
    CHECK_CLOSE(stddev, -0.0117 * log(0.05) - 0.0057, 1e-12);
    ajp_device_nu(two, &use, 0.8 * 20.7e-6, &mean, &stddev); /* above: polynomials */
    CHECK_CLOSE(mean, -0.0436 * 0.64 - 0.0126 * 0.8 + 0.0736, 1e-12);
    CHECK_CLOSE(stddev, -0.0118 * 0.64 + 0.0093 * 0.8 + 0.0073, 1e-12);
    ajp_device_state state = {0.5 * 20.7e-6, 8e-6};
    double q = 0.0069 * 0.125 - 0.0280 * 0.25 + 0.0211 * 0.5 + 0.0123;
    CHECK_CLOSE(ajp_device_read_siemens(two, &use, state),
                8e-6 * q * sqrt(log((day + 300.0 + 512e-9) / 1024e-9)), 1e-12);
    use.g_max_siemens = 10.35e-6;
    state = (ajp_device_state){0.5 * 10.35e-6, 4e-6};
    q = 0.0664 * 0.125 - 0.1352 * 0.25 + 0.0768 * 0.5 + 0.0088;
    CHECK_CLOSE(ajp_device_read_siemens(one, &use, state),
                4e-6 * q * sqrt(log((day + 200.0 + 512e-9) / 1024e-9)), 1e-12);
}

static void test_rows(void)
{
    size_t n = 0;
    for (const ajp_device *d; (d = ajp_device_get(n)) != NULL; n++) {
        CHECK(d->name[0] != '\0' && d->what[0] != '\0' && d->source[0] != '\0' && d->digitisation[0] != '\0');
        CHECK(ajp_device_find(d->name) == d);
        CHECK(d->g_max_siemens > d->g_min_siemens && d->unit_siemens > 0.0);
        ajp_device_use use = {d->g_min_siemens, d->g_max_siemens, 0.0};
        CHECK_OK(ajp_device_check(d, &use, &err), err);
        for (int i = 0; i <= 20; i++) { /* a finite error below the range itself, everywhere */
            double g = d->g_min_siemens + (d->g_max_siemens - d->g_min_siemens) * i / 20.0;
            double spread = ajp_device_programming_siemens(d, &use, g);
            CHECK(spread >= 0.0 && spread < 0.2 * d->g_max_siemens);
            double read = ajp_device_read_siemens(d, &use, (ajp_device_state){g, g});
            CHECK(d->read.form == AJP_CURVE_NOT_DESCRIBED ? isnan(read)
                                                          : read >= 0.0 && read <= 0.9 * g + 1e-12);
        }
        use.g_max_siemens = 2.0 * d->g_max_siemens; /* beyond what was characterised */
        CHECK_INT(ajp_device_check(d, &use, &err), AJ_BAD_ARGUMENT);
        CHECK_CONTAINS(err.message, d->name);
        use.g_max_siemens = 0.0;
        CHECK_INT(ajp_device_check(d, &use, &err), AJ_BAD_ARGUMENT);
        use = (ajp_device_use){d->g_min_siemens, d->g_max_siemens, -1.0};
        CHECK_INT(ajp_device_check(d, &use, &err), AJ_BAD_ARGUMENT);
        use.seconds = hour;
        if (d->time == AJP_TIME_NOT_DESCRIBED) CHECK_INT(ajp_device_check(d, &use, &err), AJ_BAD_ARGUMENT);
    }
    CHECK_INT(n, AJP_N_DEVICES);
    CHECK(n >= 10 && ajp_device_find("none") == NULL);
}

static void test_generic(void)
{
    double g_max = 20e-6, g = 5e-6;
    CHECK_CLOSE(ajp_generic_draw(AJP_ERROR_INDEPENDENT, AJP_ERROR_NORMAL, 0.02, g_max, g, 1.5),
                g + 0.03 * g_max, 1e-14);
    CHECK_CLOSE(ajp_generic_draw(AJP_ERROR_PROPORTIONAL, AJP_ERROR_NORMAL, 0.02, g_max, g, 1.5), g * 1.03,
                1e-14);
    CHECK_CLOSE(ajp_generic_draw(AJP_ERROR_INVERSE, AJP_ERROR_NORMAL, 0.02, g_max, g, 1.5),
                g + 0.03 * g_max * g_max / g, 1e-14);
    CHECK(ajp_generic_draw(AJP_ERROR_INVERSE, AJP_ERROR_NORMAL, 0.02, g_max, 0.0, 1.5) == 0.0);
    CHECK(ajp_generic_draw(AJP_ERROR_INDEPENDENT, AJP_ERROR_NORMAL, 0.02, g_max, 0.0, -1.5) == 0.0);
    /* uniform: the whole width is the size, so the sd is size / sqrt 12 */
    double squares = 0.0;
    for (int i = 0; i < 10000; i++) {
        double z = aj_normal_quantile((i + 0.5) / 10000.0);
        double d = ajp_generic_draw(AJP_ERROR_INDEPENDENT, AJP_ERROR_UNIFORM, 0.06, g_max, g, z) - g;
        CHECK(fabs(d) <= 0.03 * g_max);
        squares += d * d;
    }
    CHECK_CLOSE(sqrt(squares / 10000.0), 0.06 * g_max / sqrt(12.0), 1e-6);
}

static void test_analytic_ir_drop(void)
{
    const double w[8] = {.5, -.25, 1, .75, -1, .5, .25, 0}, x[4] = {1, .5, -.5, 1};
    double y[2];
    ajp_ir_drop_analytic(2, 4, w, x, 1000.0, 1.0, y);
    CHECK_NEAR(y[0], .62397768, 1e-8);
    CHECK_NEAR(y[1], -.87504287, 1e-8);
    ajp_ir_drop_analytic(2, 4, w, x, 1000.0, 0.0, y);
    CHECK(y[0] == .625 && y[1] == -.875);
}

int main(void)
{
    test_pcm_table();
    test_drift();
    test_programming_fits();
    test_time_fits();
    test_hermes();
    test_rows();
    test_generic();
    test_analytic_ir_drop();
    return check_report();
}
