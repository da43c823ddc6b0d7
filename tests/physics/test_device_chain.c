/* [slow] The whole chain of aihwkit's PCM, device by device: programme (held to >= 0), drift with nu of the
 * target, read noise with Q_s of the programmed conductance on the drifted one, hold to >= 0; at t = 0 the
 * read noise counts from t0 already.  Mean to 0.5 %, sd to 1 %, as published from 2 M draws; the 1 M draws
 * here have standard errors of 0.17 % and 0.1 % (r = 0, the widest relative spread), so that an error of 5 %
 * is certain to be seen. */
#include "check.h"
#include "physics/device.h"
#include "physics/draw.h"

enum { N = 1000000, N_TIMES = 4 };

int main(void)
{
    const ajp_device *pcm = ajp_device_find("pcm-aihwkit");
    const double times[N_TIMES] = {0.0, 3600.0, 86400.0, 365.0 * 86400.0};
    const struct {
        double r, moments[N_TIMES][2]; /* uS */
    } rows[] = {{0.0, {{.1074, .1863}, {.0663, .1222}, {.0507, .0994}, {.0322, .0737}}},
                {0.5, {{12.500, 1.1958}, {9.6969, 1.0569}, {8.3122, 1.0279}, {6.2519, .9912}}},
                {1.0, {{25.000, 1.4000}, {19.396, 1.4092}, {16.626, 1.5150}, {12.506, 1.6501}}}};
    for (size_t k = 0; k < 3; k++) {
        double sum[N_TIMES] = {0.0}, squares[N_TIMES] = {0.0}, centre = rows[k].r * 25.0;
        ajp_draws draws;
        ajp_draws_init(&draws, 2026, k);
        for (int i = 0; i < N; i++) {
            double z[2] = {ajp_draw_normal(&draws), ajp_draw_normal(&draws)};
            for (size_t t = 0; t < N_TIMES; t++) {
                ajp_device_use use = {0.0, 25e-6, times[t]};
                ajp_device_state state = ajp_device_draw(pcm, &use, centre * 1e-6, z[0], z[1]);
                double read = ajp_device_read_siemens(pcm, &use, state) * ajp_draw_normal(&draws);
                double g = fmax(state.now + read, 0.0) * 1e6 - centre;
                sum[t] += g;
                squares[t] += g * g;
            }
        }
        for (size_t t = 0; t < N_TIMES; t++) {
            double mean = sum[t] / N, stddev = sqrt(squares[t] / N - mean * mean);
            CHECK_CLOSE(mean + centre, rows[k].moments[t][0], 0.005);
            CHECK_CLOSE(stddev, rows[k].moments[t][1], 0.01);
        }
    }
    return check_report();
}
