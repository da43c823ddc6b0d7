/* test_meter_counter.c: the difference of two readings, and what it can mean. */
#include "check.h"
#include "meter/counter.h"

static void deltas(void)
{
    static const uint64_t readings[] = {10, 15, 45, 255, 0, 10, 3, 2, 2};
    static const uint64_t want[] = {5, 30, 210, 1, 10, 249, 255, 0};
    uint64_t delta = 0;
    for (size_t i = 0; i < 8; i++) {
        CHECK(ajp_counter_delta(readings[i], readings[i + 1], 256, &delta));
        CHECK_INT(delta, want[i]);
    }
    /* Intel's package: the largest reading printed by the kernel is one tick (61 uJ) below the modulus. */
    CHECK(ajp_counter_delta(262143328000, 500, 262143328850 + 61, &delta));
    CHECK_INT(delta, 1411);
    CHECK(ajp_counter_delta(UINT64_MAX, 3, 0, &delta));
    CHECK_INT(delta, 4);
    delta = 77;
    CHECK(!ajp_counter_delta(256, 1, 256, &delta));
    CHECK(!ajp_counter_delta(1, 256, 256, &delta));
    CHECK_INT(delta, 77);
}

/* 1000 J range in millijoules, at most 100 W: a wrap takes 10 s or more. */
static const ajp_counter small = {1000000, 1e-3, 100, 0.02};

static void steps(void)
{
    ajp_step step;
    aj_error err;
    CHECK_OK(ajp_counter_step(&small, 1000, 51000, 1, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_FORWARD);
    CHECK_CLOSE(step.joules, 50, 1e-12);
    CHECK_CLOSE(step.high_joules, 50, 1e-12);
    CHECK_OK(ajp_counter_step(&small, 5, 5, 1, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_FORWARD);
    CHECK(step.joules == 0);
    CHECK_OK(ajp_counter_step(&small, 999000, 9000, 1, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_WRAP);
    CHECK_CLOSE(step.joules, 10, 1e-12);
    /* 500 J -> 20 J in a second would be a wrap of 520 J at 100 W: it was reset, 20 J have come since. */
    CHECK_OK(ajp_counter_step(&small, 500000, 20000, 1, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_RESET);
    CHECK_CLOSE(step.low_joules, 20, 1e-12);
    CHECK(step.high_joules > 99 && step.high_joules < 110);
    /* 700 J forward in a second. */
    CHECK_OK(ajp_counter_step(&small, 0, 700000, 1, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_JUMP);
    CHECK(step.low_joules == 0);
    CHECK(step.high_joules < 110);
    CHECK_INT(ajp_counter_step(&small, 0, 1000000, 1, &step, &err), AJ_CORRUPT);
}

static void several_wraps(void)
{
    ajp_step step;
    aj_error err;
    /* 35 s at up to 100 W may hold 50, 1050, 2050 or 3050 J. */
    CHECK_OK(ajp_counter_step(&small, 100000, 150000, 35, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_AMBIGUOUS);
    CHECK_CLOSE(step.low_joules, 50, 1e-12);
    CHECK_CLOSE(step.high_joules, 3050, 1e-12);
    CHECK_CLOSE(step.joules, 1550, 1e-12);
    /* 10.5 s: 950 J forward is the only possible answer, 50 J is not. */
    CHECK_OK(ajp_counter_step(&small, 0, 950000, 10.5, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_FORWARD);
    CHECK_CLOSE(step.high_joules, 950, 1e-12);
    CHECK_OK(ajp_counter_step(&small, 0, 20000, 10.5, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_AMBIGUOUS);
    /* 64 bits never wrap: backwards is a reset. */
    ajp_counter wide = {0, 1e-6, 100, 0.02};
    CHECK_OK(ajp_counter_step(&wide, 9000000, 8000000, 1, &step, &err), err);
    CHECK_INT(step.kind, AJP_STEP_RESET);
    CHECK_CLOSE(step.low_joules, 8, 1e-12);
}

int main(void)
{
    deltas();
    steps();
    several_wraps();
    return check_report();
}
