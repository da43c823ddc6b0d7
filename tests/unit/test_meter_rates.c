/* test_meter_rates.c: 1, 10 and 100 samples a second see the same joules, within 0.5 % of the truth, from
 * counters and from sensors of power, under a load that varies; machines that sleep and clocks that jump. */
#include "meter_tree.h"

/* 120 W with slow waves of 60 and 30 W and steps of 40 W every 20 s. */
static const double tau = 6.283185307179586;

static double watts_at(double t)
{
    return 120 + 60 * sin(tau * t / 37) + 30 * cos(tau * t / 11) + (fmod(t, 40) < 20 ? 40 : 0);
}

static double joules_until(double t)
{
    double steps = floor(t / 40) * 20 + fmin(fmod(t, 40), 20);
    return 120 * t + 60 * 37 / tau * (1 - cos(tau * t / 37)) + 30 * 11 / tau * sin(tau * t / 11) + 40 * steps;
}

static uint64_t microjoules(double joules)
{
    return (uint64_t)(joules * 1e6 + 0.5);
}

typedef struct {
    meter_tree t;
    aj_meter *meter;
    uint64_t first; /* the counter of the package at the start: 9 kJ before it wraps */
} bed;

static void put(const bed *b, double t, double counter_joules)
{
    meter_tree_count(&b->t, "intel-rapl:0",
                     (b->first + microjoules(counter_joules)) % (uint64_t)(AMD_RANGE + 15u));
    meter_tree_number(&b->t, "class/hwmon/hwmon0/power1_average", (uint64_t)(1e6 * watts_at(t)));
    /* A sensor that renews its number five times a second only. */
    meter_tree_number(&b->t, "class/hwmon/hwmon1/power1_input", (uint64_t)(1e6 * watts_at(floor(t * 5) / 5)));
}

static void begin(bed *b, double hertz)
{
    aj_error err;
    meter_tree_begin(&b->t);
    b->first = AMD_RANGE - 9000000000u;
    meter_tree_zone(&b->t, "intel-rapl:0", "package-0", AMD_RANGE, b->first);
    meter_tree_put(&b->t, "class/hwmon/hwmon0/name", "amdgpu\n");
    meter_tree_put(&b->t, "class/hwmon/hwmon1/name", "power_meter\n");
    put(b, 0, 0);
    b->meter = NULL;
    CHECK_OK(ajp_meter_open_tree(&b->meter, NULL, NULL, &b->t.tree, &err), err);
    CHECK_OK(aj_meter_start(b->meter, &err), err);
    for (size_t i = 0; i < b->meter->n_zones; i++) /* as its own thread would have it at this rate */
        b->meter->zones[i].longest_step_seconds = fmax(10 / hertz, 2);
}

/* Samples come up to 30 % of a period late, differently each time. */
static void run(bed *b, double hertz, double seconds)
{
    aj_error err;
    unsigned state = 12345;
    for (long i = 1; i <= (long)(seconds * hertz); i++) {
        state = state * 1103515245u + 12345u;
        double late = i == (long)(seconds * hertz) ? 0 : 0.3 * (state >> 16 & 1023) / 1024;
        double at = ((double)i + late) / hertz;
        b->t.now_seconds = 1000 + at;
        put(b, at, joules_until(at));
        CHECK_OK(aj_meter_sample(b->meter, &err), err);
    }
}

static void rates(void)
{
    for (double hertz = 1; hertz <= 100; hertz *= 10) {
        bed b;
        double truth = joules_until(120);
        begin(&b, hertz);
        run(&b, hertz, 120);
        aj_reading reading = meter_tree_stop(b.meter);
        aj_zone_reading package = meter_tree_get(b.meter, "package-0");
        aj_zone_reading card = meter_tree_get(b.meter, "hwmon0/amdgpu/power");
        CHECK_CLOSE(package.energy_joules.value, truth, 1e-8);
        CHECK_INT(package.n_wraps, 1);
        CHECK_CLOSE(card.energy_joules.value, truth, 0.005);
        CHECK_CLOSE(meter_tree_get(b.meter, "hwmon1/power_meter/power").energy_joules.value, truth, 0.005);
        CHECK_CLOSE(reading.energy_joules.value, 2 * truth, 0.005);
        CHECK(!reading.lower_bound && reading.gap_seconds == 0);
        aj_meter_close(b.meter);
    }
}

/* Asleep for an hour between two samples: the monotonic clock stands still.  The counter began anew, or ran
 * on and counted the sleep. */
static void suspends(bool reset)
{
    bed b;
    begin(&b, 10);
    run(&b, 10, 30);
    double awake = joules_until(30);
    b.t.suspended_seconds = 3600;
    b.t.now_seconds += 0.1;
    meter_tree_count(&b.t, "intel-rapl:0",
                     reset ? 0 : (b.first + microjoules(awake + 7200)) % (AMD_RANGE + 15u));
    aj_reading reading = meter_tree_stop(b.meter);
    aj_zone_reading package = meter_tree_get(b.meter, "package-0");
    CHECK_CLOSE(reading.suspended_seconds, 3600, 1e-12);
    CHECK_CLOSE(reading.duration_seconds, 30.1, 1e-9);
    CHECK_CLOSE(package.energy_joules.value, awake, 1e-6);
    CHECK_CLOSE(package.low_joules, awake, 1e-6);
    CHECK(package.lower_bound && package.high_joules > awake && package.high_joules < awake + 300);
    CHECK_INT(package.n_gaps, 1);
    CHECK_CLOSE(meter_tree_get(b.meter, "hwmon0/amdgpu/power").energy_joules.value, awake, 0.005);
    aj_meter_close(b.meter);
}

/* A step that the awake time explains is taken, as the most that it was. */
static void naps(void)
{
    bed b;
    begin(&b, 10);
    run(&b, 10, 30);
    double awake = joules_until(30);
    b.t.suspended_seconds = 60;
    b.t.now_seconds += 0.1;
    put(&b, 30, awake + 12);
    meter_tree_stop(b.meter);
    aj_zone_reading package = meter_tree_get(b.meter, "package-0");
    CHECK_CLOSE(package.energy_joules.value, awake + 12, 1e-8);
    CHECK_CLOSE(package.low_joules, awake, 1e-8);
    CHECK_CLOSE(package.high_joules, awake + 12, 1e-8);
    CHECK_INT(package.n_gaps, 0);
    aj_meter_close(b.meter);
}

/* The meter was stopped, or its virtual machine paused, for ten minutes: the counter ran on, with as many
 * wraps as fit; what a sensor of power showed before and after says nothing about the time between. */
static void jumps(void)
{
    bed b;
    aj_error err;
    begin(&b, 10);
    run(&b, 10, 30);
    double before = joules_until(30);
    b.t.now_seconds += 600;
    put(&b, 30, before + 500);
    CHECK_OK(aj_meter_sample(b.meter, &err), err);
    aj_zone_reading package = meter_tree_get(b.meter, "package-0");
    aj_zone_reading card = meter_tree_get(b.meter, "hwmon0/amdgpu/power");
    CHECK_CLOSE(package.low_joules, before + 500, 1e-8);
    CHECK_CLOSE(package.high_joules, before + 500 + 13 * 65532.611002, 1e-6);
    CHECK_CLOSE(card.energy_joules.value, before, 0.005);
    CHECK(card.lower_bound);
    CHECK_CLOSE(card.gap_seconds, 600, 1e-9);
    CHECK_INT(card.n_gaps, 1);
    CHECK(card.high_joules > before + 600 * 2999);
    /* It goes on after that. */
    b.t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(b.meter, &err), err);
    CHECK_CLOSE(meter_tree_get(b.meter, "hwmon0/amdgpu/power").energy_joules.value, before + watts_at(30),
                0.005);
    /* A clock that stands still or goes back adds nothing. */
    b.t.now_seconds -= 5;
    CHECK_OK(aj_meter_sample(b.meter, &err), err);
    card = meter_tree_get(b.meter, "hwmon0/amdgpu/power");
    CHECK_CLOSE(card.energy_joules.value, before + watts_at(30), 0.005);
    aj_meter_close(b.meter);
}

int main(void)
{
    rates();
    suspends(true);
    suspends(false);
    naps();
    jumps();
    fixture_remove();
    return check_report();
}
