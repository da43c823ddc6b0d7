/* test_meter_hwmon.c: graphics cards, boards and batteries on simulated trees. */
#include "meter_tree.h"

static void cards(void)
{
    meter_tree t;
    aj_error err;
    meter_tree_begin(&t);
    meter_tree_put(&t, "class/hwmon/hwmon0/name", "amdgpu\n");
    meter_tree_number(&t, "class/hwmon/hwmon0/power1_average", 100000000);
    meter_tree_number(&t, "class/hwmon/hwmon0/power1_input", 999000000);
    meter_tree_put(&t, "class/hwmon/hwmon0/power1_label", "PPT\n");
    meter_tree_put(&t, "class/hwmon/hwmon1/name", "xe\n");
    meter_tree_put(&t, "class/hwmon/hwmon1/energy1_label", "card\n");
    meter_tree_number(&t, "class/hwmon/hwmon1/energy1_input", 0);
    meter_tree_put(&t, "class/hwmon/hwmon1/energy2_label", "pkg\n");
    meter_tree_number(&t, "class/hwmon/hwmon1/energy2_input", 0);
    meter_tree_put(&t, "class/hwmon/hwmon2/name", "ina3221\n");
    meter_tree_number(&t, "class/hwmon/hwmon2/power1_input", 4000000);
    meter_tree_put(&t, "class/hwmon/hwmon3/name", "power_meter\n");
    meter_tree_number(&t, "class/hwmon/hwmon3/power1_average", 700000000);
    meter_tree_put(&t, "class/hwmon/hwmon4/name", "nvme\n");
    aj_meter *meter = meter_tree_start(&t, "hwmon");
    /* A ramp from 100 to 200 W in 10 s, and a card that used 80 J, 50 of them in its chip. */
    for (int i = 1; i <= 10; i++) {
        meter_tree_number(&t, "class/hwmon/hwmon0/power1_average", 100000000u + 10000000u * (unsigned)i);
        meter_tree_number(&t, "class/hwmon/hwmon1/energy1_input", 8000000u * (unsigned)i);
        meter_tree_number(&t, "class/hwmon/hwmon1/energy2_input", 5000000u * (unsigned)i);
        t.now_seconds += 1;
        CHECK_OK(aj_meter_sample(meter, &err), err);
    }
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 1500 + 80, 1e-12);
    CHECK_INT(reading.covers, 1u << AJ_ZONE_GPU);
    CHECK_CLOSE(reading.platform_joules, 7000, 1e-12);
    CHECK_INT(meter_tree_get(meter, "hwmon1/xe/pkg").role, AJ_ZONE_ROLE_PART);
    CHECK_INT(meter_tree_get(meter, "hwmon2/ina3221/power").role, AJ_ZONE_ROLE_UNPLACED);
    CHECK_CLOSE(meter_tree_get(meter, "hwmon2/ina3221/power").energy_joules.value, 40, 1e-12);
    /* Power is not integrated across readings that failed. */
    CHECK_OK(aj_meter_start(meter, &err), err);
    t.failing = "hwmon0/power1";
    t.error = ENODATA;
    t.now_seconds += 5;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    t.failing = NULL;
    t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    aj_zone_reading card = meter_tree_get(meter, "hwmon0/amdgpu/PPT");
    CHECK(card.energy_joules.value == 0 && card.lower_bound);
    CHECK_CLOSE(card.gap_seconds, 6, 1e-12);
    CHECK_CLOSE(card.high_joules, 6 * 3000, 1e-12);
    aj_meter_close(meter);
}

/* amd_energy shows RAPL once more: a copy beside powercap, the account without it. */
static void amd_energy(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    meter_tree_put(&t, "class/hwmon/hwmon0/name", "amd_energy\n");
    meter_tree_put(&t, "class/hwmon/hwmon0/energy1_label", "Ecore000\n");
    meter_tree_number(&t, "class/hwmon/hwmon0/energy1_input", 0);
    meter_tree_put(&t, "class/hwmon/hwmon0/energy2_label", "Esocket0\n");
    meter_tree_number(&t, "class/hwmon/hwmon0/energy2_input", 0);
    aj_meter *alone = meter_tree_start(&t, NULL);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", AMD_RANGE, 0);
    aj_meter *beside = meter_tree_start(&t, NULL);
    meter_tree_number(&t, "class/hwmon/hwmon0/energy1_input", 1000000);
    meter_tree_number(&t, "class/hwmon/hwmon0/energy2_input", 9000000);
    meter_tree_count(&t, "intel-rapl:0", 8000000);
    t.now_seconds += 1;
    CHECK_CLOSE(meter_tree_stop(alone).energy_joules.value, 9, 1e-12);
    CHECK_CLOSE(meter_tree_stop(beside).energy_joules.value, 8, 1e-12);
    aj_meter_close(alone);
    aj_meter_close(beside);
}

static void put_battery(const meter_tree *t, const char *status)
{
    meter_tree_put(t, "class/power_supply/AC/type", "Mains\n");
    meter_tree_put(t, "class/power_supply/hid/type", "Battery\n");
    meter_tree_put(t, "class/power_supply/hid/scope", "Device\n");
    meter_tree_put(t, "class/power_supply/BAT0/type", "Battery\n");
    meter_tree_put(t, "class/power_supply/BAT0/status", status);
}

static void battery(void)
{
    meter_tree t;
    aj_error err;
    aj_meter *meter = NULL;
    meter_tree_begin(&t);
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "battery", &t.tree, &err), AJ_NOT_FOUND);
    put_battery(&t, "Charging\n");
    meter_tree_number(&t, "class/power_supply/BAT0/power_now", 12000000);
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "battery", &t.tree, &err), AJ_UNSUPPORTED);
    CHECK_CONTAINS(err.message, "unplug");
    put_battery(&t, "Discharging\n");
    meter = meter_tree_start(&t, "battery");
    t.now_seconds += 10;
    aj_reading reading = meter_tree_stop(meter);
    /* It covers the machine: beside the sum of parts, which is unknown here and not 0. */
    CHECK(isnan(reading.energy_joules.value));
    CHECK_CLOSE(reading.platform_joules, 120, 1e-12);
    aj_meter_close(meter);
    /* Current and voltage where there is no power; some drivers count the current down. */
    meter_tree_begin(&t);
    put_battery(&t, "Discharging\n");
    meter_tree_put(&t, "class/power_supply/BAT0/current_now", "-2000000\n");
    meter_tree_number(&t, "class/power_supply/BAT0/voltage_now", 11000000);
    meter = meter_tree_start(&t, "battery");
    t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.platform_joules, 22, 1e-12);
    put_battery(&t, "Full\n");
    t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK(isnan(reading.platform_joules));
    CHECK_INT(meter_tree_get(meter, "BAT0").status, AJ_UNSUPPORTED);
    aj_meter_close(meter);
}

/* Every row names itself and says on what it was tried; opening on an empty tree is a status, not a crash. */
static void rows(void)
{
    meter_tree t;
    aj_error err;
    const char *about = NULL, *tried = NULL, *name;
    meter_tree_begin(&t);
    size_t n = 0;
    for (; (name = aj_meter_source(n, &about, &tried)) != NULL; n++) {
        aj_meter *meter = NULL;
        CHECK(strlen(about) > 10 && strlen(tried) > 5);
        CHECK_INT(ajp_meter_open_tree(&meter, NULL, name, &t.tree, &err), AJ_NOT_FOUND);
        CHECK_CONTAINS(err.message, name);
    }
    CHECK(n >= 3);
    for (int i = 0; i < AJ_N_ZONE_KINDS; i++) {
        CHECK(strcmp(aj_zone_kind_name((aj_zone_kind)i), "unknown") != 0);
        CHECK(ajp_plausible_watts((aj_zone_kind)i) > 0);
    }
    for (int i = 0; i < AJ_N_ZONE_ROLES; i++)
        CHECK(strcmp(aj_zone_role_name((aj_zone_role)i), "unknown") != 0);
}

int main(void)
{
    cards();
    amd_energy();
    battery();
    rows();
    fixture_remove();
    return check_report();
}
