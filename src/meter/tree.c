/* tree.c: small files of /sys, read whole. */
#include "tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 1024, LINE_SIZE = 128, MOST_NAMES = 4096, HALF_PAGE = 2048 };

static int open_real(const char *root, const char *path, int *fd)
{
    char whole[PATH_SIZE];
    int length = snprintf(whole, sizeof whole, "%s/%s", root, path);
    if (length < 0 || (size_t)length >= sizeof whole) return ENAMETOOLONG;
    *fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return *fd < 0 ? errno : 0;
}

/* The files of /sys and /proc make their text anew at offset 0; lists come a page at a time. */
static int read_start(int fd, char *text, size_t size)
{
    size_t n = 0;
    ssize_t got;
    do {
        do got = pread(fd, text + n, size - 1 - n, (off_t)n);
        while (got < 0 && errno == EINTR);
        if (got < 0) return errno;
        n += (size_t)got;
    } while (got >= HALF_PAGE && n < size - 1);
    text[n] = '\0';
    return 0;
}

/* A name that leads elsewhere now: a device or process that went away (ENODEV, ESRCH), a file that was
 * replaced by another of its name.  Without this its last number would be read for ever. */
static bool is_stale(int fd, int error)
{
    struct stat about;
    if (error != 0) return true;
    return fstat(fd, &about) != 0 || about.st_nlink == 0;
}

static int read_real(void *user, const char *root, const char *path, int *fd, char *text, size_t size)
{
    (void)user;
    int once = -1, error;
    if (fd != NULL && *fd >= 0) {
        error = read_start(*fd, text, size);
        if (!is_stale(*fd, error)) return 0;
        ajp_tree_close(fd);
    }
    int *opened = fd != NULL ? fd : &once;
    error = open_real(root, path, opened);
    if (error != 0) return error;
    error = read_start(*opened, text, size);
    if (fd == NULL || error != 0) ajp_tree_close(opened);
    return error;
}

static double now_real(void *user)
{
    (void)user;
    return ajp_now_seconds();
}

static double clock_seconds(clockid_t clock)
{
    struct timespec at = {0, 0};
    clock_gettime(clock, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

/* The monotonic clock stands still in suspend, the boot clock goes on.  It is read first: being interrupted
 * between the two must not look like a sleep. */
static double suspended_real(void *user)
{
    (void)user;
    double ever = clock_seconds(CLOCK_BOOTTIME);
    return ever - clock_seconds(CLOCK_MONOTONIC);
}

ajp_tree ajp_tree_real(const char *root)
{
    return (ajp_tree){.root = root != NULL ? root : "/sys",
                      .read = read_real,
                      .now_seconds = now_real,
                      .suspended_seconds = suspended_real,
                      .nvml_library = AJP_NVML_LIBRARY,
                      .perf = &ajp_perf_io_real,
                      .ipmi = &ajp_ipmi_io_real};
}

void ajp_tree_close(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

aj_status ajp_tree_text_at(const ajp_tree *tree, const char *path, int *fd, char *text, size_t size,
                           aj_error *err)
{
    int error = tree->read(tree->user, tree->root, path, fd, text, size);
    if (error != 0)
        return ajp_fail(err, ajp_status_from_errno(error), error, "%s/%s: cannot be read", tree->root, path);
    size_t length = strcspn(text, "\n");
    text[length] = '\0';
    if (length == 0) return ajp_fail(err, AJ_CORRUPT, 0, "%s/%s: is empty", tree->root, path);
    return AJ_OK;
}

aj_status ajp_tree_text(const ajp_tree *tree, const char *path, char *text, size_t size, aj_error *err)
{
    return ajp_tree_text_at(tree, path, NULL, text, size, err);
}

aj_status ajp_tree_count_at(const ajp_tree *tree, const char *path, int *fd, uint64_t *out, aj_error *err)
{
    char text[LINE_SIZE], *end = text;
    AJ_TRY(ajp_tree_text_at(tree, path, fd, text, sizeof text, err));
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s/%s: '%.40s' is not a whole number", tree->root, path, text);
    *out = value;
    return AJ_OK;
}

aj_status ajp_tree_count(const ajp_tree *tree, const char *path, uint64_t *out, aj_error *err)
{
    return ajp_tree_count_at(tree, path, NULL, out, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static aj_status collect(DIR *folder, ajp_arena *arena, char ***names, size_t *n, aj_error *err)
{
    char **list = ajp_arena_array(arena, MOST_NAMES, sizeof *list);
    if (list == NULL) return ajp_no_memory(err, "the names of sensors");
    size_t count = 0;
    for (struct dirent *entry; count < MOST_NAMES && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        list[count] = ajp_arena_strdup(arena, entry->d_name);
        if (list[count] == NULL) return ajp_no_memory(err, "the names of sensors");
        count++;
    }
    qsort(list, count, sizeof *list, by_name);
    *names = list;
    *n = count;
    return AJ_OK;
}

aj_status ajp_tree_list(const ajp_tree *tree, ajp_arena *arena, const char *path, char ***names, size_t *n,
                        aj_error *err)
{
    char whole[PATH_SIZE];
    snprintf(whole, sizeof whole, "%s/%s", tree->root, path);
    DIR *folder = opendir(whole);
    if (folder == NULL) {
        if (errno != ENOENT && errno != ENOTDIR)
            return ajp_fail(err, ajp_status_from_errno(errno), errno, "%s: cannot be listed", whole);
        *names = NULL;
        *n = 0;
        return AJ_OK;
    }
    aj_status st = collect(folder, arena, names, n, err);
    closedir(folder);
    return st;
}
