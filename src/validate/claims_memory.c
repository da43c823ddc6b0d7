/* claims_memory.c: memory devices, converters and wires of crossbars. */
#include <math.h>

#include "../hardware/converters.h"
#include "../physics/crossbar.h"
#include "../physics/device.h"
#include "../physics/draw.h"
#include "claim.h"

#define HOUR 3600.0
#define DAY  86400.0
#define YEAR (365.0 * 86400.0)
static const double times[] = {0.0, HOUR, DAY, YEAR};
static const char *const time_names[] = {"t = 0", "1 hour", "1 day", "1 year"};

static const ajp_device *pcm(aj_status *st, aj_error *err)
{
    const ajp_device *device = ajp_device_find("pcm-aihwkit");
    *st = device != NULL ? AJ_OK
                         : ajp_fail(err, AJ_NOT_FOUND, 0, "the device pcm-aihwkit is not in the library");
    return device;
}

static void device_values(ajp_claim *claim, const ajp_device *device, double r, double programming,
                          const double (*drift)[2], const double *read)
{
    double g = 25e-6 * r, nu_mean, nu_stddev;
    for (size_t t = 0; t < 4; t++) {
        ajp_device_use use = {0.0, 25e-6, times[t]};
        if (t == 0)
            ajp_claim_close(claim, ajp_claim_words(claim, "r = %g: deviation of programming, uS", r), "",
                            programming, ajp_device_programming_siemens(device, &use, g) * 1e6, 1e-4);
        if (t > 0) {
            double mean, stddev;
            ajp_device_nu(device, &use, g, &nu_mean, &nu_stddev);
            ajp_drift_moments(nu_mean, nu_stddev, 1.0 + times[t] / device->t0_seconds, &mean, &stddev);
            ajp_claim_close(claim, ajp_claim_words(claim, "r = %g, %s: mean of g(t)/g", r, time_names[t]), "",
                            drift[t - 1][0], mean, 1e-4);
            ajp_claim_near(claim, ajp_claim_words(claim, "r = %g, %s: its deviation", r, time_names[t]), "",
                           drift[t - 1][1], stddev, 1e-5);
        }
        ajp_device_state state = {g, g};
        ajp_claim_near(claim, ajp_claim_words(claim, "r = %g, %s: read noise over g", r, time_names[t]), "",
                       read[t], ajp_device_read_siemens(device, &use, state) / g, 1e-5);
    }
}

aj_status ajp_claim_pcm_curves(ajp_claim *claim, aj_error *err)
{
    static const struct {
        double r, programming, drift[3][2], read[4];
    } rows[] = {{0.1,
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
                 {.03682, .04193, .04476, .04961}}};
    aj_status st;
    const ajp_device *device = pcm(&st, err);
    for (size_t i = 0; i < 3 && st == AJ_OK; i++)
        device_values(claim, device, rows[i].r, rows[i].programming, rows[i].drift, rows[i].read);
    return st;
}

/* Programme (held to >= 0), drift with nu of the target, read noise, held to >= 0; a million devices. */
static void chain(const ajp_device *device, double r, uint64_t stream, double (*moments)[2])
{
    enum { N = 1000000 };
    double sum[4] = {0.0}, squares[4] = {0.0}, centre = 25.0 * r;
    ajp_draws draws;
    ajp_draws_init(&draws, 2026, stream);
    for (int i = 0; i < N; i++) {
        double z[2] = {ajp_draw_normal(&draws), ajp_draw_normal(&draws)};
        for (size_t t = 0; t < 4; t++) {
            ajp_device_use use = {0.0, 25e-6, times[t]};
            ajp_device_state state = ajp_device_draw(device, &use, centre * 1e-6, z[0], z[1]);
            double read = ajp_device_read_siemens(device, &use, state) * ajp_draw_normal(&draws);
            double g = fmax(state.now + read, 0.0) * 1e6 - centre;
            sum[t] += g;
            squares[t] += g * g;
        }
    }
    for (size_t t = 0; t < 4; t++) {
        double mean = sum[t] / N;
        moments[t][0] = mean + centre;
        moments[t][1] = sqrt(squares[t] / N - mean * mean);
    }
}

aj_status ajp_claim_pcm_chain(ajp_claim *claim, aj_error *err)
{
    static const struct {
        double r, moments[4][2];
    } rows[] = {{0.0, {{.1074, .1863}, {.0663, .1222}, {.0507, .0994}, {.0322, .0737}}},
                {0.5, {{12.500, 1.1958}, {9.6969, 1.0569}, {8.3122, 1.0279}, {6.2519, .9912}}},
                {1.0, {{25.000, 1.4000}, {19.396, 1.4092}, {16.626, 1.5150}, {12.506, 1.6501}}}};
    aj_status st;
    const ajp_device *device = pcm(&st, err);
    for (size_t i = 0; i < 3 && st == AJ_OK; i++) {
        double ours[4][2];
        chain(device, rows[i].r, i, ours);
        for (size_t t = 0; t < 4; t++) {
            ajp_claim_close(claim, ajp_claim_words(claim, "r = %g, %s: mean, uS", rows[i].r, time_names[t]),
                            "", rows[i].moments[t][0], ours[t][0], 0.005);
            ajp_claim_close(claim,
                            ajp_claim_words(claim, "r = %g, %s: deviation, uS", rows[i].r, time_names[t]), "",
                            rows[i].moments[t][1], ours[t][1], 0.01);
        }
    }
    return st;
}

aj_status ajp_claim_quantisers(ajp_claim *claim, aj_error *err)
{
    static const double x[8] = {-1.2, -.51, -.1, 0, .004, .3333, .77, 1};
    static const struct {
        ajp_converter_word word;
        unsigned bits;
        const char *name;
        double codes[8];
    } rows[] = {{AJP_ADC_WORD_SIGN_MAGNITUDE,
                 8,
                 "254 steps",
                 {-1, -.51181102, -.1023622, 0, .00787402, .33070866, .77165354, 1}},
                {AJP_ADC_WORD_SIGN_MAGNITUDE,
                 4,
                 "14 steps",
                 {-1, -.57142857, -.14285714, 0, 0, .28571429, .71428571, 1}},
                {AJP_ADC_WORD_MID_RISE,
                 4,
                 "15 steps, no zero",
                 {-1, -.46666667, -.06666667, .06666667, .06666667, .33333333, .73333333, 1}}};
    (void)err;
    for (size_t k = 0; k < 3; k++) {
        ajp_converter converter;
        double worst = 0.0;
        ajp_converter_make(&converter, rows[k].word, rows[k].bits, 1.0, true, 0.0, NULL);
        for (size_t i = 0; i < 8; i++)
            worst = fmax(worst, fabs(ajp_converter_apply(&converter, x[i]) - rows[k].codes[i]));
        ajp_claim_value(claim, ajp_claim_words(claim, "largest difference over 8 inputs, %s", rows[k].name),
                        "", 2e-7, worst, AJ_AT_MOST, 0.0);
        ajp_claim_near(claim, ajp_claim_words(claim, "code of 0.3333, %s", rows[k].name), "",
                       rows[k].codes[5], ajp_converter_apply(&converter, x[5]), 2e-7);
    }
    return AJ_OK;
}

/* Currents of the columns, in microamperes. */
static aj_status column_currents(size_t n, const double *g, const double *volts, double ohms, double *out,
                                 ajp_claim *claim, aj_error *err)
{
    ajp_crossbar_wires wires = {ohms, ohms, 0.0, 0.0, AJP_END_FIRST, AJP_END_LAST};
    ajp_arena arena;
    ajp_arena_init(&arena, claim->context);
    double *work = ajp_arena_array(&arena, ajp_crossbar_workspace(n, n), sizeof *work);
    double *effective = ajp_arena_array(&arena, n * n, sizeof *effective);
    aj_status st = work != NULL && effective != NULL ? AJ_OK : ajp_no_memory(err, "crossbar");
    if (st == AJ_OK) st = ajp_effective_conductances(n, n, g, &wires, effective, work, err);
    for (size_t j = 0; j < n && st == AJ_OK; j++) {
        out[j] = 0.0;
        for (size_t i = 0; i < n; i++) out[j] += effective[i * n + j] * volts[i] * 1e6;
    }
    ajp_arena_free(&arena);
    return st;
}

static aj_status uniform_array(ajp_claim *claim, size_t n, const double *published, aj_error *err)
{
    double g[16] = {0.0}, volts[4] = {0.0}, currents[4] = {0.0};
    for (size_t i = 0; i < n * n; i++) g[i] = 1e-4;
    for (size_t i = 0; i < n; i++) volts[i] = 0.2;
    AJ_TRY(column_currents(n, g, volts, 1.0, currents, claim, err));
    for (size_t j = 0; j < n; j++)
        ajp_claim_close(claim,
                        ajp_claim_words(claim, "%zu x %zu of 10 kohm, 1 ohm wires: column %zu, uA", n, n, j),
                        "", published[j], currents[j], 1e-6);
    return AJ_OK;
}

aj_status ajp_claim_crossbar_wires(ajp_claim *claim, aj_error *err)
{
    static const double g[9] = {100e-6, 10e-6, 50e-6, 20e-6, 80e-6, 40e-6, 60e-6, 30e-6, 90e-6};
    static const double volts[3] = {0.2, 0.1, 0.15};
    static const struct {
        double ohms, published[3];
    } rows[] = {{1.0, {30.984688, 14.493473, 27.484134}}, {5.0, {30.923595, 14.467433, 27.420842}}};
    AJ_TRY(uniform_array(claim, 1, (const double[]){19.996001}, err));
    AJ_TRY(uniform_array(claim, 2, (const double[]){39.982009, 39.978012}, err));
    AJ_TRY(uniform_array(claim, 4, (const double[]){79.908121, 79.884178, 79.868217, 79.860237}, err));
    for (size_t r = 0; r < 2; r++) {
        double currents[3];
        AJ_TRY(column_currents(3, g, volts, rows[r].ohms, currents, claim, err));
        for (size_t j = 0; j < 3; j++)
            ajp_claim_close(claim, ajp_claim_words(claim, "3 x 3, %g ohm: column %zu, uA", rows[r].ohms, j),
                            "", rows[r].published[j], currents[j], 1e-6);
    }
    return AJ_OK;
}

aj_status ajp_claim_ir_drop(ajp_claim *claim, aj_error *err)
{
    static const double weights[8] = {.5, -.25, 1, .75, -1, .5, .25, 0}, x[4] = {1, .5, -.5, 1};
    double y[2] = {.625, -.875}; /* the products without wires */
    (void)err;
    ajp_ir_drop_analytic(2, 4, weights, x, 1000.0, 1.0, y);
    ajp_claim_close(claim, "first output, 0.625 without wires", "", .62397768, y[0], 1e-7);
    ajp_claim_close(claim, "second output, -0.875 without wires", "", -.87504287, y[1], 1e-7);
    return AJ_OK;
}
