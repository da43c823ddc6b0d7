/* perf_io.h: the system calls of perf behind a seam: they cannot be simulated by files. */
#ifndef AJP_METER_PERF_IO_H
#define AJP_METER_PERF_IO_H

#include <stdint.h>

typedef struct {
    /* Counts one event of the whole system as seen from one processor; *fd is a descriptor that close(2)
     * ends.  An errno, 0 on success. */
    int (*open)(void *user, uint32_t type, uint64_t config, int cpu, int *fd);
    int (*read)(void *user, int fd, uint64_t *count);
    void *user;
} ajp_perf_io;

extern const ajp_perf_io ajp_perf_io_real;

#endif
