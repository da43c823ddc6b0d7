/* cgroup.h: the control group (version 2) of a process, and the CPU time that the kernel charges to it. */
#ifndef AJP_METER_CGROUP_H
#define AJP_METER_CGROUP_H

#include "tree.h"

enum { AJP_CGROUP_SIZE = 600 };

typedef struct {
    ajp_tree sys;
    char path[AJP_CGROUP_SIZE]; /* as in /proc/PID/cgroup: "/slurm/job_7" */
    char file[AJP_CGROUP_SIZE]; /* its cpu.stat, below the root */
    int fd;
    double seconds; /* of the latest reading */
} ajp_cgroup;

/* The group of a process below the root group; NOT_FOUND: it is in none. */
aj_status ajp_cgroup_of(const ajp_tree *proc, long pid, char path[AJP_CGROUP_SIZE], aj_error *err);
/* Opens the group of that path (the leading slash may be missing).  NOT_FOUND: there is none, or it does not
 * count CPU time. */
aj_status ajp_cgroup_open(ajp_cgroup *out, const ajp_tree *sys, const char *path, aj_error *err);
void ajp_cgroup_close(ajp_cgroup *group);
/* CPU time of all that is or was in the group and in those below it.  A group that was removed keeps what it
 * had at the latest look. */
double ajp_cgroup_seconds(ajp_cgroup *group);
/* Whether a process is in the group or below it. */
bool ajp_cgroup_has(const ajp_cgroup *group, const ajp_tree *proc, long pid);
/* Whether `is_ours` holds for everything in the group and below it; false where that cannot be seen. */
bool ajp_cgroup_all(const ajp_cgroup *group, const aj_context *context,
                    bool (*is_ours)(const void *user, long pid), const void *user);

#endif
