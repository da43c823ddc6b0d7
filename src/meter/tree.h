/* tree.h: the files of the system behind a seam: their root can be replaced, and a test can make them fail.
 */
#ifndef AJP_METER_TREE_H
#define AJP_METER_TREE_H

#include "base/internal.h"
#include "ipmi_io.h"
#include "perf_io.h"

typedef struct ajp_tree {
    const char *root; /* "/sys" or a folder that looks like it */
    /* Reads a small file below the root; returns an errno, 0 when it could be read.  fd NULL: opened for this
     * once; else kept open from one reading to the next, -1 = not yet. */
    int (*read)(void *user, const char *root, const char *path, int *fd, char *text, size_t size);
    double (*now_seconds)(void *user);       /* never goes back; stands still in suspend */
    double (*suspended_seconds)(void *user); /* how long the machine has slept since it was started */
    void *user;
    const char *nvml_library; /* name or path for the dynamic linker */
    const char *proc_root;    /* of procfs; NULL = "/proc" */
    const ajp_perf_io *perf;  /* NULL: there is none */
    const ajp_ipmi_io *ipmi;  /* the same */
    const char *redfish_url;  /* NULL: none was given */
    const char *curl_program; /* NULL = "curl" */
    double redfish_seconds;   /* between two questions; 0 = the row's own */
} ajp_tree;

/* The real files and the monotonic clock. */
ajp_tree ajp_tree_real(const char *root);
#define AJP_NVML_LIBRARY "libnvidia-ml.so.1"

/* A line of text without its end.  NOT_FOUND, DENIED, IO, or CORRUPT when it is empty. */
aj_status ajp_tree_text(const ajp_tree *tree, const char *path, char *text, size_t size, aj_error *err);
/* A whole number >= 0 that fills the line; CORRUPT for anything else. */
aj_status ajp_tree_count(const ajp_tree *tree, const char *path, uint64_t *out, aj_error *err);
/* The same of a file that is kept open: *fd is -1 at first, and ajp_tree_close ends it. */
aj_status ajp_tree_text_at(const ajp_tree *tree, const char *path, int *fd, char *text, size_t size,
                           aj_error *err);
aj_status ajp_tree_count_at(const ajp_tree *tree, const char *path, int *fd, uint64_t *out, aj_error *err);
void ajp_tree_close(int *fd);

/* The names in a folder, sorted; n = 0 and OK for one that is not there.  In the arena. */
aj_status ajp_tree_list(const ajp_tree *tree, ajp_arena *arena, const char *path, char ***names, size_t *n,
                        aj_error *err);

#endif
