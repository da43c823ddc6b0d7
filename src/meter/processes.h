/* processes.h: the CPU time that a process and everything it started have used, and that of the whole
 * machine. */
#ifndef AJP_METER_PROCESSES_H
#define AJP_METER_PROCESSES_H

#include "tree.h"

typedef struct ajp_processes ajp_processes;

typedef struct {
    double tree_seconds; /* of the process and its descendants, those that have ended included */
    double busy_seconds; /* of all processors together, idle and stolen time left out */
    size_t n_processes;  /* of the tree, alive now */
    double n_processors; /* that the kernel runs on */
} ajp_cpu_time;

/* `tree` has the root of procfs and is copied, its strings borrowed.  NOT_FOUND: no such process.
 * UNSUPPORTED: the kernel does not list children. */
aj_status ajp_processes_open(ajp_processes **out, const aj_context *context, const ajp_tree *tree, long pid,
                             aj_error *err);
void ajp_processes_close(ajp_processes *processes); /* NULL allowed */
/* Looks at every process of the tree and for new ones.  Only differences of two calls mean something. */
aj_status ajp_processes_update(ajp_processes *processes, ajp_cpu_time *out, aj_error *err);

#endif
