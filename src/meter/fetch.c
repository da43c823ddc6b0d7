/* fetch.c: runs curl without a shell; it is killed when it takes too long. */
#define _GNU_SOURCE
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Its output and its complaints come through one pipe; it gets no input and the default signals. */
static int start(const char *program, char *const *arguments, pid_t *pid, int *from)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawnp(pid, program, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    if (error != 0)
        close(ends[0]);
    else
        *from = ends[0];
    return error;
}

/* Until its end of the pipe is closed, the text is full or time is up; false: the latter. */
static bool collect(int from, double most_seconds, char *text, size_t size)
{
    double end = ajp_now_seconds() + most_seconds;
    size_t n = 0;
    text[0] = '\0';
    while (n < size - 1) {
        double left = end - ajp_now_seconds();
        struct pollfd ready = {from, POLLIN, 0};
        if (left <= 0 || poll(&ready, 1, (int)ceil(left * 1000)) == 0) return false;
        ssize_t got = read(from, text + n, size - 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        n += (size_t)got;
        text[n] = '\0';
    }
    return true;
}

/* The status it ended with; who does not end soon after the output is killed. */
static int reap(pid_t pid, bool kill_now)
{
    static const struct timespec pause = {0, 5000000};
    enum { MOST_PAUSES = 200 };
    int status = 0;
    pid_t got = 0;
    for (int i = 0; !kill_now && i < MOST_PAUSES && got == 0; i++) {
        if (i > 0) nanosleep(&pause, NULL);
        got = waitpid(pid, &status, WNOHANG);
    }
    if (got == 0) kill(pid, SIGKILL);
    while (got == 0 || (got < 0 && errno == EINTR)) got = waitpid(pid, &status, 0);
    return status;
}

/* The last line is the code of HTTP, "000" when there was no answer. */
static aj_status judge(char *text, int status, const char *url, aj_error *err)
{
    char *last = strrchr(text, '\n');
    long code = last != NULL ? strtol(last + 1, NULL, 10) : 0;
    if (last != NULL) *last = '\0';
    if (code == 401 || code == 403)
        return ajp_fail(err, AJ_DENIED, 0,
                        "%s: the server wants a name and password; put them into ~/.netrc, readable by you "
                        "alone (chmod 600 ~/.netrc)",
                        url);
    if (code == 200 && status == 0) return AJ_OK;
    if (code > 0) return ajp_fail(err, AJ_IO, 0, "%s: the server answers %ld", url, code);
    return ajp_fail(err, AJ_IO, 0, "%s: %.*s", url, (int)strcspn(text, "\n"),
                    text[0] != '\0' ? text : "the program ended without a word");
}

aj_status ajp_fetch(const char *program, const char *url, double most_seconds, char *text, size_t size,
                    aj_error *err)
{
    char limit[32], *words[] = {(char *)(uintptr_t)program,
                                "--silent",
                                "--show-error",
                                "--netrc-optional",
                                "--max-time",
                                limit,
                                "--write-out",
                                "\\n%{http_code}",
                                "--url",
                                (char *)(uintptr_t)url,
                                NULL};
    pid_t pid;
    int from = -1;
    snprintf(limit, sizeof limit, "%.3f", most_seconds);
    int error = start(program, words, &pid, &from);
    if (error != 0)
        return ajp_fail(err, error == ENOENT ? AJ_NOT_FOUND : AJ_IO, error,
                        "the program %s does not start; install curl", program);
    bool in_time = collect(from, most_seconds + 1, text, size);
    close(from);
    int status = reap(pid, !in_time);
    if (!in_time) return ajp_fail(err, AJ_IO, 0, "%s: no answer within %.3g s", url, most_seconds);
    return judge(text, status, url, err);
}
