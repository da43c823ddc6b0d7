/* meter.c: a program that meters itself: how many joules each part of its work took.
 *
 *   cc meter.c $(pkg-config --cflags --libs attojoule) -o meter && ./meter [FOLDER instead of /sys]
 *
 * Under `aj run -- ./meter` its epochs stand in the report as well. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "attojoule/meter.h"

/* Stands for an epoch of a training. */
static double work(unsigned n)
{
    double sum = 0;
    for (unsigned i = 1; i <= n * 1000000u; i++) sum += sqrt((double)i);
    return sum;
}

static void print_phases(aj_meter *meter)
{
    aj_phase phase;
    for (size_t i = 0; aj_meter_phase(meter, i, &phase, NULL) == AJ_OK; i++)
        printf("%-8s %zu x  %8.3f s  %9.3f J [%.3f, %.3f] %s, %.3f J of them ours\n", phase.name, phase.n,
               phase.duration_seconds, phase.energy_joules.value, phase.low_joules, phase.high_joules,
               aj_origin_name(phase.energy_joules.origin), phase.attributed_joules);
}

static int measure(aj_meter *meter, aj_error *err)
{
    double epoch_joules[3], sum = 0;
    aj_reading before, after;
    if (aj_meter_start(meter, err) != AJ_OK || aj_meter_now(meter, &before, err) != AJ_OK) return 1;
    if (aj_meter_mark(meter, "begin training", err) != AJ_OK) return 1;
    for (int k = 1; k <= 3; k++) {
        sum += work(20);
        aj_mark("epoch %d of %d", k, 10); /* for the `aj run` around this program, where there is one */
        if (aj_meter_mark(meter, "mark epoch", err) != AJ_OK || aj_meter_now(meter, &after, err) != AJ_OK)
            return 1;
        epoch_joules[k - 1] = after.energy_joules.value - before.energy_joules.value;
        before = after;
    }
    if (aj_meter_mark(meter, "end training", err) != AJ_OK || aj_meter_stop(meter, &after, err) != AJ_OK)
        return 1;
    print_phases(meter);
    aj_prediction total = aj_predict_total(epoch_joules, 3, 10, 0);
    printf("3 epochs took %.3f J in %.3f s; 10 would take %.3f J [%.3f, %.3f] (%g)\n",
           after.energy_joules.value, after.duration_seconds, total.value, total.low, total.high, sum);
    return 0;
}

int main(int argc, char **argv)
{
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    aj_meter *meter = NULL;
    aj_error err;
    options.pid = (long)getpid();
    options.sample_hertz = 10;
    if (argc > 1) options.sysfs_root = argv[1];
    int status = aj_meter_open(&meter, NULL, &options, &err) == AJ_OK ? measure(meter, &err) : 1;
    if (status != 0) fprintf(stderr, "meter: %s\n", err.message);
    aj_meter_close(meter);
    return status;
}
