/* test_meter_model.c: the power model on simulated machines without sensors: virtual machines with a name and
 * with a cut one, bare metal, containers, processors that no table knows; load, energy, intervals, division.
 */
#include <unistd.h>

#include "base/csv.h"
#include "meter/model_host.h"
#include "meter/model_tables.h"
#include "meter_tree.h"

static const double dram_low_watts = 0.048, dram_watts = 0.173, dram_high_watts = 0.625; /* per 1e9 bytes */

/* ---- simulated machines ------------------------------------------------------------------------------- */

static void put_cpu(const meter_tree *t, const char *vendor, int family, int model, int stepping,
                    const char *name, int siblings, const char *flags)
{
    char text[900];
    snprintf(
        text, sizeof text,
        "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %d\nmodel\t\t: %d\nmodel name\t: %s\nstepping\t: %d\n"
        "siblings\t: %d\nflags\t\t: fpu vme %s lahf_lm\nbugs\t\t:\n\nprocessor\t: 1\nmodel name\t: another\n",
        vendor, family, model, name, stepping, siblings, flags);
    meter_tree_put(t, "proc/cpuinfo", text);
}

/* Seconds of CPU time of all processors together, in ticks. */
static void put_load(const meter_tree *t, int n_threads, double busy_seconds, double idle_seconds)
{
    char text[8192];
    double tick = (double)sysconf(_SC_CLK_TCK);
    int n = snprintf(text, sizeof text, "cpu  %.0f 0 0 %.0f 0 0 0 0 0 0\n", busy_seconds * tick,
                     idle_seconds * tick);
    for (int i = 0; i < n_threads && n < 8000; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "cpu%d 1 1\n", i);
    snprintf(text + n, sizeof text - (size_t)n, "intr 12345\n");
    meter_tree_put(t, "proc/stat", text);
}

static void put_memory(const meter_tree *t, unsigned long kilobytes)
{
    char text[200];
    snprintf(text, sizeof text, "MemTotal:       %lu kB\nMemFree:        12 kB\n", kilobytes);
    meter_tree_put(t, "proc/meminfo", text);
}

static const char *const milan = "AMD EPYC 7763 64-Core Processor";

/* 8 of the 128 threads of an EPYC 7763 (280 W), 10 GB. */
static void begin_named(meter_tree *t)
{
    meter_tree_begin(t);
    put_cpu(t, "AuthenticAMD", 25, 1, 1, milan, 8, "hypervisor");
    put_load(t, 8, 100, 900);
    put_memory(t, 10000000000 / 1024);
}

/* One second more at a load, seen by the meter. */
typedef struct {
    double busy, idle;
} spent;

static void pass(meter_tree *t, aj_meter *meter, spent *s, int n_threads, double load, double seconds)
{
    aj_error err;
    s->busy += load * n_threads * seconds;
    s->idle += (1 - load) * n_threads * seconds;
    put_load(t, n_threads, s->busy, s->idle);
    t->now_seconds += seconds;
    CHECK_OK(aj_meter_sample(meter, &err), err);
}

static ajp_model_host find(meter_tree *t)
{
    aj_error err;
    ajp_model_host host;
    ajp_tree proc = t->tree;
    memset(&host, 0, sizeof host);
    proc.root = t->tree.proc_root;
    CHECK_OK(ajp_model_host_read(&host, NULL, &proc, &err), err);
    return host;
}

/* ---- which processor ---------------------------------------------------------------------------------- */

static void named_in_a_virtual_machine(void)
{
    meter_tree t;
    begin_named(&t);
    ajp_model_host host = find(&t);
    CHECK_STRING(host.family, "EPYC 7003");
    CHECK_INT(host.n_threads, 8);
    CHECK_CLOSE(host.host_threads, 128, 0);
    CHECK_CLOSE(host.tdp_watts.low, 280.0 * 8 / 128, 1e-12);
    CHECK_CLOSE(host.tdp_watts.middle, 280.0 * 8 / 128, 1e-12);
    CHECK_CLOSE(host.tdp_watts.high, 280.0 * 8 / 128, 1e-12);
    CHECK_INT(host.origin, AJ_MODELLED);
    CHECK_CLOSE(host.memory_bytes, 1e10, 1e-6);
    CHECK_CONTAINS(host.about, "8 of 128 hardware threads");
    CHECK_CLOSE(host.vcpu_full_watts, 2.02, 0);
    /* Threads from the table where the name does not say them; the longest name wins. */
    put_cpu(&t, "GenuineIntel", 6, 85, 7, "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz", 8, "hypervisor");
    host = find(&t);
    CHECK_STRING(host.family, "Xeon Scalable 2");
    CHECK_CLOSE(host.tdp_watts.high, 150.0 * 8 / 40, 1e-12);
    put_cpu(&t, "GenuineIntel", 6, 63, 2, "Intel(R) Xeon(R) CPU E5-2650L v3 @ 1.80GHz", 8, "hypervisor");
    CHECK_CLOSE(find(&t).tdp_watts.middle, 65.0 * 8 / 24, 1e-12);
    put_cpu(&t, "GenuineIntel", 6, 143, 8, "Intel(R) Xeon(R) Platinum 8480+", 8, "hypervisor");
    CHECK_CLOSE(find(&t).tdp_watts.middle, 350.0 * 8 / 112, 1e-12);
}

static void check_range(ajp_model_host host, double low, double high)
{
    CHECK_INT(host.origin, AJ_ASSUMED);
    CHECK_CLOSE(host.tdp_watts.low, low, 1e-12);
    CHECK_CLOSE(host.tdp_watts.high, high, 1e-12);
    CHECK_CLOSE(host.tdp_watts.middle, sqrt(low * high), 1e-12);
}

/* Only the family: from its leanest to its richest part. */
static void cut_names(void)
{
    meter_tree t;
    begin_named(&t);
    put_cpu(&t, "AuthenticAMD", 25, 17, 1, "AMD EPYC", 2, "hypervisor");
    put_load(&t, 2, 1, 1);
    ajp_model_host host = find(&t);
    CHECK_STRING(host.family, "EPYC 9004");
    check_range(host, 2 * 290.0 / 168, 2 * 320.0 / 32);
    CHECK_CONTAINS(host.about, "TDP not known");
    /* The stepping tells Skylake from Cascade Lake. */
    put_cpu(&t, "GenuineIntel", 6, 85, 4, "Intel(R) Xeon(R) CPU @ 2.00GHz", 2, "hypervisor");
    host = find(&t);
    CHECK_STRING(host.family, "Xeon Scalable 1");
    check_range(host, 2 * 165.0 / 56, 2 * 85.0 / 6);
    put_cpu(&t, "GenuineIntel", 6, 85, 7, "Intel(R) Xeon(R) CPU @ 2.20GHz", 2, "hypervisor");
    CHECK_STRING(find(&t).family, "Xeon Scalable 2");
    /* A name of the same numbers. */
    put_cpu(&t, "AuthenticAMD", 25, 97, 2, "AMD Ryzen 9 7950X 16-Core Processor", 32, "svm");
    CHECK_STRING(find(&t).family, "Ryzen");
    put_cpu(&t, "AuthenticAMD", 25, 24, 1, "AMD Ryzen Threadripper 7970X 32-Cores", 64, "svm");
    CHECK_STRING(find(&t).family, "Ryzen Threadripper");
}

static void own_machines(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    /* The machine of the E5-2620 trace: two packages. */
    put_cpu(&t, "GenuineIntel", 6, 63, 2, "Intel(R) Xeon(R) CPU E5-2620 v3 @ 2.40GHz", 12, "vmx");
    put_load(&t, 24, 1, 1);
    ajp_model_host host = find(&t);
    CHECK_CLOSE(host.n_packages, 2, 1e-12);
    CHECK_CLOSE(host.tdp_watts.high, 2 * 85, 1e-12);
    CHECK_INT(host.origin, AJ_MODELLED);
    CHECK(isnan(host.memory_bytes));
    /* A container that is shown 4 of the 12 threads. */
    put_load(&t, 4, 1, 1);
    CHECK_CLOSE(find(&t).tdp_watts.middle, 85 / 3.0, 1e-12);
    /* A part that is in no table: the family's parts with so many threads, within the TDPs that are sold. */
    put_cpu(&t, "AuthenticAMD", 26, 2, 1, "AMD EPYC 9999 128-Core Processor", 256, "svm");
    put_load(&t, 512, 1, 1);
    check_range(find(&t), 512 * 500.0 / 384, 2 * 500);
    /* Desktop parts hold more than their TDP, where the vendor allows it. */
    put_cpu(&t, "GenuineIntel", 6, 151, 2, "12th Gen Intel(R) Core(TM) i9-12900K", 24, "vmx");
    put_load(&t, 24, 1, 1);
    CHECK_CLOSE(find(&t).tdp_watts.middle, 125, 1e-12);
    CHECK_CLOSE(find(&t).tdp_watts.high, 125 * 2.1, 1e-12);
}

static void unknown(void)
{
    meter_tree t;
    meter_tree_begin(&t);
    put_cpu(&t, "FutureChips", 99, 1, 1, "Future Chip X", 16, "hypervisor");
    put_load(&t, 16, 1, 1);
    ajp_model_host host = find(&t);
    check_range(host, 16 * 133.0 / 128, 16 * 80.0 / 4); /* Altra Max M128-26, Xeon E5-2603 */
    CHECK_CONTAINS(host.about, "Future Chip X is in no table");
    CHECK(isnan(host.vcpu_full_watts));
    put_cpu(&t, "FutureChips", 99, 1, 1, "", 16, "");
    host = find(&t);
    CHECK(host.tdp_watts.low > 0 && host.tdp_watts.high <= 500 * 2.1 && host.tdp_watts.high >= 500);
    CHECK_CONTAINS(host.about, "without a name");
    /* ARM has no name and says nothing about hypervisors. */
    meter_tree_put(&t, "proc/cpuinfo",
                   "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp\nCPU implementer\t: 0x41\n"
                   "CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n");
    put_load(&t, 4, 1, 1);
    host = find(&t);
    CHECK_CONTAINS(host.family, "Neoverse N1");
    check_range(host, 4 * 133.0 / 128, 4 * 250.0 / 80);
    CHECK_CLOSE(host.vcpu_full_watts, 1.69, 0);
    /* Nothing that can be understood is still a processor. */
    static const char *const garbage[] = {
        "", "\n", ":", "vendor_id", "model name\t:\n", "siblings : -3\n\n", "\t: \n:::"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        ajp_cpu_id id;
        aj_error err;
        ajp_cpu_id_parse(&id, garbage[i]);
        CHECK_OK(ajp_model_host_find(&host, NULL, &id, 0, &err), err);
        CHECK(host.tdp_watts.low > 0 && host.tdp_watts.low <= host.tdp_watts.middle && host.n_threads == 1);
    }
}

/* ---- energy ---------------------------------------------------------------------------------------------
 */

/* Loads of 0, 50 and 100 %: knots of the curve, so the numbers are those of the table. */
static void loads(void)
{
    static const double at[] = {0, 0.5, 1};
    static const int knot[] = {0, 2, 4};
    const double tdp = 280.0 * 8 / 128;
    for (int i = 0; i < 3; i++) {
        meter_tree t;
        aj_error err;
        begin_named(&t);
        spent s = {100, 900};
        aj_meter *meter = meter_tree_start(&t, NULL);
        for (int k = 0; k < 10; k++) pass(&t, meter, &s, 8, at[i], 1);
        aj_reading reading = meter_tree_stop(meter);
        aj_zone_reading machine = meter_tree_get(meter, "machine"), dram = meter_tree_get(meter, "dram"),
                        package = meter_tree_get(meter, "package");
        ajp_band want = ajp_load_curve_shipped.knots[knot[i]];
        CHECK_CLOSE(package.energy_joules.value, 10 * tdp * want.middle, 1e-5);
        CHECK_NEAR(package.low_joules, 10 * tdp * want.low, 1e-5);
        CHECK_CLOSE(package.high_joules, 10 * tdp * want.high, 1e-5);
        CHECK_INT(package.energy_joules.origin, AJ_MODELLED);
        CHECK_CONTAINS(package.message, "assumed shape, four machines");
        CHECK_CLOSE(dram.energy_joules.value, 10 * 10 * dram_watts, 1e-5);
        CHECK_CLOSE(dram.low_joules, 10 * 10 * dram_low_watts, 1e-5);
        CHECK_CLOSE(dram.high_joules, 10 * 10 * dram_high_watts, 1e-5);
        CHECK_INT(dram.energy_joules.origin, AJ_ASSUMED);
        /* The machine holds both and is wider; it is beside the sum and no sensor's word. */
        CHECK_INT(machine.role, AJ_ZONE_ROLE_COVERS);
        CHECK(machine.low_joules >= package.low_joules + dram.low_joules);
        CHECK(machine.high_joules - machine.low_joules >
              package.high_joules - package.low_joules + dram.high_joules - dram.low_joules);
        CHECK(isnan(reading.platform_joules));
        /* One error all the time, and of all zones: the ends add up like the values. */
        CHECK_CLOSE(reading.energy_joules.value, package.energy_joules.value + dram.energy_joules.value,
                    1e-12);
        CHECK_CLOSE(reading.low_joules, package.low_joules + dram.low_joules, 1e-12);
        CHECK_CLOSE(reading.high_joules, package.high_joules + dram.high_joules, 1e-12);
        CHECK_INT(reading.energy_joules.origin, AJ_ASSUMED);
        CHECK(!reading.lower_bound);
        /* Anew: nothing of what was before. */
        CHECK_OK(aj_meter_start(meter, &err), err);
        t.now_seconds += 0.5;
        s.busy += 4;
        put_load(&t, 8, s.busy, s.idle);
        reading = meter_tree_stop(meter);
        CHECK_CLOSE(meter_tree_get(meter, "package").energy_joules.value,
                    0.5 * tdp * ajp_load_curve_shipped.knots[4].middle, 1e-5);
        aj_meter_close(meter);
    }
}

/* What came before a start is not in it, also where a window of the load was open. */
static void starts_anew(void)
{
    meter_tree t;
    aj_error err;
    begin_named(&t);
    spent s = {100, 900};
    aj_meter *meter = meter_tree_start(&t, NULL);
    pass(&t, meter, &s, 8, 1, 0.2);
    CHECK_OK(aj_meter_start(meter, &err), err);
    pass(&t, meter, &s, 8, 0, 0.2);
    aj_reading reading = meter_tree_stop(meter);
    aj_zone_reading package = meter_tree_get(meter, "package");
    CHECK_CLOSE(reading.duration_seconds, 0.2, 1e-9);
    CHECK_CLOSE(package.energy_joules.value, 0.2 * 17.5 * 0.153, 1e-5);
    CHECK_CLOSE(package.high_joules, 0.2 * 17.5 * 0.360, 1e-5);
    aj_meter_close(meter);
}

/* The rate of sampling does not change the answer: load changes every 7 s. */
static double joules_at(double hertz, double *low, double *high)
{
    meter_tree t;
    begin_named(&t);
    spent s = {100, 900};
    aj_meter *meter = meter_tree_start(&t, NULL);
    int n = (int)(70 * hertz + 0.5);
    for (int i = 0; i < n; i++) pass(&t, meter, &s, 8, (int)(i / hertz / 7) % 2 == 0 ? 0.9 : 0.1, 1 / hertz);
    aj_reading reading = meter_tree_stop(meter);
    CHECK_INT(meter_tree_get(meter, "package").n_resets, 0);
    *low = reading.low_joules;
    *high = reading.high_joules;
    aj_meter_close(meter);
    return reading.energy_joules.value;
}

static void rates(void)
{
    ajp_band busy = ajp_load_curve_at(&ajp_load_curve_shipped, 0.9),
             quiet = ajp_load_curve_at(&ajp_load_curve_shipped, 0.1);
    double tdp = 280.0 * 8 / 128, low, high;
    double want = 35 * tdp * (busy.middle + quiet.middle) + 70 * 10 * dram_watts,
           want_low = 35 * tdp * (busy.low + quiet.low) + 70 * 10 * dram_low_watts,
           want_high = 35 * tdp * (busy.high + quiet.high) + 70 * 10 * dram_high_watts;
    static const double hertz[] = {1, 10, 100};
    for (int i = 0; i < 3; i++) {
        CHECK_CLOSE(joules_at(hertz[i], &low, &high), want, 0.005);
        CHECK_CLOSE(low, want_low, 0.03);
        CHECK_CLOSE(high, want_high, 0.01);
    }
}

/* Few fields, too few, none; time that goes back; a failure in between loses nothing. */
static void bad_stat(void)
{
    meter_tree t;
    aj_error err;
    aj_meter *meter = NULL;
    begin_named(&t);
    meter_tree_put(&t, "proc/stat", "cpu  100 0 0 900\n");
    meter = meter_tree_start(&t, NULL);
    meter_tree_put(&t, "proc/stat", "cpu  200 0 0 900\n");
    t.now_seconds += 2;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(meter_tree_get(meter, "package").energy_joules.value, 2 * 17.5 * 0.714, 1e-5);
    meter_tree_put(&t, "proc/stat", "cpu  100 0 0 800\n"); /* back: the last load is kept */
    t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK_CLOSE(meter_tree_get(meter, "package").energy_joules.value, 3 * 17.5 * 0.714, 1e-5);
    meter_tree_put(&t, "proc/stat", "cpu  100\n");
    t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK_INT(meter_tree_get(meter, "package").status, AJ_CORRUPT);
    CHECK_CONTAINS(meter_tree_get(meter, "package").message, "proc(5)");
    CHECK(reading.lower_bound);
    meter_tree_put(&t, "proc/stat", "cpu  300 0 0 800\n");
    t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK_CLOSE(meter_tree_get(meter, "package").energy_joules.value, 5 * 17.5 * 0.714, 1e-5);
    aj_meter_close(meter);
    t.failing = "stat";
    t.error = EACCES;
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "model", &t.tree, &err), AJ_DENIED);
    t.error = ENOENT;
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, NULL, &t.tree, &err), AJ_NOT_FOUND);
    /* Without meminfo there is no zone for memory, never one of 0 J. */
    t.failing = "meminfo";
    meter = meter_tree_start(&t, NULL);
    aj_zone_reading zone;
    for (size_t i = 0; aj_meter_zone(meter, i, &zone, NULL) == AJ_OK; i++) CHECK(zone.kind != AJ_ZONE_DRAM);
    aj_meter_close(meter);
}

/* ---- beside sensors -------------------------------------------------------------------------------------
 */

static void beside_sensors(void)
{
    meter_tree t;
    aj_error err;
    begin_named(&t);
    meter_tree_zone(&t, "intel-rapl:0", "package-0", AMD_RANGE, 0);
    /* A package that is measured is not modelled once more. */
    aj_meter *meter = meter_tree_start(&t, NULL);
    aj_zone_reading zone;
    CHECK_OK(aj_meter_zone(meter, 0, &zone, &err), err);
    CHECK_STRING(zone.source, "powercap");
    CHECK_STRING(zone.message, "");
    CHECK_INT(zone.energy_joules.origin, AJ_MEASURED);
    CHECK_INT(aj_meter_zone(meter, 1, &zone, &err), AJ_NOT_FOUND);
    aj_meter_close(meter);
    /* One that root alone may read is modelled, and the remedy and its risk are told. */
    t.failing = "energy_uj";
    t.error = EACCES;
    meter = meter_tree_start(&t, NULL);
    zone = meter_tree_get(meter, "package");
    CHECK_STRING(zone.source, "model");
    CHECK_CONTAINS(zone.message, "four machines");
    CHECK_CONTAINS(zone.message, "chmod a+r");
    CHECK_CONTAINS(zone.message, "PLATYPUS");
    aj_meter_close(meter);
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "powercap", &t.tree, &err), AJ_DENIED);
    /* A graphics card that is measured and a package that is not: the sum has the worst origin.  A battery
     * around both is believed, although the model says more than it. */
    t.failing = NULL;
    begin_named(&t);
    meter_tree_put(&t, "class/hwmon/hwmon0/name", "amdgpu\n");
    meter_tree_number(&t, "class/hwmon/hwmon0/power1_average", 100000000);
    meter_tree_put(&t, "class/power_supply/BAT0/type", "Battery\n");
    meter_tree_put(&t, "class/power_supply/BAT0/status", "Discharging\n");
    meter_tree_number(&t, "class/power_supply/BAT0/power_now", 1000000);
    spent s = {100, 900};
    meter = meter_tree_start(&t, NULL);
    pass(&t, meter, &s, 8, 1, 1);
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 100 + 17.5 * 0.714 + 10 * dram_watts, 1e-5);
    CHECK_INT(reading.energy_joules.origin, AJ_ASSUMED);
    CHECK_INT(reading.covers, 1u << AJ_ZONE_GPU | 1u << AJ_ZONE_PACKAGE | 1u << AJ_ZONE_DRAM);
    CHECK_CLOSE(reading.platform_joules, 1, 1e-12);
    aj_meter_close(meter);
}

/* ---- whose joules -----------------------------------------------------------------------------------------
 */

static void put_process(const meter_tree *t, int pid, double seconds)
{
    char path[100], text[300];
    snprintf(path, sizeof path, "proc/%d/stat", pid);
    snprintf(text, sizeof text, "%d (a) S 1 1 1 0 -1 4194304 9 9 9 9 %.0f 0 0 0 20 0 1 0 5 99 9\n", pid,
             seconds * (double)sysconf(_SC_CLK_TCK));
    meter_tree_put(t, path, text);
    snprintf(path, sizeof path, "proc/%d/task/%d/children", pid, pid);
    meter_tree_put(t, path, "");
}

static void check_division(const aj_zone_reading *zone)
{
    CHECK_CLOSE(zone->attributed_joules + zone->idle_joules + zone->others_joules, zone->energy_joules.value,
                1e-12);
    CHECK(zone->attributed_joules >= 0 && zone->idle_joules >= 0 && zone->others_joules >= 0);
}

/* A process on 2 of 8 threads, others on 2 more: attributed + idle + others = modelled, in every zone. */
static void division(void)
{
    meter_tree t;
    aj_error err;
    begin_named(&t);
    put_process(&t, 100, 0);
    spent s = {100, 900};
    aj_meter *meter = NULL;
    CHECK_OK(ajp_meter_open_tree(&meter, NULL, NULL, &t.tree, &err), err);
    CHECK_OK(ajp_meter_follow(meter, t.tree.proc_root, &(ajp_followed){100, NULL}, &err), err);
    CHECK_OK(aj_meter_start(meter, &err), err);
    for (int i = 1; i <= 10; i++) {
        put_process(&t, 100, 2.0 * i);
        pass(&t, meter, &s, 8, 0.5, 1);
    }
    aj_reading reading = meter_tree_stop(meter);
    aj_zone_reading package = meter_tree_get(meter, "package"), dram = meter_tree_get(meter, "dram");
    check_division(&package);
    check_division(&dram);
    CHECK_CLOSE(package.idle_watts, 17.5 * 0.153, 1e-12);
    CHECK_INT(package.idle_origin, AJ_ASSUMED);
    CHECK_CLOSE(package.idle_joules, 10 * 17.5 * 0.153, 1e-5);
    CHECK_CLOSE(package.attributed_joules, 10 * 17.5 * (0.496 - 0.153) / 2, 1e-4);
    /* Memory draws the same at any load: all of it would have been drawn anyway. */
    CHECK_CLOSE(dram.idle_joules, dram.energy_joules.value, 1e-5);
    CHECK_CLOSE(reading.attributed_joules.value + reading.idle_joules + reading.others_joules,
                reading.energy_joules.value, 1e-12);
    CHECK_INT(reading.attributed_joules.origin, AJ_ASSUMED);
    /* A quiet window of a model teaches the model's own idle, and does not call it measured. */
    CHECK_OK(aj_meter_start(meter, &err), err);
    for (int i = 0; i < 3; i++) pass(&t, meter, &s, 8, 0, 1);
    CHECK_OK(aj_meter_learn_idle(meter, &err), err);
    package = meter_tree_get(meter, "package");
    CHECK_CLOSE(package.idle_watts, 17.5 * 0.153, 1e-5);
    CHECK_INT(package.idle_origin, AJ_MODELLED);
    aj_meter_close(meter);
}

/* ---- the curve and the tables
 * ------------------------------------------------------------------------------- */

static void curve(void)
{
    ajp_load_curve fit;
    aj_error err;
    /* Two machines of one and three: mean 2, s = sqrt(2), t(0.90, 1) = 6.313752, half = t s sqrt(1.5). */
    ajp_load_point low[] = {{1, 1}, {0, 1}}, high[] = {{0, 3}, {1, 3}},
                   falling[] = {{0, 3}, {0.5, 1}, {1, 5}};
    ajp_load_trace two[] = {{low, 2}, {high, 2}};
    CHECK_OK(ajp_load_curve_fit(&fit, two, 2, &err), err);
    CHECK_CLOSE(fit.knots[2].middle, 2, 1e-12);
    CHECK_CLOSE(fit.knots[2].high, 2 + 6.313751515 * sqrt(2) * sqrt(1.5), 1e-8);
    CHECK(fit.knots[2].low == 0);
    /* What falls is pooled: 2, 2, 5. */
    ajp_load_trace same[] = {{falling, 3}, {falling, 3}};
    CHECK_OK(ajp_load_curve_fit(&fit, same, 2, &err), err);
    CHECK_CLOSE(fit.knots[0].middle, 2, 1e-12);
    CHECK_CLOSE(fit.knots[2].high, 2, 1e-12);
    CHECK_CLOSE(fit.knots[3].low, 3.5, 1e-12);
    CHECK_INT(ajp_load_curve_fit(&fit, same, 1, &err), AJ_BAD_ARGUMENT);
    same[1].n = 1;
    CHECK_INT(ajp_load_curve_fit(&fit, same, 2, &err), AJ_BAD_ARGUMENT);
    ajp_band last = {0, 0, 0};
    for (int i = -20; i <= 120; i++) {
        ajp_band band = ajp_load_curve_at(&ajp_load_curve_shipped, i / 100.0);
        CHECK(band.low >= last.low && band.middle >= last.middle && band.high >= last.high);
        CHECK(band.low < band.middle && band.middle < band.high);
        last = band;
    }
}

static ajp_csv table(ajp_arena *arena, const char *name)
{
    ajp_csv csv = {0};
    aj_error err;
    for (const ajp_cpu_table *t = ajp_cpu_tables; t->name != NULL; t++)
        if (strcmp(t->name, name) == 0)
            CHECK_OK(ajp_csv_parse(&csv, arena, t->text, t->size, name, &err), err);
    CHECK(csv.n_rows > 0);
    return csv;
}

static const char *cell(const ajp_csv *csv, size_t row, const char *column)
{
    size_t k = ajp_csv_find(csv, column);
    CHECK(k != SIZE_MAX);
    return k != SIZE_MAX ? ajp_csv_text(csv, row, k) : "";
}

/* The part of that name must have this TDP, and these threads where it has any. */
static void check_part(const ajp_csv *parts, const char *name, const char *tdp, const char *threads)
{
    for (size_t i = 0; i < parts->n_rows; i++) {
        if (strcmp(cell(parts, i, "part"), name) != 0) continue;
        CHECK_STRING(cell(parts, i, "tdp"), tdp);
        if (cell(parts, i, "threads")[0] != '\0') CHECK_STRING(cell(parts, i, "threads"), threads);
    }
}

static void rows(void)
{
    ajp_arena arena;
    ajp_arena_init(&arena, NULL);
    ajp_csv families = table(&arena, "cpu-families"), parts = table(&arena, "cpu-parts"),
            vcpus = table(&arena, "cpu-vcpu-power");
    for (size_t i = 0; i < families.n_rows; i++) {
        double lean = atof(cell(&families, i, "lean_tdp")) / atof(cell(&families, i, "lean_threads")),
               rich = atof(cell(&families, i, "rich_tdp")) / atof(cell(&families, i, "rich_threads"));
        CHECK(lean > 0.5 && lean < rich && rich < 40);
        CHECK(atof(cell(&families, i, "tdp_low")) > 0);
        CHECK(atof(cell(&families, i, "tdp_low")) <= atof(cell(&families, i, "tdp_high")));
        CHECK(atof(cell(&families, i, "peak_ratio")) >= 1);
        CHECK(cell(&families, i, "source")[0] != '\0' && cell(&families, i, "licence")[0] != '\0');
        check_part(&parts, cell(&families, i, "lean_part"), cell(&families, i, "lean_tdp"),
                   cell(&families, i, "lean_threads"));
        check_part(&parts, cell(&families, i, "rich_part"), cell(&families, i, "rich_tdp"),
                   cell(&families, i, "rich_threads"));
        bool found = cell(&families, i, "vcpu_row")[0] == '\0';
        for (size_t k = 0; k < vcpus.n_rows; k++)
            found = found || strcmp(cell(&vcpus, k, "architecture"), cell(&families, i, "vcpu_row")) == 0;
        CHECK(found);
    }
    for (size_t i = 0; i < parts.n_rows; i++) {
        CHECK(atof(cell(&parts, i, "tdp")) >= 10 && atof(cell(&parts, i, "tdp")) <= 500);
        CHECK(cell(&parts, i, "source")[0] != '\0' && cell(&parts, i, "licence")[0] != '\0');
    }
    ajp_arena_free(&arena);
}

int main(void)
{
    named_in_a_virtual_machine();
    cut_names();
    own_machines();
    unknown();
    loads();
    starts_anew();
    rates();
    bad_stat();
    beside_sensors();
    division();
    curve();
    rows();
    fixture_remove();
    return check_report();
}
