/* mark.c: the lines that a program says about itself: read, and said through a pipe. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "attojoule/meter.h"
#include "base/internal.h"
#include "base/yaml.h"

static const struct {
    const char *name, *form;
} rows[AJ_N_MARKS] = {
#define MARK_ROW(name, text, form, about) {text, form},
    AJ_MARK_LIST(MARK_ROW)
#undef MARK_ROW
};

const char *aj_mark_kind_name(aj_mark_kind kind)
{
    return (unsigned)kind < AJ_N_MARKS ? rows[kind].name : "?";
}

/* ---- reading ------------------------------------------------------------------------------------- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* The first word; returns what follows it, NULL when there is none that fits. */
static const char *take_word(const char *text, char *word, size_t size)
{
    size_t length = strcspn(text, " \t");
    if (length == 0 || length >= size) return NULL;
    memcpy(word, text, length);
    word[length] = '\0';
    return skip_blanks(text + length);
}

static bool take_number(const char **text, double *out)
{
    const char *end = NULL;
    if (!ajp_number_scan(*text, &end, out) || (*end != '\0' && strchr(" \t", *end) == NULL)) return false;
    *text = skip_blanks(end);
    return true;
}

static bool whole(double value)
{
    return value >= 0 && value <= 1e9 && value == floor(value);
}

/* "3 of 10" or "3". */
static bool take_epoch(aj_marker *out, const char *rest)
{
    if (!take_number(&rest, &out->value) || !whole(out->value)) return false;
    if (*rest == '\0') return true;
    if (strncmp(rest, "of", 2) != 0 || (rest[2] != ' ' && rest[2] != '\t')) return false;
    rest = skip_blanks(rest + 2);
    return take_number(&rest, &out->total) && *rest == '\0' && whole(out->total) && out->total >= out->value;
}

static bool take_value(aj_marker *out, const char *rest)
{
    if (out->kind == AJ_MARK_EPOCH) return take_epoch(out, rest);
    if (out->kind == AJ_MARK_FLOPS)
        return take_number(&rest, &out->value) && *rest == '\0' && out->value >= 0;
    if (out->kind == AJ_MARK_ACCURACY)
        return take_number(&rest, &out->value) && *rest == '\0' && out->value >= 0 && out->value <= 1;
    snprintf(out->name, sizeof out->name, "%s", rest);
    return rest[0] != '\0';
}

/* A copy without the newline and the blanks around; false: too long, or it holds control characters. */
static bool tidy(char line[AJ_MARK_SIZE], const char *text)
{
    text = skip_blanks(text);
    size_t length = strcspn(text, "\n");
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) length--;
    if (length >= AJ_MARK_SIZE) return false;
    memcpy(line, text, length);
    line[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f) return false;
    return true;
}

aj_status aj_marker_read(aj_marker *out, const char *line, aj_error *err)
{
    char text[AJ_MARK_SIZE], word[16];
    aj_marker marker = {.kind = AJ_N_MARKS, .value = NAN, .total = NAN};
    if (!tidy(text, line))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a mark is one line of printable text below %d bytes",
                        AJ_MARK_SIZE);
    const char *rest = take_word(text, word, sizeof word);
    for (int i = 0; rest != NULL && i < AJ_N_MARKS; i++)
        if (strcmp(word, rows[i].name) == 0) marker.kind = (aj_mark_kind)i;
    if (marker.kind == AJ_N_MARKS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'%.80s' is no mark; begin with mark, begin, end, epoch, flops or accuracy", text);
    if (!take_value(&marker, rest))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'%.80s' is no mark; write it as '%s'", text,
                        rows[marker.kind].form);
    *out = marker;
    return AJ_OK;
}

/* ---- saying -------------------------------------------------------------------------------------- */

static bool read_count(const char *name, unsigned long long *out)
{
    const char *text = getenv(name);
    char *end = NULL;
    if (text == NULL || text[0] < '0' || text[0] > '9') return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* The pipe, or -1: a program may have closed it and got another file under its number. */
static int mark_pipe(void)
{
    unsigned long long fd, inode;
    struct stat info;
    if (!read_count("AJ_MARK", &fd) || fd > 1 << 20) return -1;
    if (fstat((int)fd, &info) != 0 || !S_ISFIFO(info.st_mode)) return -1;
    if (read_count("AJ_MARK_PIPE", &inode) && inode != (unsigned long long)info.st_ino) return -1;
    return (int)fd;
}

/* A pipe is ready when a line fits in whole. */
static bool put_line(int fd, const char *line, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (poll(&ready, 1, 100) != 1 || (ready.revents & POLLOUT) == 0) return false;
    ssize_t put;
    do put = write(fd, line, size);
    while (put < 0 && errno == EINTR);
    return put == (ssize_t)size;
}

/* The same with SIGPIPE held back: one that comes from our write is taken away, one that waited stays. */
static bool put_quietly(int fd, const char *line, size_t size)
{
    sigset_t broken, before, waiting;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigemptyset(&waiting);
    sigpending(&waiting);
    if (pthread_sigmask(SIG_BLOCK, &broken, &before) != 0) return false;
    bool done = put_line(fd, line, size);
    if (!done && !sigismember(&waiting, SIGPIPE)) {
        struct timespec none = {0, 0};
        while (sigtimedwait(&broken, NULL, &none) < 0 && errno == EINTR) continue;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return done;
}

bool aj_mark(const char *format, ...)
{
    char line[AJ_MARK_SIZE];
    int kept = errno, fd = mark_pipe();
    if (fd < 0) {
        errno = kept;
        return false;
    }
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    bool done = length > 0 && length < AJ_MARK_SIZE - 1 && memchr(line, '\n', (size_t)length) == NULL;
    if (done) {
        line[length] = '\n';
        done = put_quietly(fd, line, (size_t)length + 1);
    }
    errno = kept;
    return done;
}
