/* ipmi_io.c: /dev/ipmi0, as <linux/ipmi.h> has it. */
#include "ipmi_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ipmi.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_real(void *user, int *fd)
{
    static const char *const names[] = {"/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"};
    (void)user;
    int error = ENOENT;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *fd = open(names[i], O_RDWR | O_CLOEXEC);
        if (*fd >= 0) return 0;
        if (errno != ENOENT) error = errno;
    }
    return error;
}

static int send_real(void *user, int fd, long id, uint8_t function, uint8_t command, const uint8_t *data,
                     size_t size)
{
    (void)user;
    struct ipmi_system_interface_addr to = {
        .addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE, .channel = IPMI_BMC_CHANNEL, .lun = 0};
    uint8_t copy[IPMI_MAX_MSG_LENGTH];
    if (size > sizeof copy) return EMSGSIZE;
    for (size_t i = 0; i < size; i++) copy[i] = data[i];
    struct ipmi_req request = {.addr = (unsigned char *)&to,
                               .addr_len = sizeof to,
                               .msgid = id,
                               .msg = {function, command, (unsigned short)size, copy}};
    return ioctl(fd, IPMICTL_SEND_COMMAND, &request) == 0 ? 0 : errno;
}

static int receive_real(void *user, int fd, int wait_milliseconds, long *id, uint8_t *data, size_t size,
                        size_t *n)
{
    (void)user;
    struct ipmi_addr from;
    struct pollfd ready = {fd, POLLIN, 0};
    if (poll(&ready, 1, wait_milliseconds) <= 0) return EAGAIN;
    struct ipmi_recv answer = {.addr = (unsigned char *)&from,
                               .addr_len = sizeof from,
                               .msg = {.data_len = (unsigned short)size, .data = data}};
    if (ioctl(fd, IPMICTL_RECEIVE_MSG_TRUNC, &answer) != 0 && errno != EMSGSIZE) return errno;
    *id = answer.recv_type == IPMI_RESPONSE_RECV_TYPE ? answer.msgid : -1;
    *n = answer.msg.data_len;
    return 0;
}

const ajp_ipmi_io ajp_ipmi_io_real = {open_real, send_real, receive_real, NULL};
