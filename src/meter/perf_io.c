/* perf_io.c: perf_event_open(2), for events of the whole system. */
#define _GNU_SOURCE
#include "perf_io.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_real(void *user, uint32_t type, uint64_t config, int cpu, int *fd)
{
    (void)user;
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = type;
    attributes.config = config;
    long got = syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (got < 0) return errno;
    *fd = (int)got;
    return 0;
}

static int read_real(void *user, int fd, uint64_t *count)
{
    (void)user;
    ssize_t got;
    do got = read(fd, count, sizeof *count);
    while (got < 0 && errno == EINTR);
    if (got < 0) return errno;
    return got == (ssize_t)sizeof *count ? 0 : EIO; /* an event in error reads as an end of file */
}

const ajp_perf_io ajp_perf_io_real = {open_real, read_real, NULL};
