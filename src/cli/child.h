/* child.h: starts a program as a shell would, passes signals on to it, stops and continues with it, and tells
 * when it has ended.  The program sees nothing of this but three variables and one pipe: AJ_RUN, AJ_MARK,
 * AJ_MARK_PIPE. */
#ifndef AJ_CLI_CHILD_H
#define AJ_CLI_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "cli.h"

typedef struct {
    pid_t pid;
    int signals;                   /* signalfd of all that is passed on, and SIGCHLD */
    int marks;                     /* reading end of AJ_MARK; -1 once it has ended */
    int go;                        /* writing end: a byte lets the child go on to exec */
    int started;                   /* reading end: the errno of an exec that failed; -1 once it is known */
    sigset_t mask;                 /* as this process got it, for the child */
    struct sigaction child_action; /* of SIGCHLD, likewise */
    int exec_error;                /* 0: the program runs (or has ended) */
    bool stop_asked;               /* a terminal or somebody asked this process to stop */
    bool ended;                    /* it can be reaped */
    int status;                    /* then: as a shell has it in $?; -1: not known */
    bool killed;                   /* by a signal: status is 128 + its number */
} cli_child;

/* From here on signals wait in a queue instead of ending this process. EXIT_OK, or EXIT_FAILED after a
 * sentence. */
int cli_child_prepare(cli *c, cli_child *child);
/* Forks; the child waits for cli_child_go.  arguments ends with NULL; uid: for AJ_RUN. */
int cli_child_fork(cli *c, cli_child *child, const char *const *arguments, const char *uid);
void cli_child_go(cli_child *child);
/* Waits until something happens, at most so long (negative: for ever): passes signals on, follows stops, and
 * hands bytes of the marks' pipe over (n = 0: it has ended). */
typedef void (*cli_marks_callback)(void *user, const char *bytes, size_t n);
void cli_child_step(cli_child *child, double seconds, cli_marks_callback marks, void *user);
/* Takes what is still in the marks' pipe. */
void cli_child_drain(cli_child *child, cli_marks_callback marks, void *user);
/* Reaps the child and closes everything. */
void cli_child_finish(cli_child *child);
/* Whether this process is in the foreground of the terminal behind stderr. */
bool cli_in_foreground(void);

#endif
