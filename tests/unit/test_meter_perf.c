/* test_meter_perf.c: RAPL through perf events: the kernel's description on simulated trees, the system calls
 * injected. */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <time.h>

#include "meter_tree.h"

enum { MOST_FILES = 64, N_CPUS = 32, N_EVENTS = 8 };

typedef struct {
    meter_tree t;
    ajp_perf_io io;
    uint64_t counts[N_EVENTS][N_CPUS];
    uint64_t configs[MOST_FILES]; /* by descriptor */
    int cpus[MOST_FILES];
    int open_error, read_error, failing_config; /* 0: none; failing_config -1: all */
    int n_open;
} bed;

static int open_event(void *user, uint32_t type, uint64_t config, int cpu, int *fd)
{
    bed *b = user;
    CHECK_INT(type, 20);
    if (b->open_error != 0 && (b->failing_config < 0 || (int)config == b->failing_config))
        return b->open_error;
    *fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (*fd < 0 || *fd >= MOST_FILES) exit(1);
    b->configs[*fd] = config;
    b->cpus[*fd] = cpu;
    b->n_open++;
    return 0;
}

static int read_event(void *user, int fd, uint64_t *count)
{
    bed *b = user;
    if (b->read_error != 0 && (b->failing_config < 0 || (int)b->configs[fd] == b->failing_config))
        return b->read_error;
    *count = b->counts[b->configs[fd]][b->cpus[fd]];
    return 0;
}

static void put_event(const bed *b, const char *name, const char *config)
{
    char path[200];
    snprintf(path, sizeof path, "bus/event_source/devices/power/events/%s", name);
    meter_tree_put(&b->t, path, config);
    snprintf(path, sizeof path, "bus/event_source/devices/power/events/%s.unit", name);
    meter_tree_put(&b->t, path, "Joules\n");
    snprintf(path, sizeof path, "bus/event_source/devices/power/events/%s.scale", name);
    meter_tree_put(&b->t, path, "2.3283064365386962890625e-10\n");
}

static void put_cpu(const bed *b, int cpu, int package, int die)
{
    char path[200];
    snprintf(path, sizeof path, "devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
    meter_tree_number(&b->t, path, (uint64_t)package);
    snprintf(path, sizeof path, "devices/system/cpu/cpu%d/topology/die_id", cpu);
    meter_tree_number(&b->t, path, (uint64_t)die);
}

static void begin(bed *b, const char *mask)
{
    memset(b, 0, sizeof *b);
    meter_tree_begin(&b->t);
    b->io = (ajp_perf_io){open_event, read_event, b};
    b->t.tree.perf = &b->io;
    meter_tree_put(&b->t, "bus/event_source/devices/power/type", "20\n");
    meter_tree_put(&b->t, "bus/event_source/devices/power/cpumask", mask);
    put_event(b, "energy-cores", "event=0x01\n");
    put_event(b, "energy-pkg", "event=0x02\n");
    put_event(b, "energy-ram", "event=0x03\n");
    put_event(b, "energy-psys", "event=0x05\n");
    put_cpu(b, 0, 0, 0);
    put_cpu(b, 18, 1, 0);
}

static void spend(bed *b, int config, int cpu, double joules)
{
    b->counts[config][cpu] += (uint64_t)(joules * 4294967296.0);
}

/* Two sockets: packages and DRAM are added, cores are a part, psys stands beside. */
static void two_sockets(void)
{
    bed b;
    aj_error err;
    begin(&b, "0,18\n");
    spend(&b, 2, 0, 1000); /* what was counted before the start */
    aj_meter *meter = meter_tree_start(&b.t, NULL);
    CHECK_INT(b.n_open, 8);
    for (int i = 0; i < 10; i++) {
        spend(&b, 2, 0, 10);
        spend(&b, 2, 18, 20);
        spend(&b, 1, 18, 15);
        spend(&b, 3, 0, 2);
        spend(&b, 3, 18, 3);
        spend(&b, 5, 0, 30);
        spend(&b, 5, 18, 40);
        b.t.now_seconds += 0.1;
        CHECK_OK(aj_meter_sample(meter, &err), err);
    }
    CHECK_INT(b.n_open, 8);
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 10 * (10 + 20 + 2 + 3), 1e-9);
    CHECK_CLOSE(reading.platform_joules, 700, 1e-9);
    CHECK_INT(reading.covers, 1u << AJ_ZONE_PACKAGE | 1u << AJ_ZONE_DRAM);
    CHECK(!reading.lower_bound);
    CHECK_CLOSE(meter_tree_get(meter, "package-1").energy_joules.value, 200, 1e-9);
    aj_zone_reading core = meter_tree_get(meter, "package-1/core");
    CHECK_INT(core.role, AJ_ZONE_ROLE_PART);
    CHECK_STRING(core.parent, "package-1");
    CHECK_STRING(core.source, "perf");
    CHECK_CLOSE(core.energy_joules.value, 150, 1e-9);
    CHECK_INT(meter_tree_get(meter, "psys-1").role, AJ_ZONE_ROLE_COVERS);
    aj_meter_close(meter);
}

static void dies(void)
{
    bed b;
    begin(&b, "0-1\n");
    put_cpu(&b, 0, 0, 0);
    put_cpu(&b, 1, 0, 1);
    aj_meter *meter = meter_tree_start(&b.t, "perf");
    spend(&b, 2, 0, 3);
    spend(&b, 2, 1, 4);
    b.t.now_seconds += 1;
    CHECK_CLOSE(meter_tree_stop(meter).energy_joules.value, 7, 1e-9);
    CHECK_CLOSE(meter_tree_get(meter, "package-0-die-1").energy_joules.value, 4, 1e-9);
    aj_meter_close(meter);
}

/* Beside powercap: copies of the same registers, compared. */
static void beside_powercap(void)
{
    bed b;
    aj_error err;
    begin(&b, "0,18\n");
    meter_tree_zone(&b.t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_zone(&b.t, "intel-rapl:0:0", "dram", INTEL_RANGE, 0);
    meter_tree_zone(&b.t, "intel-rapl:1", "package-1", INTEL_RANGE, 0);
    aj_meter *meter = meter_tree_start(&b.t, NULL);
    meter_tree_count(&b.t, "intel-rapl:0", 50000000);
    meter_tree_count(&b.t, "intel-rapl:0:0", 6000000);
    meter_tree_count(&b.t, "intel-rapl:1", 70000000);
    spend(&b, 2, 0, 50);
    spend(&b, 2, 18, 140);
    spend(&b, 3, 0, 6.01);
    spend(&b, 3, 18, 4); /* powercap does not show this one: counted here */
    spend(&b, 5, 0, 300);
    b.t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 50 + 6 + 70 + 4, 1e-9);
    CHECK_CONTAINS(aj_meter_remark(meter, 0), "package-1 of powercap and package-1 of perf");
    CHECK_CONTAINS(aj_meter_remark(meter, 0), "50 %");
    CHECK(aj_meter_remark(meter, 1) == NULL);
    aj_meter_close(meter);
    /* One package is refused by powercap and open here: counted here. */
    b.t.failing = "intel-rapl:1/energy_uj";
    b.t.error = EACCES;
    meter = meter_tree_start(&b.t, NULL);
    meter_tree_count(&b.t, "intel-rapl:0", 51000000);
    spend(&b, 2, 0, 1);
    spend(&b, 2, 18, 2);
    b.t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 1 + 2, 1e-9);
    CHECK(!reading.lower_bound);
    aj_meter_close(meter);
    /* Refused by both: it stays in the sum as what is missing. */
    b.open_error = EACCES;
    b.failing_config = -1;
    meter = meter_tree_start(&b.t, NULL);
    meter_tree_count(&b.t, "intel-rapl:0", 52000000);
    b.t.now_seconds += 1;
    reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.energy_joules.value, 1, 1e-9);
    CHECK(reading.lower_bound);
    CHECK_OK(aj_meter_start(meter, &err), err);
    aj_meter_close(meter);
}

static void refuses(bed *b, aj_status want, const char *part)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_meter *meter = NULL;
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "perf", &b->t.tree, &err), want);
    CHECK_CONTAINS(err.message, part);
    CHECK(meter == NULL);
    aj_meter_close(meter);
}

static void refusals(void)
{
    static const int refused[] = {EACCES, EPERM};
    bed b;
    begin(&b, "0\n");
    b.failing_config = -1;
    for (int i = 0; i < 2; i++) {
        b.open_error = refused[i];
        refuses(&b, AJ_DENIED, "perf_event_paranoid=0");
        refuses(&b, AJ_DENIED, "setcap cap_perfmon=ep");
        refuses(&b, AJ_DENIED, "PLATYPUS");
    }
    b.open_error = ENODEV;
    refuses(&b, AJ_IO, "processor 0");
    b.open_error = 0;
    meter_tree_put(&b.t, "bus/event_source/devices/power/cpumask", "0;5\n");
    refuses(&b, AJ_CORRUPT, "cpumask");
    meter_tree_put(&b.t, "bus/event_source/devices/power/cpumask", "5-2\n");
    refuses(&b, AJ_CORRUPT, "cpumask");
    meter_tree_put(&b.t, "bus/event_source/devices/power/cpumask", "0\n");
    static const char *const scales[] = {"none\n", "0\n", "-1\n", "1e9\n", "nan\n"};
    for (int i = 0; i < 5; i++) {
        meter_tree_put(&b.t, "bus/event_source/devices/power/events/energy-ram.scale", scales[i]);
        refuses(&b, AJ_CORRUPT, "energy-ram.scale");
    }
    put_event(&b, "energy-ram", "event=0x03\n");
    meter_tree_put(&b.t, "bus/event_source/devices/power/events/energy-ram.unit", "mW\n");
    refuses(&b, AJ_CORRUPT, "mW");
    meter_tree_put(&b.t, "bus/event_source/devices/power/type", "x\n");
    refuses(&b, AJ_NOT_FOUND, "modprobe rapl");
    begin(&b, "0\n");
    b.t.tree.perf = NULL;
    refuses(&b, AJ_NOT_FOUND, "perf");
}

/* An event that fails is a gap; opened again it begins at 0. */
static void failing(void)
{
    bed b;
    aj_error err;
    begin(&b, "0\n");
    spend(&b, 2, 0, 500);
    aj_meter *meter = meter_tree_start(&b.t, "perf");
    spend(&b, 2, 0, 10);
    b.t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    b.read_error = b.open_error = ENODEV;
    b.failing_config = 2;
    b.t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    aj_zone_reading package = meter_tree_get(meter, "package-0");
    CHECK_INT(package.status, AJ_IO);
    CHECK_CLOSE(package.energy_joules.value, 10, 1e-9);
    CHECK(package.lower_bound);
    b.read_error = b.open_error = 0;
    b.counts[2][0] = 0;
    spend(&b, 2, 0, 7);
    b.t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    package = meter_tree_get(meter, "package-0");
    CHECK_INT(package.status, AJ_OK);
    CHECK_CLOSE(package.energy_joules.value, 17, 1e-9);
    CHECK_INT(package.n_resets, 1);
    CHECK(package.lower_bound && package.high_joules > 3000);
    aj_meter_close(meter);
}

/* The system call itself, on an event that needs no hardware: the clock of processor 0, in nanoseconds. */
static void real_call(void)
{
    const ajp_perf_io *io = &ajp_perf_io_real;
    uint64_t before = 0, after = 0;
    int fd = -1;
    int error = io->open(io->user, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 0, &fd);
    if (error != 0) {
        printf("perf_event_open is refused here (%s): not tried\n", strerror(error));
        CHECK(fd == -1);
        return;
    }
    CHECK_INT(io->read(io->user, fd, &before), 0);
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    CHECK_INT(io->read(io->user, fd, &after), 0);
    CHECK(after >= before);
    close(fd);
    CHECK_INT(io->read(io->user, fd, &after), EBADF);
}

int main(void)
{
    two_sockets();
    dies();
    beside_powercap();
    refusals();
    failing();
    real_call();
    fixture_remove();
    return check_report();
}
