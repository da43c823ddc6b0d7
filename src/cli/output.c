/* output.c: what a command prints, delivered whole or not at all. */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void cli_output_begin(cli_output *output)
{
    *output = (cli_output){NULL, NULL, 0};
    output->stream = open_memstream(&output->text, &output->size);
    if (output->stream == NULL) {
        fputs("aj: memory ran out\n", stderr);
        exit(EXIT_FAILED);
    }
}

void cli_output_discard(cli_output *output)
{
    if (output->stream != NULL) fclose(output->stream);
    free(output->text);
    *output = (cli_output){NULL, NULL, 0};
}

/* Writes to a stream and closes it (stdout is only flushed); 0 or the errno of what failed. */
static int deliver(FILE *stream, const cli_output *output)
{
    errno = 0;
    bool good = fwrite(output->text, 1, output->size, stream) == output->size;
    good = fflush(stream) == 0 && good;
    int error = good ? 0 : errno != 0 ? errno : EIO;
    if (stream != stdout && fclose(stream) != 0 && error == 0) error = errno;
    return error;
}

static int write_beside(const cli_output *output, const char *path)
{
    size_t size = strlen(path) + 32;
    char *part = cli_allocate(size, 1);
    snprintf(part, size, "%s.%ld.part", path, (long)getpid());
    FILE *stream = fopen(part, "wb");
    int error = stream != NULL ? deliver(stream, output) : errno;
    if (stream != NULL && error == 0 && rename(part, path) != 0) error = errno;
    if (stream != NULL && error != 0) unlink(part);
    free(part);
    return error;
}

int cli_output_finish_to(cli *c, cli_output *output, const char *path)
{
    bool whole = fclose(output->stream) == 0; /* memory may have run out while printing */
    output->stream = NULL;
    int error = whole ? 0 : ENOMEM;
    struct stat info;
    cli_clear_progress(c);
    if (error != 0) {
        /* nothing was delivered */
    } else if (path == NULL) {
        error = deliver(stdout, output);
    } else if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        FILE *stream = fopen(path, "wb"); /* a pipe or a device is written to, never replaced */
        error = stream != NULL ? deliver(stream, output) : errno;
    } else {
        error = write_beside(output, path);
    }
    cli_output_discard(output);
    if (error == 0) return EXIT_OK;
    cli_complain(c, "%s: could not be written (%s)", path != NULL ? path : "standard output",
                 strerror(error));
    return EXIT_FAILED;
}

int cli_output_finish(cli *c, cli_output *output)
{
    return cli_output_finish_to(c, output, cli_text(c, "out"));
}

int cli_check_writable(cli *c, const char *path)
{
    if (path == NULL) return EXIT_OK;
    struct stat info;
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) {
            cli_complain(c, "%s: is a folder; name a file to write", path);
            return EXIT_FAILED;
        }
        if (access(path, W_OK) == 0) return EXIT_OK;
        cli_complain(c, "%s: cannot be written (%s)", path, strerror(errno));
        return EXIT_FAILED;
    }
    char *folder = cli_copy_text(path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        strcpy(folder, ".");
    else if (slash == folder)
        slash[1] = '\0';
    else
        *slash = '\0';
    int status = EXIT_OK;
    if (access(folder, W_OK) != 0 || stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        cli_complain(c, "%s: cannot be written: the folder %s does not exist or is not writable", path,
                     folder);
        status = EXIT_FAILED;
    }
    free(folder);
    return status;
}
