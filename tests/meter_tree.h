/* meter_tree.h: simulated trees of sensors: files in a temporary folder, a clock that the test moves, and
 * failures that permissions cannot make for root. */
#ifndef AJ_METER_TREE_H
#define AJ_METER_TREE_H

#include <errno.h>
#include <sys/stat.h>

#include "fixture.h"
#include "meter/meter_ops.h"

typedef struct {
    double now_seconds, suspended_seconds;
    const char *failing; /* paths that contain this text fail with `error` */
    int error;
    ajp_tree tree, real;
} meter_tree;

static inline int meter_tree_read(void *user, const char *root, const char *path, int *fd, char *text,
                                  size_t size)
{
    meter_tree *t = user;
    if (t->failing != NULL && strstr(path, t->failing) != NULL) return t->error;
    return t->real.read(t->real.user, root, path, fd, text, size);
}

static inline double meter_tree_now(void *user)
{
    return ((meter_tree *)user)->now_seconds;
}

static inline double meter_tree_suspended(void *user)
{
    return ((meter_tree *)user)->suspended_seconds;
}

/* A new empty tree; call again for another one. */
static inline void meter_tree_begin(meter_tree *t)
{
    static int n;
    static char root[8][300], proc[8][320];
    char *own = root[n % 8], *own_proc = proc[n % 8];
    snprintf(own, sizeof root[0], "%s/sys%d", fixture_folder(), n++);
    snprintf(own_proc, sizeof proc[0], "%s/proc", own);
    mkdir(own, 0700);
    *t = (meter_tree){.now_seconds = 1000};
    t->real = ajp_tree_real(own);
    t->tree = (ajp_tree){.root = own,
                         .read = meter_tree_read,
                         .now_seconds = meter_tree_now,
                         .suspended_seconds = meter_tree_suspended,
                         .user = t,
                         .nvml_library = "libnothing-of-this-name.so.1",
                         .proc_root = own_proc};
}

/* Writes a file of the tree, with the folders above it. */
static inline void meter_tree_put(const meter_tree *t, const char *path, const char *text)
{
    char whole[900];
    snprintf(whole, sizeof whole, "%s/%s", t->tree.root, path);
    for (char *at = strchr(whole + strlen(t->tree.root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(whole, 0700);
        *at = '/';
    }
    FILE *file = fopen(whole, "w");
    if (file == NULL) exit(1);
    fputs(text, file);
    fclose(file);
}

static inline void meter_tree_number(const meter_tree *t, const char *path, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu\n", (unsigned long long)value);
    meter_tree_put(t, path, text);
}

#define INTEL_RANGE 262143328850u
#define AMD_RANGE   65532610987u

/* One powercap zone: entry "intel-rapl:0", its name and its counter. */
static inline void meter_tree_zone(const meter_tree *t, const char *entry, const char *name, uint64_t range,
                                   uint64_t microjoules)
{
    char path[200], line[80];
    snprintf(path, sizeof path, "class/powercap/%s/name", entry);
    snprintf(line, sizeof line, "%s\n", name);
    meter_tree_put(t, path, line);
    snprintf(path, sizeof path, "class/powercap/%s/max_energy_range_uj", entry);
    meter_tree_number(t, path, range);
    snprintf(path, sizeof path, "class/powercap/%s/energy_uj", entry);
    meter_tree_number(t, path, microjoules);
}

static inline void meter_tree_count(const meter_tree *t, const char *entry, uint64_t microjoules)
{
    char path[200];
    snprintf(path, sizeof path, "class/powercap/%s/energy_uj", entry);
    meter_tree_number(t, path, microjoules);
}

static inline aj_meter *meter_tree_start(meter_tree *t, const char *source)
{
    aj_error err;
    aj_meter *meter = NULL;
    CHECK_OK(ajp_meter_open_tree(&meter, NULL, source, &t->tree, &err), err);
    if (meter == NULL) exit(1);
    CHECK_OK(aj_meter_start(meter, &err), err);
    return meter;
}

static inline aj_reading meter_tree_stop(aj_meter *meter)
{
    aj_error err;
    aj_reading reading = {0};
    CHECK_OK(aj_meter_stop(meter, &reading, &err), err);
    return reading;
}

static inline aj_zone_reading meter_tree_get(aj_meter *meter, const char *name)
{
    aj_zone_reading zone;
    for (size_t i = 0; aj_meter_zone(meter, i, &zone, NULL) == AJ_OK; i++)
        if (strcmp(zone.name, name) == 0) return zone;
    fprintf(stderr, "no zone '%s'\n", name);
    check_failures++;
    memset(&zone, 0, sizeof zone);
    zone.message = "";
    return zone;
}

#endif
