/* test_meter_cgroup.c: the CPU time of a cgroup instead of its processes, on simulated trees. */
#include <time.h>

#include "meter_tree.h"

typedef struct {
    meter_tree t;
    char proc[300];
} bed;

static void put_process(const bed *b, int pid, const char *children, const char *group)
{
    char path[100], text[300];
    snprintf(path, sizeof path, "proc/%d/stat", pid);
    snprintf(text, sizeof text, "%d (a) S 1 1 1 0 -1 0 9 9 9 9 5 5 0 0 20 0 1 0 %d 99 9\n", pid, pid);
    meter_tree_put(&b->t, path, text);
    snprintf(path, sizeof path, "proc/%d/task/%d/children", pid, pid);
    meter_tree_put(&b->t, path, children);
    snprintf(path, sizeof path, "proc/%d/cgroup", pid);
    snprintf(text, sizeof text, "3:cpu:/elsewhere\n0::%s\n", group);
    meter_tree_put(&b->t, path, text);
}

static void put_usage(const bed *b, const char *mount, const char *group, unsigned long microseconds)
{
    char path[200], text[200];
    snprintf(path, sizeof path, "%s%s/cpu.stat", mount, group);
    snprintf(text, sizeof text, "usage_usec %lu\nuser_usec 7\nsystem_usec 8\nnr_periods 9\n", microseconds);
    meter_tree_put(&b->t, path, text);
}

static void put_members(const bed *b, const char *group, const char *pids)
{
    char path[200];
    snprintf(path, sizeof path, "fs/cgroup%s/cgroup.procs", group);
    meter_tree_put(&b->t, path, pids);
}

static void put_busy(const bed *b, long ticks)
{
    char text[200];
    snprintf(text, sizeof text, "cpu  %ld 0 0 99999 7777 0 0 5555 6 7\ncpu0 1 2\n", ticks);
    meter_tree_put(&b->t, "proc/stat", text);
}

/* A job of two processes, 100 and its child 101, in a group with a group below. */
static void begin(bed *b)
{
    meter_tree_begin(&b->t);
    snprintf(b->proc, sizeof b->proc, "%s/proc", b->t.tree.root);
    meter_tree_zone(&b->t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    put_process(b, 100, "101 ", "/slurm/job_7");
    put_process(b, 101, "", "/slurm/job_7/step.0");
    put_usage(b, "fs/cgroup", "/slurm/job_7", 5000000);
    put_members(b, "/slurm/job_7", "100\n");
    put_members(b, "/slurm/job_7/step.0", "101\n");
    put_busy(b, 1000);
}

static ajp_processes *open_as(const bed *b, long pid, const char *cgroup, aj_status want, const char *part)
{
    ajp_processes *p = NULL;
    ajp_tree proc = b->t.tree;
    proc.root = b->proc;
    aj_error err = {AJ_OK, 0, ""};
    CHECK_INT(ajp_processes_open(&p, NULL, &proc, &b->t.tree, &(ajp_followed){pid, cgroup}, &err), want);
    if (want == AJ_OK && p != NULL)
        CHECK_CONTAINS(ajp_processes_about(p), part);
    else
        CHECK_CONTAINS(err.message, part);
    return p;
}

static double seconds(ajp_processes *p)
{
    ajp_cpu_time now = {0, 0, 0, 0};
    aj_error err;
    CHECK_OK(ajp_processes_update(p, &now, &err), err);
    return now.tree_seconds;
}

/* Which is taken: the group only where nobody else is in it. */
static void choices(void)
{
    bed b;
    begin(&b);
    ajp_processes_close(open_as(&b, 100, NULL, AJ_OK, "cgroup /slurm/job_7"));
    ajp_processes_close(open_as(&b, 100, "", AJ_OK, "process 100 and what it starts"));
    put_members(&b, "/slurm/job_7", "100\n77\n");
    ajp_processes_close(open_as(&b, 100, NULL, AJ_OK, "process 100"));
    /* Named, it is taken whatever is in it; with or without the slash, with or without a process. */
    ajp_processes_close(open_as(&b, 100, "/slurm/job_7", AJ_OK, "cgroup /slurm/job_7"));
    ajp_processes_close(open_as(&b, 0, "slurm/job_7", AJ_OK, "cgroup /slurm/job_7"));
    CHECK(open_as(&b, 100, "/slurm/job_8", AJ_NOT_FOUND, "job_8/cpu.stat") == NULL);
    CHECK(open_as(&b, 100, "/slurm/../slurm/job_7", AJ_NOT_FOUND, "/proc/PID/cgroup") == NULL);
    CHECK(open_as(&b, 100, "/", AJ_NOT_FOUND, "cpu.stat") == NULL);
    /* A stranger in the group below; a group that cannot be looked into; the root group; no group at all. */
    put_members(&b, "/slurm/job_7", "100\n");
    put_members(&b, "/slurm/job_7/step.0", "101\n78\n");
    ajp_processes_close(open_as(&b, 100, NULL, AJ_OK, "process 100"));
    put_members(&b, "/slurm/job_7/step.0", "101\n");
    b.t.failing = "step.0/cgroup.procs";
    b.t.error = EOPNOTSUPP;
    ajp_processes_close(open_as(&b, 100, NULL, AJ_OK, "process 100"));
    b.t.failing = NULL;
    put_process(&b, 100, "101 ", "/");
    ajp_processes_close(open_as(&b, 100, NULL, AJ_OK, "process 100"));
    meter_tree_put(&b.t, "proc/100/cgroup", "3:cpu:/slurm/job_7\n");
    ajp_processes_close(open_as(&b, 100, NULL, AJ_OK, "process 100"));
    /* Version 2 beside version 1. */
    put_process(&b, 100, "", "/user.slice/a.scope");
    put_usage(&b, "fs/cgroup/unified", "/user.slice/a.scope", 1);
    meter_tree_put(&b.t, "fs/cgroup/unified/user.slice/a.scope/cgroup.procs", "100\n");
    ajp_processes_close(open_as(&b, 100, NULL, AJ_OK, "cgroup /user.slice/a.scope"));
    /* A group that does not count. */
    meter_tree_put(&b.t, "fs/cgroup/unified/user.slice/a.scope/cpu.stat", "nr_periods 3\n");
    ajp_processes_close(open_as(&b, 100, NULL, AJ_OK, "process 100"));
}

static void usage(void)
{
    bed b;
    begin(&b);
    ajp_processes *p = open_as(&b, 100, NULL, AJ_OK, "cgroup");
    double t0 = seconds(p);
    CHECK_CLOSE(t0, 5, 1e-12);
    put_usage(&b, "fs/cgroup", "/slurm/job_7", 6500000);
    CHECK_CLOSE(seconds(p) - t0, 1.5, 1e-12);
    /* Members: of the group and of those below, not of one whose name only begins the same. */
    put_process(&b, 200, "", "/slurm/job_77");
    CHECK(ajp_processes_has(p, 100) && ajp_processes_has(p, 101));
    CHECK(!ajp_processes_has(p, 200) && !ajp_processes_has(p, 4242));
    /* The group is removed when the job ends: what it had stays. */
    char path[500];
    snprintf(path, sizeof path, "%s/fs/cgroup/slurm/job_7/cpu.stat", b.t.tree.root);
    unlink(path);
    CHECK_CLOSE(seconds(p) - t0, 1.5, 1e-12);
    ajp_processes_close(p);
}

/* A quarter of the machine's CPU time: a quarter of what is not idle. */
static void shares(void)
{
    bed b;
    aj_error err;
    aj_meter *meter = NULL;
    begin(&b);
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    options.source = "powercap";
    options.sysfs_root = b.t.tree.root;
    options.procfs_root = b.proc;
    options.cgroup = "/slurm/job_7";
    CHECK_OK(aj_meter_open(&meter, NULL, &options, &err), err);
    CHECK_STRING(aj_meter_followed(meter), "cgroup /slurm/job_7");
    CHECK_OK(aj_meter_start(meter, &err), err);
    put_usage(&b, "fs/cgroup", "/slurm/job_7", 6000000);
    put_busy(&b, 1000 + 4 * sysconf(_SC_CLK_TCK));
    meter_tree_count(&b.t, "intel-rapl:0", 80000000);
    struct timespec pause = {0, 100000000}; /* time enough for 80 J */
    nanosleep(&pause, NULL);
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.tree_cpu_seconds, 1, 1e-12);
    CHECK_CLOSE(reading.attributed_joules.value, 20, 1e-12);
    CHECK_CLOSE(reading.attributed_joules.value + reading.idle_joules + reading.others_joules, 80, 1e-15);
    aj_meter_close(meter);
    /* The same question without a meter; an older program whose options end before the cgroup. */
    char about[100];
    CHECK_OK(aj_meter_can_follow(NULL, &options, about, sizeof about, &err), err);
    CHECK_STRING(about, "cgroup /slurm/job_7");
    options.pid = 100;
    options.struct_size = offsetof(aj_meter_options, cgroup);
    put_members(&b, "/slurm/job_7", "100\n77\n");
    CHECK_OK(aj_meter_can_follow(NULL, &options, about, sizeof about, &err), err);
    CHECK_STRING(about, "process 100 and what it starts");
    options.pid = 0;
    CHECK_INT(aj_meter_can_follow(NULL, &options, about, sizeof about, &err), AJ_BAD_ARGUMENT);
    options.struct_size = sizeof options + 8;
    CHECK_INT(aj_meter_open(&meter, NULL, &options, &err), AJ_BAD_ARGUMENT);
    CHECK(meter == NULL);
    CHECK(aj_meter_followed(NULL) == NULL);
}

int main(void)
{
    choices();
    usage();
    shares();
    fixture_remove();
    return check_report();
}
