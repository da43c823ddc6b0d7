/* ipmi_io.h: the kernel's door to the management controller of a server, behind a seam. */
#ifndef AJP_METER_IPMI_IO_H
#define AJP_METER_IPMI_IO_H

#include <stddef.h>
#include <stdint.h>

/* Each returns an errno, 0 on success. */
typedef struct {
    int (*open)(void *user, int *fd); /* a descriptor that close(2) ends */
    int (*send)(void *user, int fd, long id, uint8_t function, uint8_t command, const uint8_t *data,
                size_t size);
    /* The next answer: completion code, then data.  EAGAIN: none came in that time. */
    int (*receive)(void *user, int fd, int wait_milliseconds, long *id, uint8_t *data, size_t size,
                   size_t *n);
    void *user;
} ajp_ipmi_io;

extern const ajp_ipmi_io ajp_ipmi_io_real;

#endif
