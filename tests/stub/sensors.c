/* sensors.c: the sensors of a server with two sockets, as files that change: sensors FOLDER WATTS DRAM_WATTS.
 *
 * Makes FOLDER/class/powercap with package-0, package-1 (WATTS each), a DRAM zone in each (DRAM_WATTS), and
 * the copy that the MMIO registers show; says "ready", and counts in real time until it is ended or its
 * parent is gone. A number is rewritten in place with one write of a fixed width, so that a reader with an
 * open file never sees half of it. The counters begin 40 J below their range, so that they wrap soon. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RANGE_MICROJOULES 262143328850.0 /* of an Intel package: 2^32 - 1 units of 61 uJ, cut to whole nJ */
#define UNIT_MICROJOULES  61.035

typedef struct {
    const char *entry, *name;
    int dram;
    int fd;
} zone;

static zone zones[] = {{"intel-rapl:0", "package-0", 0, -1},
                       {"intel-rapl:0:0", "dram", 1, -1},
                       {"intel-rapl:1", "package-1", 0, -1},
                       {"intel-rapl:1:0", "dram", 1, -1},
                       {"intel-rapl-mmio:0", "package-0", 0, -1}};
enum { N_ZONES = sizeof zones / sizeof zones[0] };

static void put(const char *folder, const char *file, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *stream = fopen(path, "w");
    if (stream == NULL || fputs(text, stream) < 0 || fclose(stream) != 0) {
        perror(path);
        exit(1);
    }
}

static void make(const char *root, zone *z)
{
    char path[4000];
    snprintf(path, sizeof path, "%s", root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/class", root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/class/powercap", root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/class/powercap/%s", root, z->entry);
    mkdir(path, 0755);
    put(path, "name", z->name);
    put(path, "max_energy_range_uj", "262143328850");
    put(path, "energy_uj", "000000000000\n");
    strcat(path, "/energy_uj");
    z->fd = open(path, O_WRONLY);
}

static void count(double joules[2])
{
    for (size_t i = 0; i < N_ZONES; i++) {
        char text[32];
        double modulus = RANGE_MICROJOULES + UNIT_MICROJOULES;
        double at = RANGE_MICROJOULES - 40e6 + 1e6 * joules[zones[i].dram];
        while (at >= modulus) at -= modulus;
        int n = snprintf(text, sizeof text, "%012.0f\n", at);
        if (pwrite(zones[i].fd, text, (size_t)n, 0) != n) exit(1);
    }
}

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    prctl(PR_SET_PDEATHSIG, 15);
    double watts[2] = {atof(argv[2]), atof(argv[3])}, start = now_seconds();
    for (size_t i = 0; i < N_ZONES; i++) make(argv[1], &zones[i]);
    for (int said = 0;; said = 1) {
        double seconds = now_seconds() - start, joules[2] = {watts[0] * seconds, watts[1] * seconds};
        count(joules);
        if (!said) puts("ready");
        fflush(stdout);
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
}
