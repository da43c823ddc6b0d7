/* test_meter_share.c: two busy children beside a third busy process, really running: the joules of the tree
 * are its share of the machine's CPU time, as the kernel itself charges it to the three. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "meter_tree.h"

enum { N_WINDOWS = 2 };
static const double window_seconds = 1.3, package_watts = 60, idle_watts = 20;

typedef struct {
    volatile int go, stop, pids[3]; /* two of the tree, one stranger */
} stage;

static double monotonic_seconds(void)
{
    return ajp_now_seconds();
}

static void burn(stage *s, int place)
{
    volatile unsigned x = 0;
    s->pids[place] = getpid();
    while (!s->go) nanosleep(&(struct timespec){0, 1000000}, NULL);
    while (!s->stop)
        for (int i = 0; i < 10000; i++) x += (unsigned)i;
    _exit(0);
}

static pid_t start_tree(stage *s)
{
    pid_t root = fork();
    if (root != 0) return root;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) burn(s, i);
    while (wait(NULL) > 0) {
    }
    _exit(0);
}

static double clock_of(int pid)
{
    clockid_t clock;
    struct timespec at = {0, 0};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &at) != 0) {
        fprintf(stderr, "no CPU clock of process %d\n", pid);
        exit(1);
    }
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static double seconds_of(const struct rusage *usage)
{
    return (double)usage->ru_utime.tv_sec + (double)usage->ru_stime.tv_sec +
           1e-6 * (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

typedef struct {
    stage *s;
    meter_tree t;
    aj_meter *meter;
    double start_seconds;
    double busy, least_tree, most_tree; /* at the end of the window before: CPU seconds of the machine, and
                                         * between which two those of the tree were */
    double least_joules, most_joules;   /* what the tree should have got */
    double active_joules, joules;
} bed;

static double tree_clock(const bed *b)
{
    return clock_of(b->s->pids[0]) + clock_of(b->s->pids[1]);
}

/* One window: the counter says 60 W; the clocks of the two are read before and after, so that it does not
 * matter how long we were kept from running in between. */
static void window(bed *b)
{
    aj_error err;
    double seconds = monotonic_seconds() - b->start_seconds,
           joules = floor(package_watts * seconds * 1e6) * 1e-6;
    meter_tree_count(&b->t, "intel-rapl:0", (uint64_t)(joules * 1e6 + 0.5));
    double before = tree_clock(b);
    CHECK_OK(aj_meter_sample(b->meter, &err), err);
    double after = tree_clock(b), busy = b->meter->cpu_now.busy_seconds;
    double active = joules - b->joules - idle_watts * (seconds - b->joules / package_watts);
    b->least_joules += active * fmin((before - b->most_tree) / (busy - b->busy), 1);
    b->most_joules += active * fmin((after - b->least_tree) / (busy - b->busy), 1);
    b->active_joules += active;
    b->joules = joules;
    b->busy = busy;
    b->least_tree = before;
    b->most_tree = after;
}

static void open_meter(bed *b, pid_t root)
{
    aj_error err;
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    meter_tree_begin(&b->t);
    meter_tree_zone(&b->t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    options.source = "powercap";
    options.sysfs_root = b->t.tree.root;
    options.pid = root;
    options.cgroup = "";
    aj_status st = aj_meter_open(&b->meter, NULL, &options, &err);
    if (st == AJ_UNSUPPORTED) {
        b->s->go = b->s->stop = 1;
        CHECK_SKIP("this kernel does not list children");
    }
    CHECK_OK(st, err);
    CHECK_OK(aj_meter_set_idle(b->meter, 0, idle_watts, AJ_ASSUMED, &err), err);
    CHECK_OK(aj_meter_start(b->meter, &err), err);
    b->start_seconds = monotonic_seconds();
    b->busy = b->meter->cpu_now.busy_seconds;
    b->least_tree = b->most_tree = tree_clock(b);
}

static void check_shares(const bed *b, const aj_reading *reading, double tree, double stranger)
{
    double got = reading->attributed_joules.value, busy = reading->busy_cpu_seconds;
    printf("tree %.3f s, stranger %.3f s, machine %.3f s; the tree gets %.2f of %.2f J (%.2f to %.2f)\n",
           tree, stranger, busy, got, b->active_joules, b->least_joules, b->most_joules);
    CHECK(got >= b->least_joules - 0.01 * b->active_joules);
    CHECK(got <= b->most_joules + 0.01 * b->active_joules);
    CHECK_CLOSE(got + reading->idle_joules + reading->others_joules, reading->energy_joules.value, 1e-14);
    CHECK_CLOSE(reading->energy_joules.value, b->joules, 1e-9);
    CHECK(reading->others_joules >= 0 && reading->idle_joules > 0);
    /* The three are part of what the machine was busy with; where they are all of it, the share of the tree
     * is its share of the three. */
    CHECK(busy >= 0.95 * (tree + stranger));
    if (busy <= 1.005 * (tree + stranger)) CHECK_NEAR(got / b->active_joules, tree / (tree + stranger), 0.01);
}

int main(void)
{
    bed b = {0};
    b.s = mmap(NULL, sizeof *b.s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b.s == MAP_FAILED) return 1;
    pid_t root = start_tree(b.s), stranger = fork();
    if (stranger == 0) burn(b.s, 2);
    while (b.s->pids[0] == 0 || b.s->pids[1] == 0 || b.s->pids[2] == 0)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    open_meter(&b, root);
    b.s->go = 1;
    for (int i = 0; i < N_WINDOWS; i++) {
        nanosleep(&(struct timespec){1, (long)((window_seconds - 1) * 1e9)}, NULL);
        window(&b);
    }
    double tree = tree_clock(&b), third = clock_of(b.s->pids[2]);
    aj_reading reading = meter_tree_stop(b.meter);
    b.s->stop = 1;
    struct rusage of_tree, of_third;
    CHECK_INT(wait4(root, NULL, 0, &of_tree), root);
    CHECK_INT(wait4(stranger, NULL, 0, &of_third), stranger);
    CHECK(seconds_of(&of_tree) >= tree && seconds_of(&of_third) >= third);
    check_shares(&b, &reading, tree, third);
    aj_meter_close(b.meter);
    fixture_remove();
    return check_report();
}
