/* cgroup.c: control groups of version 2.
 *
 * <sysfs>/fs/cgroup/<group>/cpu.stat has the line "usage_usec N": the CPU time of all that ever ran in the
 * group or below it, processes that lived for a millisecond included, in one file.  Linux
 * Documentation/admin-guide/cgroup-v2.  Where version 1 is mounted beside it, version 2 is in
 * fs/cgroup/unified. */
#include "cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 1024, LIST_SIZE = 65536, MOST_DEPTH = 8 };
static const char *const mounts[] = {"fs/cgroup", "fs/cgroup/unified"};
static const double seconds_per_microsecond = 1e-6;

static bool read_usage(ajp_cgroup *group)
{
    static const char key[] = "usage_usec ";
    char text[TEXT_SIZE], *end;
    if (group->sys.read(group->sys.user, group->sys.root, group->file, &group->fd, text, sizeof text) != 0)
        return false;
    const char *at = strstr(text, key);
    if (at == NULL) return false;
    unsigned long long microseconds = strtoull(at + strlen(key), &end, 10);
    if (end == at + strlen(key)) return false;
    group->seconds = (double)microseconds * seconds_per_microsecond;
    return true;
}

aj_status ajp_cgroup_of(const ajp_tree *proc, long pid, char path[AJP_CGROUP_SIZE], aj_error *err)
{
    char file[64], text[TEXT_SIZE * 4];
    snprintf(file, sizeof file, "%ld/cgroup", pid);
    int error = proc->read(proc->user, proc->root, file, NULL, text, sizeof text);
    if (error != 0) return ajp_fail(err, AJ_NOT_FOUND, error, "%s/%s: cannot be read", proc->root, file);
    /* One line a hierarchy; that of version 2 has the number 0 and no controllers. */
    const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (line != NULL) line = strchr(line, '/');
    size_t length = line != NULL ? strcspn(line, "\n") : 0;
    if (length < 2 || length >= AJP_CGROUP_SIZE)
        return ajp_fail(err, AJ_NOT_FOUND, 0, "process %ld is in no cgroup of version 2 below the root", pid);
    memcpy(path, line, length);
    path[length] = '\0';
    return AJ_OK;
}

aj_status ajp_cgroup_open(ajp_cgroup *out, const ajp_tree *sys, const char *path, aj_error *err)
{
    ajp_cgroup group = {.sys = *sys, .fd = -1};
    snprintf(group.path, sizeof group.path, "/%s", path + strspn(path, "/"));
    /* A path that leads out of the tree is not followed. */
    bool outside = strstr(group.path, "/..") != NULL || group.path[1] == '\0';
    for (size_t i = 0; !outside && i < sizeof mounts / sizeof mounts[0]; i++) {
        int length = snprintf(group.file, sizeof group.file, "%s%s/cpu.stat", mounts[i], group.path);
        if (length < 0 || (size_t)length >= sizeof group.file || !read_usage(&group)) continue;
        *out = group;
        return AJ_OK;
    }
    ajp_tree_close(&group.fd);
    return ajp_fail(err, AJ_NOT_FOUND, 0,
                    "%s/%s%s/cpu.stat: no CPU time of such a cgroup; give the path that /proc/PID/cgroup "
                    "shows after '0::'",
                    sys->root, mounts[0], group.path);
}

void ajp_cgroup_close(ajp_cgroup *group)
{
    ajp_tree_close(&group->fd);
}

double ajp_cgroup_seconds(ajp_cgroup *group)
{
    read_usage(group);
    return group->seconds;
}

bool ajp_cgroup_has(const ajp_cgroup *group, const ajp_tree *proc, long pid)
{
    char path[AJP_CGROUP_SIZE];
    size_t length = strlen(group->path);
    if (ajp_cgroup_of(proc, pid, path, NULL) != AJ_OK) return false;
    return strncmp(path, group->path, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

typedef struct {
    const ajp_tree *sys;
    ajp_arena arena;
    bool (*is_ours)(const void *user, long pid);
    const void *user;
} search;

static bool all_here(const search *s, const char *folder)
{
    char path[AJP_CGROUP_SIZE + 16];
    char *text = ajp_alloc(s->arena.context, LIST_SIZE);
    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    bool all = text != NULL && s->sys->read(s->sys->user, s->sys->root, path, NULL, text, LIST_SIZE) == 0;
    for (char *at = text, *end = text; all; at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at) break;
        all = *end == '\n' && s->is_ours(s->user, pid);
    }
    ajp_free(s->arena.context, text);
    return all;
}

static bool all_below(search *s, const char *folder, int depth)
{
    char **names, path[AJP_CGROUP_SIZE];
    size_t n;
    if (depth > MOST_DEPTH || !all_here(s, folder)) return false;
    if (ajp_tree_list(s->sys, &s->arena, folder, &names, &n, NULL) != AJ_OK) return false;
    for (size_t i = 0; i < n; i++) {
        /* Files have a dot in their name; so may groups (job.scope), which have such a file again. */
        char text[16];
        int length = snprintf(path, sizeof path, "%s/%s/cgroup.procs", folder, names[i]);
        if (length < 0 || (size_t)length >= sizeof path) return false;
        int error = s->sys->read(s->sys->user, s->sys->root, path, NULL, text, sizeof text);
        if (error == ENOTDIR || error == ENOENT) continue;
        *strrchr(path, '/') = '\0';
        if (error != 0 || !all_below(s, path, depth + 1)) return false;
    }
    return true;
}

bool ajp_cgroup_all(const ajp_cgroup *group, const aj_context *context,
                    bool (*is_ours)(const void *user, long pid), const void *user)
{
    char folder[AJP_CGROUP_SIZE];
    search s = {.sys = &group->sys, .is_ours = is_ours, .user = user};
    snprintf(folder, sizeof folder, "%s", group->file);
    *strrchr(folder, '/') = '\0';
    ajp_arena_init(&s.arena, context);
    bool all = all_below(&s, folder, 0);
    ajp_arena_free(&s.arena);
    return all;
}
