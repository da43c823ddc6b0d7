/* test_meter_powercap.c: RAPL on simulated trees: who is counted, wraps, resets, refusals, sensors that go
 * away. */
#include <fcntl.h>

#include "meter_tree.h"

/* Two sockets with core and DRAM, psys over each, the MMIO copy of socket 0. */
static void put_server(meter_tree *t, uint64_t uj)
{
    meter_tree_zone(t, "intel-rapl:0", "package-0", INTEL_RANGE, 10 * uj);
    meter_tree_zone(t, "intel-rapl:0:0", "core", INTEL_RANGE, 4 * uj);
    meter_tree_zone(t, "intel-rapl:0:1", "uncore", INTEL_RANGE, 1 * uj);
    meter_tree_zone(t, "intel-rapl:0:2", "dram", INTEL_RANGE, 3 * uj);
    meter_tree_zone(t, "intel-rapl:1", "package-1", INTEL_RANGE, 20 * uj);
    meter_tree_zone(t, "intel-rapl:1:0", "core", INTEL_RANGE, 8 * uj);
    meter_tree_zone(t, "intel-rapl:1:1", "dram", INTEL_RANGE, 5 * uj);
    meter_tree_zone(t, "intel-rapl:2", "psys", INTEL_RANGE, 25 * uj);
    meter_tree_zone(t, "intel-rapl:3", "psys-1", INTEL_RANGE, 35 * uj);
    meter_tree_zone(t, "intel-rapl-mmio:0", "package-0", INTEL_RANGE, 10 * uj);
}

static void nothing_twice(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    put_server(&t, 0);
    aj_meter *meter = meter_tree_start(&t, "powercap");
    put_server(&t, 1000000);
    t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 10 + 3 + 20 + 5, 1e-12);
    CHECK_CLOSE(reading.high_joules, 38, 1e-12);
    CHECK_CLOSE(reading.platform_joules, 60, 1e-12);
    CHECK_CLOSE(reading.duration_seconds, 1, 1e-12);
    CHECK_INT(reading.covers, 1u << AJ_ZONE_PACKAGE | 1u << AJ_ZONE_DRAM);
    CHECK(!reading.lower_bound);
    CHECK_INT(reading.energy_joules.origin, AJ_MEASURED);
    aj_zone_reading core = meter_tree_get(meter, "package-1/core");
    CHECK_INT(core.role, AJ_ZONE_ROLE_PART);
    CHECK_STRING(core.parent, "package-1");
    CHECK_CLOSE(core.energy_joules.value, 8, 1e-12);
    CHECK_INT(meter_tree_get(meter, "psys-1").role, AJ_ZONE_ROLE_COVERS);
    size_t n_copies = 0;
    aj_zone_reading zone;
    for (size_t i = 0; aj_meter_zone(meter, i, &zone, NULL) == AJ_OK; i++)
        if (zone.role == AJ_ZONE_ROLE_COPY) {
            n_copies++;
            CHECK_CONTAINS(zone.file, "intel-rapl-mmio:0/");
            CHECK_STRING(zone.parent, "package-0");
        }
    CHECK_INT(n_copies, 1);
    aj_meter_close(meter);
}

/* A board that does not wire psys shows less than its packages: it is not believed. */
static void unwired_psys(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:1", "psys", INTEL_RANGE, 0);
    aj_meter *meter = meter_tree_start(&t, "powercap");
    meter_tree_count(&t, "intel-rapl:0", 5000000);
    meter_tree_count(&t, "intel-rapl:1", 1000000);
    t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 5, 1e-12);
    CHECK(isnan(reading.platform_joules));
    CHECK_CONTAINS(aj_meter_remark(meter, 0), "powercap shows 1 J");
    CHECK_CONTAINS(aj_meter_remark(meter, 0), "not wired");
    CHECK(aj_meter_remark(meter, 1) == NULL);
    aj_meter_close(meter);
}

/* psys has to hold DRAM as well: more than the package alone is not enough. */
static void psys_and_dram(double psys_joules, bool believed)
{
    meter_tree t;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:0:0", "dram", INTEL_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:1", "psys", INTEL_RANGE, 0);
    aj_meter *meter = meter_tree_start(&t, "powercap");
    meter_tree_count(&t, "intel-rapl:0", 50000000);
    meter_tree_count(&t, "intel-rapl:0:0", 20000000);
    meter_tree_count(&t, "intel-rapl:1", (uint64_t)(psys_joules * 1e6));
    t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 70, 1e-12);
    CHECK_INT(isnan(reading.platform_joules), !believed);
    CHECK_INT(aj_meter_remark(meter, 0) == NULL, believed);
    aj_meter_close(meter);
}

/* AMD's core zone reads the register of one core: a part, and never in a sum. */
static void amd(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", AMD_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:0:0", "core", AMD_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:1", "package-1", AMD_RANGE, AMD_RANGE - 500000u);
    meter_tree_zone(&t, "intel-rapl:1:0", "core", AMD_RANGE, 0);
    aj_meter *meter = meter_tree_start(&t, "powercap");
    meter_tree_count(&t, "intel-rapl:0", 90000000);
    meter_tree_count(&t, "intel-rapl:0:0", 3000000);
    meter_tree_count(&t, "intel-rapl:1", 80000000);
    meter_tree_count(&t, "intel-rapl:1:0", 200000000); /* nonsense must not matter */
    t.now_seconds += 1;
    CHECK_CLOSE(meter_tree_stop(meter).energy_joules.value, 90 + 80.500015, 1e-9);
    CHECK_INT(meter_tree_get(meter, "package-1/core").role, AJ_ZONE_ROLE_PART);
    CHECK_CLOSE(meter_tree_get(meter, "package-0/core").energy_joules.value, 3, 1e-12);
    aj_meter_close(meter);
}

/* The MMIO copy should show what the register shows. */
static void copies(void)
{
    meter_tree t;
    aj_error err;
    meter_tree_begin(&t);
    put_server(&t, 0);
    aj_meter *meter = meter_tree_start(&t, "powercap");
    put_server(&t, 1000000);
    t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    CHECK(aj_meter_remark(meter, 0) == NULL);
    meter_tree_count(&t, "intel-rapl-mmio:0", 9000000);
    CHECK_OK(aj_meter_start(meter, &err), err);
    put_server(&t, 2000000);
    meter_tree_count(&t, "intel-rapl-mmio:0", 15000000);
    t.now_seconds += 1;
    CHECK_CLOSE(meter_tree_stop(meter).energy_joules.value, 38, 1e-12);
    CHECK_CONTAINS(aj_meter_remark(meter, 0), "package-0 of powercap and package-0 of powercap");
    CHECK_CONTAINS(aj_meter_remark(meter, 0), "40 %");
    CHECK(aj_meter_remark(meter, 1) == NULL && aj_meter_remark(NULL, 0) == NULL);
    aj_meter_close(meter);
}

/* Two dies of one socket, AMD's range, a DRAM zone of its own, a sub-zone without its package, MMIO alone. */
static void other_shapes(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0-die-0", AMD_RANGE, AMD_RANGE - 1000000);
    meter_tree_zone(&t, "intel-rapl:1", "package-0-die-1", AMD_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:2", "dram", AMD_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:7:0", "core", AMD_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl-mmio:4", "package-1", AMD_RANGE, 0);
    meter_tree_put(&t, "class/powercap/dtpm/name", "dtpm\n");
    aj_meter *meter = meter_tree_start(&t, "powercap");
    meter_tree_count(&t, "intel-rapl:0", 1000000);
    meter_tree_count(&t, "intel-rapl:1", 7000000);
    meter_tree_count(&t, "intel-rapl:2", 4000000);
    meter_tree_count(&t, "intel-rapl:7:0", 9000000);
    meter_tree_count(&t, "intel-rapl-mmio:4", 6000000);
    t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(meter);
    /* The wrap of die 0: 1 J before, 1 J after, and one tick of 15 uJ. */
    CHECK_CLOSE(reading.energy_joules.value, 2.000015 + 7 + 4 + 6, 1e-9);
    CHECK_INT(meter_tree_get(meter, "package-0-die-0").n_wraps, 1);
    CHECK_INT(meter_tree_get(meter, "core").role, AJ_ZONE_ROLE_UNPLACED);
    CHECK(isnan(reading.platform_joules));
    aj_meter_close(meter);
}

static void resets_and_wraps(void)
{
    meter_tree t;
    aj_error err;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", AMD_RANGE, 30000000000);
    aj_meter *meter = meter_tree_start(&t, "powercap");
    meter_tree_count(&t, "intel-rapl:0", 5000000); /* written to 0 on the way */
    t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    meter_tree_count(&t, "intel-rapl:0", 9000000);
    t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 9, 1e-12);
    CHECK(reading.lower_bound);
    CHECK_CLOSE(reading.gap_seconds, 1, 1e-12);
    CHECK(reading.high_joules > 1500);
    CHECK_INT(meter_tree_get(meter, "package-0").n_resets, 1);
    /* Ten minutes without a sample: the number of wraps (each 65.5 kJ) is not known. */
    CHECK_OK(aj_meter_start(meter, &err), err);
    t.now_seconds += 600;
    reading = meter_tree_stop(meter);
    CHECK(reading.low_joules == 0);
    CHECK_CLOSE(reading.high_joules, 13 * 65532.611, 1e-6);
    CHECK_INT(meter_tree_get(meter, "package-0").n_resets, 0);
    /* A zone that does nothing is a true zero, with status OK. */
    CHECK_OK(aj_meter_start(meter, &err), err);
    t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK(reading.energy_joules.value == 0 && !reading.lower_bound);
    CHECK_INT(meter_tree_get(meter, "package-0").status, AJ_OK);
    aj_meter_close(meter);
}

static void refusals(void)
{
    meter_tree t;
    aj_error err;
    aj_meter *meter = NULL;
    meter_tree_begin(&t);
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "powercap", &t.tree, &err), AJ_NOT_FOUND);
    CHECK(meter == NULL);
    CHECK_CONTAINS(err.message, "modprobe");
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, NULL, &t.tree, &err), AJ_NOT_FOUND);
    put_server(&t, 0);
    t.failing = "energy_uj";
    t.error = EACCES;
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "powercap", &t.tree, &err), AJ_DENIED);
    CHECK_CONTAINS(err.message, "PLATYPUS");
    CHECK_CONTAINS(err.message, "sudo chmod a+r /sys/class/powercap/*/energy_uj");
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, NULL, &t.tree, &err), AJ_DENIED);
    CHECK_CONTAINS(err.message, "PLATYPUS");
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "powercop", &t.tree, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "powercop");
    /* One socket refused: the other is measured, and the sum says that it is not all. */
    t.failing = "intel-rapl:1/energy_uj";
    meter = meter_tree_start(&t, "powercap");
    meter_tree_count(&t, "intel-rapl:0", 2000000);
    t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 2, 1e-12);
    CHECK(reading.lower_bound);
    CHECK(reading.high_joules >= 1502);
    aj_zone_reading zone = meter_tree_get(meter, "package-1");
    CHECK_INT(zone.status, AJ_DENIED);
    CHECK(isnan(zone.energy_joules.value));
    aj_meter_close(meter);
}

/* Gone in the middle; back later: the counter ran on, so nothing is lost but the time is a gap. */
static void vanishing(int error, aj_status want)
{
    meter_tree t;
    aj_error err;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    aj_meter *meter = meter_tree_start(&t, "powercap");
    meter_tree_count(&t, "intel-rapl:0", 3000000);
    t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    t.failing = "energy_uj";
    t.error = error;
    t.now_seconds += 2;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 3, 1e-12);
    CHECK(reading.lower_bound);
    CHECK_CLOSE(reading.gap_seconds, 2, 1e-12);
    CHECK_CLOSE(reading.high_joules, 3 + 2 * 1500, 1e-9);
    CHECK_INT(meter_tree_get(meter, "package-0").status, want);
    CHECK(meter_tree_get(meter, "package-0").message[0] != '\0');
    t.failing = NULL;
    meter_tree_count(&t, "intel-rapl:0", 8000000);
    t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 8, 1e-12);
    CHECK(!reading.lower_bound);
    CHECK_CLOSE(reading.longest_gap_seconds, 3, 1e-12);
    CHECK_STRING(meter_tree_get(meter, "package-0").message, "");
    aj_meter_close(meter);
}

static void garbage(const char *text)
{
    meter_tree t;
    aj_error err;
    aj_meter *meter = NULL;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_put(&t, "class/powercap/intel-rapl:0/energy_uj", text);
    aj_status st = ajp_meter_open_tree(&meter, NULL, "powercap", &t.tree, &err);
    if (st == AJ_OK) { /* a number, but beyond the counter's range: found at the first sample */
        CHECK_OK(aj_meter_start(meter, &err), err);
        aj_reading reading = meter_tree_stop(meter);
        CHECK(isnan(reading.energy_joules.value));
        CHECK_INT(meter_tree_get(meter, "package-0").status, AJ_CORRUPT);
    } else {
        CHECK_INT(st, AJ_CORRUPT);
        CHECK_CONTAINS(err.message, "intel-rapl:0/energy_uj");
    }
    aj_meter_close(meter);
}

/* A number without an end of line is a number. */
static void no_newline(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    aj_meter *meter = meter_tree_start(&t, NULL);
    meter_tree_put(&t, "class/powercap/intel-rapl:0/energy_uj", "1500000");
    t.now_seconds += 1;
    CHECK_CLOSE(meter_tree_stop(meter).energy_joules.value, 1.5, 1e-12);
    aj_meter_close(meter);
}

/* 1, 10 and 100 readings a second of the same course give the same joules, wraps included. */
static void rates(void)
{
    for (double hertz = 1; hertz <= 100; hertz *= 10) {
        meter_tree t;
        aj_error err;
        meter_tree_begin(&t);
        uint64_t modulus = AMD_RANGE + 15u, first = AMD_RANGE - 2000000000u;
        meter_tree_zone(&t, "intel-rapl:0", "package-0", AMD_RANGE, first);
        aj_meter *meter = meter_tree_start(&t, "powercap");
        double joules = 0;
        for (long i = 1; i <= (long)(20 * hertz); i++) {
            double at = (double)i / hertz; /* 200 W + 100 W sin(t) */
            joules = 200 * at + 100 * (1 - cos(at));
            t.now_seconds = 1000 + at;
            meter_tree_count(&t, "intel-rapl:0", (first + (uint64_t)(joules * 1e6)) % modulus);
            CHECK_OK(aj_meter_sample(meter, &err), err);
        }
        CHECK_CLOSE(meter_tree_stop(meter).energy_joules.value, joules, 1e-8);
        CHECK_INT(meter_tree_get(meter, "package-0").n_wraps, 1);
        aj_meter_close(meter);
    }
}

static int n_open_files(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Files stay open between readings; one that was replaced or came back is opened again, and none outlives
 * the meter. */
static void files(void)
{
    meter_tree t;
    aj_error err;
    char path[600], other[620];
    int n_before = n_open_files();
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_zone(&t, "intel-rapl:1", "package-1", INTEL_RANGE, 0);
    snprintf(path, sizeof path, "%s/class/powercap/intel-rapl:0/energy_uj", t.tree.root);
    snprintf(other, sizeof other, "%s.new", path);
    aj_meter *meter = meter_tree_start(&t, "powercap");
    CHECK_INT(n_open_files() - n_before, 2);
    meter_tree_put(&t, "class/powercap/intel-rapl:0/energy_uj.new", "3000000\n");
    CHECK_INT(rename(other, path), 0);
    t.now_seconds += 1;
    CHECK_CLOSE(meter_tree_stop(meter).energy_joules.value, 3, 1e-12);
    CHECK_INT(n_open_files() - n_before, 2);
    unlink(path);
    t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    CHECK_INT(meter_tree_get(meter, "package-0").status, AJ_IO);
    meter_tree_count(&t, "intel-rapl:0", 5000000);
    t.now_seconds += 1;
    CHECK_CLOSE(meter_tree_stop(meter).energy_joules.value, 5, 1e-12);
    aj_meter_close(meter);
    CHECK_INT(n_open_files(), n_before);
}

static void misuse(void)
{
    meter_tree t;
    aj_error err;
    aj_meter *meter = NULL;
    aj_reading reading;
    aj_zone_reading zone;
    meter_tree_begin(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    CHECK_OK(ajp_meter_open_tree(&meter, NULL, NULL, &t.tree, &err), err);
    CHECK_INT(aj_meter_stop(meter, &reading, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_meter_zone(meter, 1, &zone, &err), AJ_NOT_FOUND);
    aj_meter_close(meter);
    aj_meter_close(NULL);
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    options.struct_size = 3;
    CHECK_INT(aj_meter_open(&meter, NULL, &options, &err), AJ_BAD_ARGUMENT);
}

int main(void)
{
    nothing_twice();
    unwired_psys();
    psys_and_dram(69, false);
    psys_and_dram(70, true);
    amd();
    copies();
    other_shapes();
    resets_and_wraps();
    refusals();
    vanishing(EIO, AJ_IO);
    vanishing(ENOENT, AJ_IO);
    vanishing(EACCES, AJ_DENIED);
    garbage("");
    garbage("\n");
    garbage("twelve\n");
    garbage("12 34\n");
    garbage("-5\n");
    garbage("99999999999999999999999999\n");
    garbage("262143328950\n");
    no_newline();
    rates();
    files();
    misuse();
    fixture_remove();
    return check_report();
}
