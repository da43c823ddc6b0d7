/* spill.c: the file for runs that the ledger could not take.
 *
 * Appending and taking in hold a lock on the file, so a line is whole or was left by a killed process (then
 * it has no newline).  A run has its uid before it is spilled: taken in twice, or committed after all, it is
 * one run. */
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

bool ajp_spill_path(size_t i, const char *ledger_path, char *path, size_t size)
{
    if (i == 0) return snprintf(path, size, "%s.spill", ledger_path) < (int)size;
    if (i > 1) return false;
    /* named after the ledger's whole path, since others spill there as well */
    char folder[4096] = "", whole[8300], hash[65];
    if (ledger_path[0] != '/' && getcwd(folder, sizeof folder) == NULL) return false;
    snprintf(whole, sizeof whole, "%s%s%.4096s", folder, folder[0] != '\0' ? "/" : "", ledger_path);
    ajp_sha256_hex(whole, strlen(whole), hash);
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL || temporary[0] == '\0') temporary = "/tmp";
    return snprintf(path, size, "%s/attojoule-%lu-%.16s.spill", temporary, (unsigned long)geteuid(), hash) <
           (int)size;
}

/* Opens and locks; never through a link and only a file of this user, since the second place is open to all.
 * A file that its reader removed while this process waited for the lock is opened anew. */
static aj_status open_locked(const char *path, int flags, int *out, struct stat *info, aj_error *err)
{
    for (;;) {
        int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
            return ajp_fail(err, errno == ELOOP ? AJ_DENIED : ajp_status_from_errno(errno), errno,
                            "%s: the spill file cannot be opened", path);
        while (flock(fd, LOCK_EX) != 0 && errno == EINTR) {
        }
        bool good = fstat(fd, info) == 0;
        if (good && S_ISREG(info->st_mode) && info->st_uid == geteuid() && info->st_nlink > 0) {
            *out = fd;
            return AJ_OK;
        }
        close(fd);
        if (!good || info->st_nlink > 0)
            return ajp_fail(err, AJ_DENIED, EACCES, "%s: the spill file is not a file of this user", path);
    }
}

/* A line that a killed process left without its end is cut off. */
static aj_status cut_torn_line(int fd, off_t *size, const char *path, aj_error *err)
{
    char last = '\n';
    off_t end = *size;
    while (end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n') end--;
    if (end != *size && ftruncate(fd, end) != 0)
        return ajp_fail(err, AJ_IO, errno, "%s: a torn line could not be cut off", path);
    *size = end;
    return AJ_OK;
}

static aj_status append_to(const char *path, const char *line, size_t size, aj_error *err)
{
    struct stat info;
    int fd = -1;
    AJ_TRY(open_locked(path, O_RDWR | O_CREAT | O_APPEND, &fd, &info, err));
    off_t before = info.st_size;
    aj_status st = cut_torn_line(fd, &before, path, err);
    size_t done = 0;
    while (st == AJ_OK && done < size) {
        ssize_t put = write(fd, line + done, size - done);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0)
            st = ajp_fail(err, AJ_IO, errno, "%s: the run could not be written", path);
        else
            done += (size_t)put;
    }
    if (st == AJ_OK && fsync(fd) != 0)
        st = ajp_fail(err, AJ_IO, errno, "%s: the run could not be written", path);
    if (st != AJ_OK && ftruncate(fd, before) != 0)
        st = ajp_fail(err, AJ_IO, errno, "%s: ends in a torn line, which the next use cuts off", path);
    if (st != AJ_OK && before == 0) unlink(path);
    close(fd);
    return st;
}

aj_status ajp_spill_append(const char *ledger_path, const aj_run *run, char *path, size_t size, aj_error *err)
{
    char *text = NULL;
    AJ_TRY(aj_run_to_json(run, &text, err));
    size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL */
    aj_status st = ajp_fail(err, AJ_IO, 0, "%s: has no place for a spill file", ledger_path);
    for (size_t i = 0; st != AJ_OK && ajp_spill_path(i, ledger_path, path, size); i++)
        st = append_to(path, text, length + 1, err);
    aj_text_free(text);
    return st;
}

/* ---- taking in ---- */

static aj_status read_all(int fd, size_t size, const char *path, char **out, aj_error *err)
{
    char *text = ajp_alloc(NULL, size);
    if (text == NULL) return ajp_no_memory(err, path);
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, text + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            int error = got < 0 ? errno : EIO;
            ajp_free(NULL, text);
            return ajp_fail(err, AJ_IO, error, "%s: could not be read", path);
        }
        done += (size_t)got;
    }
    *out = text;
    return AJ_OK;
}

/* Puts every whole line; *n_bad counts those that are no runs.  Fails when the ledger does. */
static aj_status put_lines(aj_ledger *ledger, const char *text, size_t size, const char *path, uint64_t *n,
                           uint64_t *n_bad, aj_error *err)
{
    for (size_t start = 0; start < size;) {
        const char *end = memchr(text + start, '\n', size - start);
        if (end == NULL) break;
        size_t length = (size_t)(end - text) - start;
        aj_run run;
        aj_status st = aj_run_from_json(&run, text + start, length, path, err);
        if (st == AJ_NO_MEMORY) return st;
        if (st == AJ_OK) {
            st = aj_ledger_put(ledger, &run, NULL, NULL, err);
            aj_run_destroy(&run);
            AJ_TRY(st);
            (*n)++;
        } else {
            (*n_bad)++;
        }
        start += length + 1;
    }
    return AJ_OK;
}

static aj_status take_file(aj_ledger *ledger, const char *path, uint64_t *n, char *remark, aj_error *err)
{
    struct stat info;
    char *text = NULL;
    int fd = -1;
    uint64_t n_bad = 0;
    aj_status st = open_locked(path, O_RDWR, &fd, &info, err);
    if (st == AJ_NOT_FOUND) return AJ_OK; /* another process was faster */
    AJ_TRY(st);
    size_t size = (size_t)info.st_size;
    if (size > 0) st = read_all(fd, size, path, &text, err);
    if (st == AJ_OK) st = put_lines(ledger, text, size, path, n, &n_bad, err);
    if (st == AJ_OK && n_bad > 0) {
        char aside[4300];
        snprintf(aside, sizeof aside, "%s.unread", path);
        rename(path, aside);
        snprintf(remark, 512, "%.400s: %llu lines are no runs; look at them and remove it", aside,
                 (unsigned long long)n_bad);
    } else if (st == AJ_OK) {
        unlink(path);
    }
    ajp_free(NULL, text);
    close(fd);
    return st;
}

aj_status ajp_spill_take_in(aj_ledger *ledger, uint64_t *n, char *remark, aj_error *err)
{
    char path[4200];
    for (size_t i = 0; ajp_spill_path(i, aj_ledger_path(ledger), path, sizeof path); i++) {
        struct stat info;
        if (lstat(path, &info) != 0) continue;
        aj_error why = {AJ_OK, 0, ""};
        aj_status st = take_file(ledger, path, n, remark, &why);
        if (st == AJ_DENIED) { /* not ours: say so, but the ledger itself is well */
            snprintf(remark, 512, "%.500s", why.message);
            continue;
        }
        if (st != AJ_OK) return ajp_fail(err, st, why.system_errno, "%.480s", why.message);
    }
    return AJ_OK;
}
