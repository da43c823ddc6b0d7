/* meter: every source opened, a cgroup followed and a window divided, while every allocation gets its turn to
 * fail: NO_MEMORY and nothing left behind, or the whole meter. */
#include <fcntl.h>

#include "meter_nvml.h"
#include "meter_tree.h"

/* Stands in for the C library's: allocation number `countdown` and all later ones fail. */
static long countdown = -1;
static bool failed;
void *aligned_alloc(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size)
{
    void *pointer = NULL;
    failed = failed || countdown == 0;
    if (countdown == 0) return NULL;
    if (countdown > 0) countdown--;
    return posix_memalign(&pointer, alignment, size) == 0 ? pointer : NULL;
}

static int n_open_files(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static int open_event(void *user, uint32_t type, uint64_t config, int cpu, int *fd)
{
    (void)user, (void)type, (void)config, (void)cpu;
    *fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return *fd >= 0 ? 0 : errno;
}

static int read_event(void *user, int fd, uint64_t *count)
{
    (void)user, (void)fd;
    *count = 1000;
    return 0;
}

static int open_bus(void *user, int *fd)
{
    return open_event(user, 0, 0, 0, fd);
}

static int send_bus(void *user, int fd, long id, uint8_t function, uint8_t command, const uint8_t *data,
                    size_t size)
{
    (void)fd, (void)function, (void)command, (void)data, (void)size;
    *(long *)user = id;
    return 0;
}

static int receive_bus(void *user, int fd, int wait_milliseconds, long *id, uint8_t *data, size_t size,
                       size_t *n)
{
    (void)fd, (void)wait_milliseconds;
    memset(data, 0x40, size);
    data[0] = 0;
    data[1] = 0xdc;
    *id = *(long *)user;
    *n = 19;
    return 0;
}

static long bus_id;
static const ajp_perf_io perf = {open_event, read_event, NULL};
static const ajp_ipmi_io bus = {open_bus, send_bus, receive_bus, &bus_id};

static void put_machine(meter_tree *t)
{
    meter_tree_begin(t);
    t->tree.perf = &perf;
    t->tree.ipmi = &bus;
    meter_nvml_stub(METER_NVML_FULL);
    t->tree.nvml_library = meter_nvml_path(METER_NVML_FULL);
    meter_tree_zone(t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_put(t, "bus/event_source/devices/power/type", "20\n");
    meter_tree_put(t, "bus/event_source/devices/power/cpumask", "0\n");
    meter_tree_put(t, "bus/event_source/devices/power/events/energy-pkg", "event=0x02\n");
    meter_tree_put(t, "bus/event_source/devices/power/events/energy-pkg.unit", "Joules\n");
    meter_tree_put(t, "bus/event_source/devices/power/events/energy-pkg.scale", "2.3e-10\n");
    meter_tree_put(t, "class/hwmon/hwmon0/name", "amdgpu\n");
    meter_tree_number(t, "class/hwmon/hwmon0/power1_average", 100000000);
    meter_tree_put(t, "class/power_supply/BAT0/type", "Battery\n");
    meter_tree_put(t, "class/power_supply/BAT0/status", "Discharging\n");
    meter_tree_number(t, "class/power_supply/BAT0/power_now", 1000000);
    meter_tree_put(t, "proc/stat", "cpu  10 0 0 9 7 0 0 5\ncpu0 1\n");
    meter_tree_put(t, "proc/100/stat", "100 (a) S 1 1 1 0 -1 0 9 9 9 9 5 5 0 0 20 0 1 0 9 99 9\n");
    meter_tree_put(t, "proc/100/task/100/children", "");
    meter_tree_put(t, "proc/100/cgroup", "0::/job\n");
    meter_tree_put(t, "fs/cgroup/job/cpu.stat", "usage_usec 5\n");
    meter_tree_put(t, "fs/cgroup/job/cgroup.procs", "100\n");
}

static aj_status run(meter_tree *t, aj_meter **meter, aj_error *err)
{
    AJ_TRY(ajp_meter_open_tree(meter, NULL, "+ipmi", &t->tree, err));
    AJ_TRY(ajp_meter_follow(*meter, t->tree.proc_root, &(ajp_followed){100, NULL}, err));
    AJ_TRY(aj_meter_start(*meter, err));
    t->now_seconds += 1;
    return aj_meter_stop(*meter, NULL, err);
}

int main(void)
{
    meter_tree t;
    aj_error err;
    put_machine(&t);
    int n_before = n_open_files();
    aj_status st = AJ_NO_MEMORY;
    long n = 0;
    failed = true;
    for (; failed && n < 1000; n++) {
        aj_meter *meter = NULL;
        countdown = n;
        failed = false;
        st = run(&t, &meter, &err);
        countdown = -1;
        CHECK(st == AJ_OK || st == AJ_NO_MEMORY);
        if (st == AJ_OK) {
            CHECK_INT(meter->n_zones, 7);
            /* Without memory to look at the cgroup, the processes are followed. */
            CHECK_CONTAINS(aj_meter_followed(meter), failed ? "process 100" : "cgroup /job");
        }
        aj_meter_close(meter);
        CHECK_INT(n_open_files(), n_before);
    }
    CHECK(st == AJ_OK && n > 10);
    fixture_remove();
    return check_report();
}
