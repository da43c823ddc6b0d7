/* bench_meter.c: what measuring costs: the share of a core at ten samples a second and the memory, on a
 * simulated /sys (two sockets, four zones) and the machine's own /proc, for trees of 1, 5, 10 and 64
 * processes at rest, while other processes come and go, and beside a stub of NVIDIA's library.
 *
 * Usage: bench_meter [SECONDS [NVML_STUB]].  CPU time is that of this whole process, which only measures. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attojoule/attojoule.h"

enum { N_ZONES = 4, HERTZ = 10 };
static const char *const entries[N_ZONES][2] = {{"intel-rapl:0", "package-0"},
                                                {"intel-rapl:0:0", "dram"},
                                                {"intel-rapl:1", "package-1"},
                                                {"intel-rapl:1:0", "dram"}};

static double clock_seconds(clockid_t clock)
{
    struct timespec at = {0, 0};
    clock_gettime(clock, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static void wait_seconds(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&time, &time) != 0) {
    }
}

static void put(const char *root, const char *entry, const char *leaf, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/class/powercap/%s/%s", root, entry, leaf);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *root, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", root, name);
    mkdir(path, 0700);
}

/* One that everybody is said to be in. */
static void make_cgroup(const char *root)
{
    char path[600];
    make_folder(root, "fs");
    make_folder(root, "fs/cgroup");
    make_folder(root, "fs/cgroup/job");
    snprintf(path, sizeof path, "%s/fs/cgroup/job/cpu.stat", root);
    FILE *file = fopen(path, "w");
    if (file == NULL) exit(1);
    fputs("usage_usec 123456789\nuser_usec 100000000\nsystem_usec 23456789\n", file);
    fclose(file);
}

static void make_sysfs(const char *root)
{
    char path[600];
    make_cgroup(root);
    make_folder(root, "class");
    make_folder(root, "class/powercap");
    for (int i = 0; i < N_ZONES; i++) {
        char name[40];
        snprintf(path, sizeof path, "%s/class/powercap/%s", root, entries[i][0]);
        mkdir(path, 0700);
        snprintf(name, sizeof name, "%s\n", entries[i][1]);
        put(root, entries[i][0], "name", name);
        put(root, entries[i][0], "max_energy_range_uj", "262143328850\n");
        put(root, entries[i][0], "energy_uj", "123456789012\n");
    }
}

/* A process with n - 1 children, all asleep until it is killed; in a group of their own. */
static pid_t start_tree(int n)
{
    int ready[2];
    char byte;
    if (pipe(ready) != 0) exit(1);
    pid_t root = fork();
    if (root == 0) {
        setpgid(0, 0);
        for (int i = 1; i < n; i++)
            if (fork() == 0)
                for (;;) pause();
        if (write(ready[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
    }
    setpgid(root, root);
    if (read(ready[0], &byte, 1) != 1) exit(1);
    close(ready[0]);
    close(ready[1]);
    return root;
}

static void end_tree(pid_t root)
{
    kill(-root, SIGKILL);
    waitpid(root, NULL, 0);
}

static void *wake_only(void *argument)
{
    double seconds = *(const double *)argument;
    for (int i = 0; i < (int)(seconds * HERTZ); i++) wait_seconds(1.0 / HERTZ);
    return NULL;
}

/* What it costs on this machine to be woken ten times a second, and to do nothing then. */
static void run_floor(double seconds)
{
    pthread_t thread;
    double cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID), wall = clock_seconds(CLOCK_MONOTONIC);
    if (pthread_create(&thread, NULL, wake_only, &seconds) != 0) return;
    pthread_join(thread, NULL);
    cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = clock_seconds(CLOCK_MONOTONIC) - wall;
    printf("a thread that wakes and reads nothing: %.4f %% of one core\n", 100 * cpu / wall);
}

/* Somebody else who starts and ends a process twenty times a second; its CPU time is not ours. */
static pid_t start_churn(void)
{
    pid_t churn = fork();
    if (churn != 0) {
        setpgid(churn, churn);
        return churn;
    }
    setpgid(0, 0);
    for (;;) {
        pid_t child = fork();
        if (child == 0) _exit(0);
        waitpid(child, NULL, 0);
        wait_seconds(0.05);
    }
}

/* "Private_Clean" + "Private_Dirty" and "Rss" in MB. */
static void memory(double *private_mb, double *resident_mb)
{
    char line[200];
    double kb;
    *private_mb = *resident_mb = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL) return;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Private_Clean: %lf", &kb) == 1 || sscanf(line, "Private_Dirty: %lf", &kb) == 1)
            *private_mb += kb / 1024;
        if (sscanf(line, "Rss: %lf", &kb) == 1) *resident_mb += kb / 1024;
    }
    fclose(file);
}

typedef struct {
    const char *sysfs, *nvml, *cgroup;
    int n_processes;
    bool churn;
    double seconds;
} setting;

static void run(const aj_context *context, const setting *s)
{
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    aj_meter *meter = NULL;
    aj_error err;
    aj_reading reading;
    double private_mb, resident_mb;
    pid_t root = start_tree(s->n_processes), churn = s->churn ? start_churn() : 0;
    options.sysfs_root = s->sysfs;
    options.nvml_library = s->nvml != NULL ? s->nvml : "libnothing-of-this-name.so.1";
    options.pid = root;
    options.cgroup = s->cgroup;
    options.sample_hertz = HERTZ;
    if (aj_meter_open(&meter, context, &options, &err) != AJ_OK || aj_meter_start(meter, &err) != AJ_OK) {
        fprintf(stderr, "%s\n", err.message);
        end_tree(root);
        exit(1);
    }
    wait_seconds(0.5);
    double cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID), wall = clock_seconds(CLOCK_MONOTONIC);
    wait_seconds(s->seconds);
    cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = clock_seconds(CLOCK_MONOTONIC) - wall;
    memory(&private_mb, &resident_mb);
    if (aj_meter_stop(meter, &reading, &err) != AJ_OK) fprintf(stderr, "%s\n", err.message);
    aj_meter_close(meter);
    printf("%9d  %-8s  %-5s  %-6s  %13.4f  %10.2f  %11.2f\n", s->n_processes, s->churn ? "20 a s" : "none",
           s->nvml != NULL ? "stub" : "-", s->cgroup[0] != '\0' ? "yes" : "-", 100 * cpu / wall, private_mb,
           resident_mb);
    fflush(stdout);
    end_tree(root);
    if (churn > 0) end_tree(churn);
}

int main(int n_arguments, char **arguments)
{
    char folder[] = "/tmp/aj_bench_XXXXXX", command[100];
    const char *stub = n_arguments > 2 ? arguments[2] : NULL;
    double seconds = n_arguments > 1 ? atof(arguments[1]) : 5;
    static const int sizes[] = {1, 5, 10, 64};
    aj_context *context = NULL;
    aj_error err;
    if (mkdtemp(folder) == NULL || aj_context_create(&context, NULL, &err) != AJ_OK) return 1;
    make_sysfs(folder);
    printf("%d samples a second, %d zones, %.3g s each\n", HERTZ, N_ZONES, seconds);
    run_floor(seconds);
    printf("processes  strangers  NVML  cgroup  %% of one core  private MB  resident MB\n");
    for (int nvml = 0; nvml < (stub != NULL ? 2 : 1); nvml++)
        for (int churn = 0; churn < (nvml ? 1 : 2); churn++)
            for (int i = 0; i < 4; i++) {
                setting s = {folder, nvml ? stub : NULL, "", sizes[i], churn != 0, seconds};
                run(context, &s);
            }
    setting job = {folder, NULL, "/job", 64, false, seconds};
    run(context, &job);
    aj_context_destroy(context);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0;
}
