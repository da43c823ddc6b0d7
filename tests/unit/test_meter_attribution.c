/* test_meter_attribution.c: a process tree's share: the division, the tree on a simulated /proc, real
 * processes. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "meter_tree.h"

static void check_sum(ajp_split split, double measured)
{
    CHECK_CLOSE(split.attributed_joules + split.idle_joules + split.others_joules, measured, 1e-15);
    CHECK(split.attributed_joules >= 0 && split.idle_joules >= 0 && split.others_joules >= 0);
}

static void division(void)
{
    /* Kepler's documentation: 60 W, a third of it active, 1000 ms of CPU time, 100/80/70/60 ms of four
     * processes. */
    static const double milliseconds[] = {100, 80, 70, 60}, watts[] = {2, 1.6, 1.4, 1.2};
    for (int i = 0; i < 4; i++) {
        ajp_split split = ajp_split_joules(60, 40, milliseconds[i] * 1e-3, 1);
        CHECK_CLOSE(split.attributed_joules, watts[i], 1e-9);
        check_sum(split, 60);
    }
    CHECK_CLOSE(ajp_split_joules(40, 30, 0.2, 1).attributed_joules, 2, 1e-9);
    /* More idle than was measured, more time than the machine has, no time at all, nothing measured. */
    check_sum(ajp_split_joules(10, 30, 1, 1), 10);
    CHECK(ajp_split_joules(10, 30, 1, 1).attributed_joules == 0);
    check_sum(ajp_split_joules(10, 1, 3, 2), 10);
    CHECK_CLOSE(ajp_split_joules(10, 1, 3, 2).attributed_joules, 9, 1e-12);
    CHECK(ajp_split_joules(10, 1, 0, 0).others_joules == 9);
    check_sum(ajp_split_joules(0, 5, 1, 2), 0);
    for (int i = 1; i < 400; i++)
        check_sum(ajp_split_joules(i * 0.137, (i % 7) * 0.31, i % 11, i % 13), i * 0.137);
}

/* ---- a simulated /proc --------------------------------------------------------------------------- */

typedef struct {
    meter_tree t;
    char proc[300];
} bed;

static void put_process(const bed *b, int pid, int parent, long ticks, long child_ticks, long start,
                        const char *children)
{
    char path[100], text[300];
    snprintf(path, sizeof path, "proc/%d/stat", pid);
    snprintf(text, sizeof text, "%d (a) b) S %d 1 1 0 -1 4194304 9 9 9 9 %ld %ld %ld %ld 20 0 1 0 %ld 99 9\n",
             pid, parent, ticks / 2, ticks - ticks / 2, child_ticks / 3, child_ticks - child_ticks / 3,
             start);
    meter_tree_put(&b->t, path, text);
    snprintf(path, sizeof path, "proc/%d/task/%d/children", pid, pid);
    meter_tree_put(&b->t, path, children);
}

static void remove_process(const bed *b, int pid)
{
    char command[400];
    snprintf(command, sizeof command, "rm -r '%s/%d'", b->proc, pid);
    if (system(command) != 0) exit(1);
}

static int n_open_files(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void put_busy(const bed *b, long ticks)
{
    char text[200];
    snprintf(text, sizeof text, "cpu  %ld 1 2 99999 7777 3 4 5555 6 7\ncpu0 1 2 3 4\n", ticks);
    meter_tree_put(&b->t, "proc/stat", text);
}

static void begin(bed *b)
{
    meter_tree_begin(&b->t);
    snprintf(b->proc, sizeof b->proc, "%s/proc", b->t.tree.root);
    meter_tree_zone(&b->t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_zone(&b->t, "intel-rapl:0:0", "dram", INTEL_RANGE, 0);
    put_process(b, 100, 1, 10, 0, 5, "");
    put_busy(b, 1000);
}

static double seconds(const bed *b, ajp_processes *p)
{
    (void)b;
    aj_error err;
    ajp_cpu_time now = {0, 0, 0, 0};
    CHECK_OK(ajp_processes_update(p, &now, &err), err);
    return now.tree_seconds;
}

static aj_status open_tree(ajp_processes **out, const ajp_tree *proc, long pid, aj_error *err)
{
    return ajp_processes_open(out, NULL, proc, proc, &(ajp_followed){pid, ""}, err);
}

/* Births, deaths, reaping, orphans, numbers used again.  Ticks are 10 ms. */
static void families(void)
{
    bed b;
    aj_error err;
    ajp_processes *p = NULL;
    begin(&b);
    ajp_tree proc = b.t.tree;
    proc.root = b.proc;
    CHECK_INT(open_tree(&p, &proc, 7, &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "7");
    CHECK_OK(open_tree(&p, &proc, 100, &err), err);
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK), t0 = seconds(&b, p);
    /* Two children, one with a grandchild. */
    put_process(&b, 100, 1, 10, 0, 5, "101 102 ");
    put_process(&b, 101, 100, 30, 0, 6, "103 ");
    put_process(&b, 102, 100, 40, 0, 6, "");
    put_process(&b, 103, 101, 50, 0, 7, "");
    CHECK_CLOSE(seconds(&b, p) - t0, 120 * tick, 1e-9);
    /* 102 ends and is waited for, having used 5 ticks more: nothing is lost, nothing counted twice. */
    put_process(&b, 100, 1, 10, 45, 5, "101 ");
    remove_process(&b, 102);
    CHECK_CLOSE(seconds(&b, p) - t0, 125 * tick, 1e-9);
    /* A child that was never seen: it is in the parent's time. */
    put_process(&b, 100, 1, 10, 65, 5, "101 ");
    CHECK_CLOSE(seconds(&b, p) - t0, 145 * tick, 1e-9);
    /* 101 ends; its child goes to init and is still followed. */
    put_process(&b, 100, 1, 10, 95, 5, "");
    put_process(&b, 103, 1, 60, 0, 7, "");
    remove_process(&b, 101);
    CHECK_CLOSE(seconds(&b, p) - t0, 155 * tick, 1e-9);
    /* It ends where nobody of the tree waits: its time stays.  Its number goes to a stranger. */
    put_process(&b, 103, 1, 5000, 0, 99, "");
    CHECK_CLOSE(seconds(&b, p) - t0, 155 * tick, 1e-9);
    /* A child that ends without being waited for (SIGCHLD ignored). */
    put_process(&b, 100, 1, 10, 95, 5, "104 ");
    put_process(&b, 104, 100, 20, 0, 8, "");
    CHECK_CLOSE(seconds(&b, p) - t0, 175 * tick, 1e-9);
    put_process(&b, 100, 1, 12, 95, 5, "");
    remove_process(&b, 104);
    CHECK_CLOSE(seconds(&b, p) - t0, 177 * tick, 1e-9);
    /* The whole tree is gone. */
    remove_process(&b, 100);
    CHECK_CLOSE(seconds(&b, p) - t0, 177 * tick, 1e-9);
    ajp_processes_close(p);
    ajp_processes_close(NULL);
    /* A kernel that does not list children; a stat that is garbled. */
    put_process(&b, 200, 1, 1, 1, 1, "");
    b.t.failing = "children";
    b.t.error = ENOENT;
    CHECK_INT(open_tree(&p, &proc, 200, &err), AJ_UNSUPPORTED);
    CHECK_CONTAINS(err.message, "CONFIG_PROC_CHILDREN");
    meter_tree_put(&b.t, "proc/201/stat", "201 (x) S 1\n");
    CHECK_INT(open_tree(&p, &proc, 201, &err), AJ_CORRUPT);
    CHECK(p == NULL);
}

/* Children are looked for only when the machine says that somebody has started a process. */
static void looks(void)
{
    bed b;
    aj_error err;
    ajp_processes *p = NULL;
    begin(&b);
    ajp_tree proc = b.t.tree;
    proc.root = b.proc;
    meter_tree_put(&b.t, "proc/stat", "cpu  9 1 2 9 7 3 4\ncpu0 1 2\nprocesses 50\n");
    CHECK_OK(open_tree(&p, &proc, 100, &err), err);
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK), t0 = seconds(&b, p);
    put_process(&b, 100, 1, 10, 0, 5, "101 ");
    put_process(&b, 101, 100, 30, 0, 6, "");
    CHECK_NEAR(seconds(&b, p), t0, 1e-12);
    meter_tree_put(&b.t, "proc/stat", "cpu  9 1 2 9 7 3 4\ncpu0 1 2\nprocesses 51\n");
    CHECK_CLOSE(seconds(&b, p) - t0, 30 * tick, 1e-9);
    /* A stat that cannot be read for another reason than its end does not end the process. */
    b.t.failing = "101/stat";
    b.t.error = EMFILE;
    CHECK_CLOSE(seconds(&b, p) - t0, 30 * tick, 1e-9);
    b.t.failing = NULL;
    put_process(&b, 101, 100, 40, 0, 6, "");
    CHECK_CLOSE(seconds(&b, p) - t0, 40 * tick, 1e-9);
    ajp_processes_close(p);
}

/* Hundreds of processes: a part of them keeps its files open, and all are closed in the end. */
static void crowd(void)
{
    enum { N = 300 };
    bed b;
    aj_error err;
    ajp_processes *p = NULL;
    char children[16 * N] = "";
    int n_before = n_open_files();
    begin(&b);
    ajp_tree proc = b.t.tree;
    proc.root = b.proc;
    for (int i = 0; i < N; i++) {
        snprintf(children + strlen(children), 16, "%d ", 1000 + i);
        put_process(&b, 1000 + i, 100, i, 0, 6, "");
    }
    put_process(&b, 100, 1, 10, 0, 5, children);
    CHECK_OK(open_tree(&p, &proc, 100, &err), err);
    double t0 = seconds(&b, p);
    for (int i = 0; i < N; i++) put_process(&b, 1000 + i, 100, i + 1, 0, 6, "");
    CHECK_CLOSE(seconds(&b, p) - t0, N / (double)sysconf(_SC_CLK_TCK), 1e-9);
    CHECK(n_open_files() - n_before <= 130);
    for (int i = 0; i < N; i += 2) remove_process(&b, 1000 + i);
    for (int i = 1; i < N; i += 2) put_process(&b, 1000 + i, 100, i + 2, 0, 6, "");
    CHECK_CLOSE(seconds(&b, p) - t0, 1.5 * N / (double)sysconf(_SC_CLK_TCK), 1e-9);
    CHECK(n_open_files() - n_before <= 130);
    ajp_processes_close(p);
    CHECK_INT(n_open_files(), n_before);
}

/* Two busy children beside a third process: two thirds of what is not idle; per domain the parts are the
 * whole. */
static void shares(void)
{
    bed b;
    aj_error err;
    aj_meter *meter = NULL;
    begin(&b);
    CHECK_OK(ajp_meter_open_tree(&meter, NULL, "powercap", &b.t.tree, &err), err);
    CHECK_OK(ajp_meter_follow(meter, b.proc, &(ajp_followed){100, NULL}, &err), err);
    CHECK_OK(aj_meter_set_idle(meter, 0, 30, AJ_ASSUMED, &err), err);
    CHECK_OK(aj_meter_start(meter, &err), err);
    for (int i = 1; i <= 40; i++) { /* 10 s, four samples a second: 90 W and 9 W */
        put_process(&b, 100, 1, 10, 0, 5, "101 102 ");
        put_process(&b, 101, 100, 25 * i, 0, 6, "");
        put_process(&b, 102, 100, 25 * i, 0, 6, "");
        put_busy(&b, 1000 + 75 * i);
        meter_tree_count(&b.t, "intel-rapl:0", 22500000u * (unsigned)i);
        meter_tree_count(&b.t, "intel-rapl:0:0", 2250000u * (unsigned)i);
        b.t.now_seconds += 0.25;
        CHECK_OK(aj_meter_sample(meter, &err), err);
    }
    aj_reading reading = meter_tree_stop(meter);
    CHECK_CLOSE(reading.tree_cpu_seconds / reading.busy_cpu_seconds, 2.0 / 3, 1e-12);
    CHECK_CLOSE(reading.attributed_joules.value, 600 * 2.0 / 3 + 90 * 2.0 / 3, 1e-9);
    CHECK_CLOSE(reading.idle_joules, 300, 1e-9);
    CHECK_CLOSE(reading.attributed_joules.value + reading.idle_joules + reading.others_joules,
                reading.energy_joules.value, 1e-15);
    CHECK_INT(reading.attributed_joules.origin, AJ_MODELLED);
    aj_zone_reading package = meter_tree_get(meter, "package-0");
    CHECK_CLOSE(package.attributed_joules, 400, 1e-9);
    CHECK_CLOSE(package.attributed_joules + package.idle_joules + package.others_joules, 900, 1e-15);
    CHECK_INT(package.idle_origin, AJ_ASSUMED);
    CHECK_CLOSE(meter_tree_get(meter, "package-0/dram").others_joules, 30, 1e-9);
    CHECK_INT(aj_meter_set_idle(meter, 0, -1, AJ_ASSUMED, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_meter_set_idle(meter, 0, NAN, AJ_ASSUMED, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_meter_set_idle(meter, 9, 1, AJ_ASSUMED, &err), AJ_NOT_FOUND);
    /* A sensor away for a while: its idle and its shares cover the whole time once it is back. */
    CHECK_OK(aj_meter_start(meter, &err), err);
    b.t.failing = "energy_uj";
    b.t.error = EIO;
    for (int i = 0; i < 5; i++) {
        b.t.now_seconds += 1;
        CHECK_OK(aj_meter_sample(meter, &err), err);
    }
    b.t.failing = NULL;
    meter_tree_count(&b.t, "intel-rapl:0", 22500000u * 40u + 500000000u);
    b.t.now_seconds += 0.01;
    reading = meter_tree_stop(meter);
    CHECK_CLOSE(meter_tree_get(meter, "package-0").idle_joules, 30 * 5.01, 1e-9);
    aj_meter_close(meter);
}

static void idle(void)
{
    bed b;
    aj_error err;
    aj_meter *meter = NULL;
    begin(&b);
    CHECK_OK(ajp_meter_open_tree(&meter, NULL, "powercap", &b.t.tree, &err), err);
    CHECK_INT(aj_meter_learn_idle(meter, &err), AJ_BAD_ARGUMENT);
    CHECK_OK(aj_meter_start(meter, &err), err);
    CHECK_INT(aj_meter_learn_idle(meter, &err), AJ_UNSUPPORTED);
    aj_reading reading = meter_tree_stop(meter);
    CHECK(isnan(reading.attributed_joules.value) && isnan(reading.idle_joules) &&
          isnan(reading.tree_cpu_seconds));
    CHECK_OK(ajp_meter_follow(meter, b.proc, &(ajp_followed){100, NULL}, &err), err);
    CHECK_OK(aj_meter_start(meter, &err), err);
    b.t.now_seconds += 0.5;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    CHECK_INT(aj_meter_learn_idle(meter, &err), AJ_NOT_MET);
    b.t.now_seconds += 1.5;
    meter_tree_count(&b.t, "intel-rapl:0", 40000000);
    put_busy(&b, 1000 + (long)(200 * 4096)); /* busier than any machine */
    CHECK_OK(aj_meter_sample(meter, &err), err);
    CHECK_INT(aj_meter_learn_idle(meter, &err), AJ_NOT_MET);
    CHECK(meter_tree_get(meter, "package-0").idle_watts == 0);
    put_busy(&b, 1001);
    CHECK_OK(aj_meter_sample(meter, &err), err);
    CHECK_OK(aj_meter_learn_idle(meter, &err), err);
    CHECK_CLOSE(meter_tree_get(meter, "package-0").idle_watts, 20, 1e-12);
    CHECK_INT(meter_tree_get(meter, "package-0").idle_origin, AJ_MEASURED);
    aj_meter_close(meter);
}

/* ---- real processes -------------------------------------------------------------------------------- */

static void burn(double cpu_seconds)
{
    struct timespec at;
    volatile unsigned x = 0;
    do {
        for (int i = 0; i < 100000; i++) x += (unsigned)i;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    } while ((double)at.tv_sec + 1e-9 * (double)at.tv_nsec < cpu_seconds);
}

/* A child with two busy children: the CPU time we see is what the kernel charges for them, to the tick. */
static void real_processes(void)
{
    aj_error err;
    ajp_processes *p = NULL;
    ajp_tree proc = ajp_tree_real("/proc");
    int gate[2];
    if (pipe(gate) != 0) exit(1);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 0) _exit(1); /* until the other end is closed */
        for (int i = 0; i < 2; i++)
            if (fork() == 0) {
                burn(0.3);
                _exit(0);
            }
        while (wait(NULL) > 0) {
        }
        _exit(0);
    }
    close(gate[0]);
    aj_status st = open_tree(&p, &proc, (long)child, &err);
    if (st == AJ_UNSUPPORTED) {
        close(gate[1]);
        CHECK_SKIP("this kernel does not list children");
    }
    CHECK_OK(st, err);
    double t0 = seconds(NULL, p), seen = 0;
    struct rusage before, after;
    getrusage(RUSAGE_CHILDREN, &before);
    close(gate[1]);
    siginfo_t info = {0};
    do { /* looks until it has ended, and once more before it is waited for */
        struct timespec pause = {0, 20000000};
        nanosleep(&pause, NULL);
        waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | WNOHANG);
        seen = seconds(NULL, p) - t0;
    } while (info.si_pid == 0);
    CHECK_INT(waitpid(child, NULL, 0), child);
    getrusage(RUSAGE_CHILDREN, &after);
    double charged = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
                     (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
                     1e-6 * (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) +
                     1e-6 * (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec);
    CHECK(charged >= 0.6);
    CHECK_NEAR(seen, charged,
               0.04); /* one tick of 10 ms each for user and system time of parent and children */
    ajp_processes_close(p);
}

int main(void)
{
    division();
    families();
    looks();
    crowd();
    shares();
    idle();
    real_processes();
    fixture_remove();
    return check_report();
}
