/* test_meter_sampling.c: the sampling thread. [threads] */
#include <signal.h>
#include <time.h>

#include "meter_tree.h"

static void wait_seconds(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

/* Waits until the zone has n samples; false after ten seconds. */
static bool wait_for(aj_meter *meter, size_t n)
{
    aj_zone_reading zone;
    for (int i = 0; i < 10000; i++) {
        if (aj_meter_zone(meter, 0, &zone, NULL) == AJ_OK && zone.n_samples >= n) return true;
        wait_seconds(0.001);
    }
    return false;
}

static aj_meter *open_real(const meter_tree *t, double hertz)
{
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    aj_error err;
    aj_meter *meter = NULL;
    options.source = "powercap";
    options.sysfs_root = t->tree.root;
    options.sample_hertz = hertz;
    CHECK_OK(aj_meter_open(&meter, NULL, &options, &err), err);
    if (meter == NULL) exit(1);
    return meter;
}

/* A counter rewritten in place while the thread reads it: the sum is what was written, whatever was seen
 * between. */
static void sums(void)
{
    meter_tree t;
    aj_error err;
    aj_reading reading;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 1000000000);
    char path[600];
    snprintf(path, sizeof path, "%s/class/powercap/intel-rapl:0/energy_uj", t.tree.root);
    aj_meter *meter = open_real(&t, 1000);
    for (int round = 0; round < 2; round++) {
        meter_tree_count(&t, "intel-rapl:0", 1000000000);
        CHECK_OK(aj_meter_start(meter, &err), err);
        FILE *file = fopen(path, "r+"); /* one write of the same width: no reader sees half a number */
        if (file == NULL) exit(1);
        for (unsigned i = 1; i <= 50; i++) {
            rewind(file);
            fprintf(file, "%u\n", 1000000000u + i * 100000u);
            fflush(file);
            wait_seconds(0.002);
        }
        fclose(file);
        CHECK(wait_for(meter, 10));
        CHECK_OK(aj_meter_stop(meter, &reading, &err), err);
        CHECK_CLOSE(reading.energy_joules.value, 5, 1e-9);
        CHECK(!reading.lower_bound);
        CHECK(reading.n_samples >= 12);
        CHECK(reading.suspended_seconds < 0.01);
    }
    /* After stop nothing samples. */
    aj_zone_reading before, after;
    CHECK_OK(aj_meter_zone(meter, 0, &before, &err), err);
    wait_seconds(0.02);
    CHECK_OK(aj_meter_zone(meter, 0, &after, &err), err);
    CHECK_INT(before.n_samples, after.n_samples);
    aj_meter_close(meter);
}

/* Parts and copies are in no sum: the thread reads them once a second, and all once more at the end. */
static void seldom(void)
{
    meter_tree t;
    aj_error err;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:0:0", "core", INTEL_RANGE, 0);
    aj_meter *meter = open_real(&t, 1000);
    CHECK_OK(aj_meter_start(meter, &err), err);
    CHECK(wait_for(meter, 50));
    aj_zone_reading core = meter_tree_get(meter, "package-0/core");
    CHECK(core.n_samples >= 1 && core.n_samples < 40);
    meter_tree_count(&t, "intel-rapl:0:0", 1000);
    CHECK_OK(aj_meter_stop(meter, NULL, &err), err);
    CHECK_CLOSE(meter_tree_get(meter, "package-0/core").energy_joules.value, 1e-3, 1e-12);
    aj_meter_close(meter);
}

/* Closed, or started again, while it samples. */
static void ends(void)
{
    meter_tree t;
    aj_error err;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    for (int i = 0; i < 20; i++) {
        aj_meter *meter = open_real(&t, 1000);
        CHECK_OK(aj_meter_start(meter, &err), err);
        if (i % 2) CHECK_OK(aj_meter_start(meter, &err), err);
        CHECK(wait_for(meter, (size_t)(i % 4)));
        aj_meter_close(meter);
    }
}

static volatile sig_atomic_t n_signals;
static pthread_t main_thread;

static void count_signal(int number)
{
    (void)number;
    n_signals += pthread_equal(pthread_self(), main_thread) ? 1 : 1000;
}

/* A signal to the process is handled by the program's own threads, never by the sampler. */
static void signals(void)
{
    meter_tree t;
    aj_error err;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    main_thread = pthread_self();
    struct sigaction action = {.sa_handler = count_signal};
    sigaction(SIGUSR1, &action, NULL);
    aj_meter *meter = open_real(&t, 1000);
    CHECK_OK(aj_meter_start(meter, &err), err);
    CHECK(wait_for(meter, 2));
    /* While this thread does not take it, only the sampler could. */
    sigset_t one, before;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &one, &before);
    kill(getpid(), SIGUSR1);
    wait_seconds(0.02);
    CHECK_INT(n_signals, 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    CHECK_INT(n_signals, 1);
    aj_meter_close(meter);
}

/* The period follows the rate, but never lets the shortest counter wrap unseen. */
static void periods(void)
{
    meter_tree t;
    aj_error err;
    aj_meter *meter = NULL;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", AMD_RANGE, 0);
    CHECK_OK(ajp_meter_open_tree(&meter, NULL, NULL, &t.tree, &err), err);
    CHECK_CLOSE(ajp_meter_period_seconds(meter, 10), 0.1, 1e-12);
    CHECK_CLOSE(ajp_meter_period_seconds(meter, 0.001), 0.25 * 65532.611002 / 1500, 1e-9);
    /* An hour of sleep is not in the duration, and is said. */
    CHECK_OK(aj_meter_start(meter, &err), err);
    t.now_seconds += 2;
    t.suspended_seconds += 3600;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.duration_seconds, 2, 1e-12);
    CHECK_CLOSE(reading.suspended_seconds, 3600, 1e-12);
    aj_meter_close(meter);
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    static const double bad[] = {-1, 1e6, NAN};
    for (int i = 0; i < 3; i++) {
        options.sample_hertz = bad[i];
        CHECK_INT(aj_meter_open(&meter, NULL, &options, &err), AJ_BAD_ARGUMENT);
        CHECK_CONTAINS(err.message, "sample_hertz");
    }
}

int main(void)
{
    sums();
    seldom();
    ends();
    signals();
    periods();
    fixture_remove();
    return check_report();
}
