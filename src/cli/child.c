/* child.c: a program between two pipes and a queue of signals.
 *
 * It runs in the process group of `aj` itself: the terminal sends Ctrl-C, Ctrl-Z and the hang-up to both, and
 * the shell's job control sees one job.  So what the terminal sends is not passed on again, and what somebody
 * sends to `aj` alone is.  PR_SET_CHILD_SUBREAPER is not used: a daemon that the program leaves behind would
 * see another parent than it would without us. */
#define _GNU_SOURCE /* execvpe's family, pipe2, waitid with WNOWAIT */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals of a fault of this very process are its own; the rest waits in the queue. */
static void fill(sigset_t *set)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    sigfillset(set);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(set, faults[i]);
}

static int fail(cli *c, const char *what)
{
    cli_complain(c, "the command could not be started: %s (%s)", what, strerror(errno));
    return EXIT_FAILED;
}

int cli_child_prepare(cli *c, cli_child *child)
{
    sigset_t all;
    struct sigaction plain;
    memset(child, 0, sizeof *child);
    child->signals = child->marks = child->go = child->started = -1;
    child->status = -1;
    fill(&all);
    if (sigprocmask(SIG_BLOCK, &all, &child->mask) != 0) return fail(c, "signals");
    /* Where SIGCHLD is ignored, children vanish with their status. */
    memset(&plain, 0, sizeof plain);
    plain.sa_handler = SIG_DFL;
    if (sigaction(SIGCHLD, &plain, &child->child_action) != 0) return fail(c, "signals");
    child->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    return child->signals >= 0 ? EXIT_OK : fail(c, "signals");
}

/* ---- in the child ---------------------------------------------------------------------------------- */

/* Shells can name descriptors of one digit only, and scripts take the low ones: the highest free digit. */
static int place_marks(int fd)
{
    for (int digit = 9; digit > 2; digit--)
        if (fcntl(digit, F_GETFD) < 0 && errno == EBADF) return dup2(fd, digit); /* without close-on-exec */
    return fcntl(fd, F_SETFD, 0) == 0 ? fd : -1;
}

static void set_variables(int marks, const char *uid)
{
    struct stat pipe_info;
    char text[32];
    if (uid[0] != '\0') setenv("AJ_RUN", uid, 1);
    int placed = marks >= 0 ? place_marks(marks) : -1;
    if (placed < 0 || fstat(placed, &pipe_info) != 0) {
        unsetenv("AJ_MARK"); /* one of an outer run would count its marks twice */
        unsetenv("AJ_MARK_PIPE");
        return;
    }
    snprintf(text, sizeof text, "%d", placed);
    setenv("AJ_MARK", text, 1);
    snprintf(text, sizeof text, "%llu", (unsigned long long)pipe_info.st_ino);
    setenv("AJ_MARK_PIPE", text, 1);
}

/* 127: there is no such program; 126: there is, but it cannot be run (POSIX, Shell Command Language 2.8.2).
 */
static int status_of_exec(int error)
{
    return error == ENOENT || error == ENOTDIR ? 127 : 126;
}

_Noreturn static void run_child(const cli_child *child, const int go[2], const int started[2],
                                const int marks[2], const char *const *arguments, const char *uid)
{
    char byte;
    close(go[1]); /* or the end of this process would wait for itself */
    while (read(go[0], &byte, 1) < 0 && errno == EINTR) {
    }
    close(go[0]);
    set_variables(marks[1], uid);
    sigaction(SIGCHLD, &child->child_action, NULL);
    sigprocmask(SIG_SETMASK, &child->mask, NULL);
    execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    int error = errno;
    ssize_t put = write(started[1], &error, sizeof error);
    (void)put; /* the status says the same */
    _exit(status_of_exec(error));
}

/* ---- start ----------------------------------------------------------------------------------------- */

static void close_pipe(int ends[2])
{
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0) close(ends[i]);
}

int cli_child_fork(cli *c, cli_child *child, const char *const *arguments, const char *uid)
{
    int go[2] = {-1, -1}, started[2] = {-1, -1}, marks[2] = {-1, -1};
    if (pipe2(go, O_CLOEXEC) != 0 || pipe2(started, O_CLOEXEC) != 0 || pipe2(marks, O_CLOEXEC) != 0 ||
        (child->pid = fork()) < 0) {
        int status = fail(c, "a pipe or a process");
        close_pipe(go);
        close_pipe(started);
        close_pipe(marks);
        return status;
    }
    if (child->pid == 0) run_child(child, go, started, marks, arguments, uid);
    close(go[0]);
    close(started[1]);
    close(marks[1]);
    child->go = go[1];
    child->started = started[0];
    child->marks = marks[0];
    (void)fcntl(child->marks, F_SETFL, O_NONBLOCK);
    return EXIT_OK;
}

void cli_child_go(cli_child *child)
{
    ssize_t put = write(child->go, "", 1);
    (void)put; /* the end of the pipe means the same */
    close(child->go);
    child->go = -1;
}

/* ---- signals --------------------------------------------------------------------------------------- */

bool cli_in_foreground(void)
{
    return tcgetpgrp(STDERR_FILENO) == getpgrp();
}

/* The terminal has sent it to the whole group. */
static bool from_terminal(const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;
    return info->ssi_code == SI_KERNEL && (number == SIGINT || number == SIGQUIT || number == SIGTSTP ||
                                           number == SIGHUP || number == SIGWINCH || number == SIGCONT);
}

static void pass_on(cli_child *child, const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;
    if (number == SIGTSTP) child->stop_asked = true;
    if (number == SIGCHLD || number == SIGPIPE || number == SIGTTIN || number == SIGTTOU) return;
    /* A program that signals its parent does not mean itself. */
    bool own = info->ssi_code != SI_KERNEL &&
               (info->ssi_pid == (uint32_t)child->pid || info->ssi_pid == (uint32_t)getpid());
    if (!own && !from_terminal(info) && !child->ended) kill(child->pid, number);
}

/* Stops this process, unless nobody could continue it (an orphaned group: the kernel then drops the signal).
 */
static void stop_too(cli_child *child)
{
    sigset_t one;
    child->stop_asked = false;
    sigemptyset(&one);
    sigaddset(&one, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &one, NULL); /* here it stops, and goes on when it is continued */
    sigprocmask(SIG_BLOCK, &one, NULL);
}

static void note_end(cli_child *child, const siginfo_t *info)
{
    child->ended = true;
    child->killed = info->si_code != CLD_EXITED;
    child->status = child->killed ? 128 + info->si_status : info->si_status;
}

/* An end is looked at and left for the meter to see; stops and continuations are taken. */
static void look_at_child(cli_child *child)
{
    for (;;) {
        siginfo_t info;
        info.si_pid = 0;
        if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
            child->ended = true; /* nobody but us can have reaped it: its status is lost */
            return;
        }
        if (info.si_pid != 0) {
            note_end(child, &info);
            return;
        }
        if (waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WCONTINUED | WNOHANG) != 0 || info.si_pid == 0)
            return;
        if (info.si_code != CLD_STOPPED) continue;
        bool by_job_control =
            info.si_status == SIGTSTP || info.si_status == SIGTTIN || info.si_status == SIGTTOU;
        if (by_job_control || child->stop_asked || cli_in_foreground()) stop_too(child);
    }
}

static void take_signals(cli_child *child)
{
    struct signalfd_siginfo info;
    bool look = false;
    while (read(child->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        look = look || info.ssi_signo == SIGCHLD;
        pass_on(child, &info);
    }
    if (look) look_at_child(child);
}

/* ---- waiting ----------------------------------------------------------------------------------------- */

static void take_started(cli_child *child)
{
    int error = 0;
    ssize_t got;
    do got = read(child->started, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    child->exec_error = got == (ssize_t)sizeof error ? error : 0;
    close(child->started);
    child->started = -1;
}

static void take_marks(cli_child *child, cli_marks_callback marks, void *user)
{
    char bytes[4096];
    for (;;) {
        ssize_t got = read(child->marks, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return; /* nothing more now */
        marks(user, bytes, (size_t)got);
        if (got > 0) continue;
        close(child->marks);
        child->marks = -1;
        return;
    }
}

void cli_child_step(cli_child *child, double seconds, cli_marks_callback marks, void *user)
{
    struct pollfd waits[] = {
        {child->signals, POLLIN, 0}, {child->marks, POLLIN, 0}, {child->started, POLLIN, 0}};
    int milliseconds = seconds < 0 ? -1 : (int)ceil(fmin(seconds, 86400) * 1e3);
    int ready = poll(waits, 3, milliseconds);
    if (ready <= 0) return;
    if (waits[2].revents != 0) take_started(child);
    if (waits[1].revents != 0) take_marks(child, marks, user);
    if (waits[0].revents != 0) take_signals(child);
}

void cli_child_drain(cli_child *child, cli_marks_callback marks, void *user)
{
    if (child->marks >= 0) take_marks(child, marks, user);
}

void cli_child_finish(cli_child *child)
{
    if (child->pid > 0)
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    const int ends[] = {child->signals, child->marks, child->go, child->started};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends[i] >= 0) close(ends[i]);
}
