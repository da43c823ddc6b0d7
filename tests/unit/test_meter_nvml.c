/* test_meter_nvml.c: NVIDIA cards through a stub of their library. */
#include "meter_nvml.h"
#include "meter_tree.h"

static nvml_stub_state *stub(int variant)
{
    return meter_nvml_stub(variant);
}

static void begin(meter_tree *t, int variant)
{
    meter_tree_begin(t);
    t->tree.nvml_library = meter_nvml_path(variant);
}

/* 1000 W, counted in steps of 100 ms, read every 10 ms; and 70 W. */
static void two_cards(void)
{
    meter_tree t;
    aj_error err;
    nvml_stub_state *state = stub(0);
    begin(&t, 0);
    aj_meter *meter = meter_tree_start(&t, "nvml");
    CHECK_INT(state->n_open, 1);
    for (unsigned i = 1; i <= 1000; i++) {
        state->devices[0].millijoules = i / 10 * 100000u;
        state->devices[1].millijoules = i * 700u;
        t.now_seconds += 0.01;
        CHECK_OK(aj_meter_sample(meter, &err), err);
    }
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 10000 + 700, 1e-12);
    CHECK(!reading.lower_bound);
    CHECK_INT(reading.covers, 1u << AJ_ZONE_GPU);
    /* The part that looks a quarter of the time has its interval, the other one none. */
    CHECK_CLOSE(reading.low_joules, 0.35 * 10000 + 700, 1e-12);
    CHECK_CLOSE(reading.high_joules, 1.65 * 10000 + 700, 1e-12);
    CHECK_CLOSE(meter_tree_get(meter, "gpu1 Tesla T4").energy_joules.value, 700, 1e-12);
    aj_meter_close(meter);
    CHECK_INT(state->n_open, 0);
}

static void lost_and_reset(void)
{
    meter_tree t;
    nvml_stub_state *state = stub(0);
    begin(&t, 0);
    state->devices[0].name = "NVIDIA L4";
    state->devices[0].millijoules = 900000000;
    aj_meter *meter = meter_tree_start(&t, "nvml");
    state->devices[0].millijoules = 20000; /* the driver was loaded again */
    state->devices[1].energy_code = 15;
    t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 20, 1e-12);
    CHECK(reading.lower_bound);
    CHECK(reading.high_joules >= 2 * 3000);
    CHECK_INT(meter_tree_get(meter, "gpu0 NVIDIA L4").n_resets, 1);
    aj_zone_reading lost = meter_tree_get(meter, "gpu1 Tesla T4");
    CHECK_INT(lost.status, AJ_IO);
    CHECK_CONTAINS(lost.message, "fallen off the bus");
    CHECK_CLOSE(lost.gap_seconds, 1, 1e-12);
    aj_meter_close(meter);
}

/* Without the energy counter (not supported by the card, or not in the library) power is integrated. */
static void power_only(int variant)
{
    meter_tree t;
    nvml_stub_state *state = stub(variant);
    begin(&t, variant);
    state->devices[0].energy_code = state->devices[1].energy_code = 3;
    state->devices[1].power_code = 3;
    state->devices[0].milliwatts = 100000;
    aj_meter *meter = meter_tree_start(&t, NULL);
    state->devices[0].milliwatts = 200000;
    t.now_seconds += 2;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 300, 1e-12);
    /* What it shows may be the mean of the last second. */
    aj_zone_reading card = meter_tree_get(meter, "gpu0 NVIDIA A100-SXM4-40GB");
    CHECK_CLOSE(card.low_joules, 300 - 0.65 * 300 - 100, 1e-12);
    CHECK_CLOSE(card.high_joules, 300 + 0.65 * 300 + 100, 1e-12);
    CHECK(reading.lower_bound); /* the other card says nothing, which is not 0 */
    aj_zone_reading silent = meter_tree_get(meter, "gpu1 Tesla T4");
    CHECK_INT(silent.status, AJ_UNSUPPORTED);
    CHECK(isnan(silent.energy_joules.value));
    CHECK_CONTAINS(silent.message, "no sensor");
    aj_meter_close(meter);
}

static void refuses(meter_tree *t, aj_status want, const char *part)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_meter *meter = NULL;
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "nvml", &t->tree, &err), want);
    CHECK_CONTAINS(err.message, part);
    CHECK(meter == NULL);
}

static void refusals(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    refuses(&t, AJ_NOT_FOUND, "libnothing-of-this-name");
    stub(2);
    begin(&t, 2);
    refuses(&t, AJ_UNSUPPORTED, "nvmlDeviceGetCount_v2");
    nvml_stub_state *state = stub(0);
    begin(&t, 0);
    state->init_code = 9;
    refuses(&t, AJ_NOT_FOUND, "kernel module");
    state->init_code = 4;
    refuses(&t, AJ_DENIED, "/dev/nvidia");
    state->init_code = 999;
    refuses(&t, AJ_IO, "999");
    state->init_code = 0;
    state->n_devices = 0;
    refuses(&t, AJ_NOT_FOUND, "no card");
    state->n_devices = 2;
    for (int i = 0; i < 2; i++) state->devices[i].energy_code = state->devices[i].power_code = 4;
    refuses(&t, AJ_DENIED, "group video");
    CHECK_INT(state->n_open, 0);
    state->devices[1].energy_code = 0;
    state->devices[1].mig = 1;
    aj_meter *meter = meter_tree_start(&t, "nvml");
    CHECK_INT(meter_tree_get(meter, "gpu1 Tesla T4 (MIG: whole card)").status, AJ_OK);
    aj_meter_close(meter);
}

int main(void)
{
    two_cards();
    lost_and_reset();
    power_only(0);
    power_only(1);
    refusals();
    fixture_remove();
    return check_report();
}
