/* processes.h: the CPU time that a process and everything it started have used, and that of the whole
 * machine. */
#ifndef AJP_METER_PROCESSES_H
#define AJP_METER_PROCESSES_H

#include "tree.h"

typedef struct ajp_processes ajp_processes;

typedef struct {
    double tree_seconds; /* of the process and its descendants, those that have ended included */
    double busy_seconds; /* of all processors together, idle and stolen time left out */
    size_t n_processes;  /* of the tree, alive now; 0 when a cgroup is followed */
    double n_processors; /* that the kernel runs on */
} ajp_cpu_time;

/* Whose time is the tree's.  By default it is that of the cgroup of `pid`, where that holds nothing but the
 * tree: one file, and no child is too short-lived. */
typedef struct {
    long pid;           /* 0: none; then `cgroup` has to be named */
    const char *cgroup; /* NULL: by default; "": never one; else this one, whatever is in it */
} ajp_followed;

/* `proc` has the root of procfs, `sys` that of /sys; both are copied, their strings borrowed.  NOT_FOUND: no
 * such process or cgroup.  UNSUPPORTED: the kernel does not list children. */
aj_status ajp_processes_open(ajp_processes **out, const aj_context *context, const ajp_tree *proc,
                             const ajp_tree *sys, const ajp_followed *whose, aj_error *err);
void ajp_processes_close(ajp_processes *processes); /* NULL allowed */
/* Looks at every process of the tree and for new ones.  Only differences of two calls mean something. */
aj_status ajp_processes_update(ajp_processes *processes, ajp_cpu_time *out, aj_error *err);
/* Whether a process belongs to the tree, as of the latest update. */
bool ajp_processes_has(const ajp_processes *processes, long pid);
/* "cgroup /job_7" or "process 123 and what it starts". */
const char *ajp_processes_about(const ajp_processes *processes);

#endif
