/* gnuplot.c: running gnuplot as a program: no shell, no start-up files, its words kept for the error's
 * sentence. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figure.h"

extern char **environ; /* POSIX declares it nowhere */

/* The first line gnuplot printed that says something. */
static void first_words(FILE *talk, char *words, size_t size)
{
    char line[256];
    words[0] = '\0';
    if (fseek(talk, 0, SEEK_SET) != 0) return;
    while (words[0] == '\0' && fgets(line, sizeof line, talk) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        const char *start = line + strspn(line, " \t^");
        if (strlen(start) > 3) snprintf(words, size, "%s", start);
    }
}

static int spawn(pid_t *child, const char *script_path, const char *output_path, int talk)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_path,
                                                 O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, talk, STDERR_FILENO);
    char program[] = "gnuplot", defaults[] = "-d";
    char *const arguments[] = {program, defaults, (char *)script_path, NULL};
    if (error == 0) error = posix_spawnp(child, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static aj_status wait_for(pid_t child, FILE *talk, const char *script_path, aj_error *err)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return ajp_fail(err, AJ_IO, errno, "%s: gnuplot could not be waited for", script_path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return AJ_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) /* how spawn tells that there is no program */
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "gnuplot could not be started; install gnuplot-nox for figures");
    char words[200];
    first_words(talk, words, sizeof words);
    return ajp_fail(err, AJ_IO, 0, "%s: gnuplot failed: %s", script_path,
                    words[0] != '\0' ? words : "it said nothing");
}

aj_status ajp_gnuplot_run(const char *script_path, const char *output_path, aj_error *err)
{
    FILE *talk = tmpfile();
    if (talk == NULL)
        return ajp_fail(err, AJ_IO, errno, "%s: no temporary file for gnuplot's messages", script_path);
    pid_t child;
    int error = spawn(&child, script_path, output_path, fileno(talk));
    aj_status st;
    if (error == ENOENT)
        st =
            ajp_fail(err, AJ_UNSUPPORTED, error, "gnuplot is not installed; install gnuplot-nox for figures");
    else if (error != 0)
        st = ajp_fail(err, AJ_IO, error, "gnuplot could not be started");
    else
        st = wait_for(child, talk, script_path, err);
    fclose(talk);
    return st;
}
