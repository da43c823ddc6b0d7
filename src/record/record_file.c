/* record_file.c: the append-only file of records: one JSON document a line.
 *
 * A line counts when its newline is there.  An interrupted run leaves at most one torn line, at the end:
 * reading ignores it, opening for appending cuts it off.  A failed append leaves the file as it was. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/internal.h"
#include "json_in.h"

enum { MAX_FILE_BYTES = 1 << 30 };

struct aj_evaluation_file {
    int fd;
    bool regular;
    char path[];
};

typedef struct {
    aj_evaluation *records;
    size_t n, capacity;
} list;

static aj_status list_add(list *to, aj_evaluation *record, const char *path, aj_error *err)
{
    aj_status st = ajp_grow(NULL, (void **)&to->records, &to->capacity, to->n + 1, sizeof *record, path, err);
    if (st != AJ_OK) {
        aj_evaluation_destroy(record);
        return st;
    }
    to->records[to->n++] = *record;
    return AJ_OK;
}

static aj_status read_descriptor(int fd, const char *path, char **text, size_t *size, aj_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return ajp_fail(err, ajp_status_from_errno(errno), errno, "%s: cannot be examined", path);
    if (!S_ISREG(info.st_mode))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: is not a regular file; name a file", path);
    if (info.st_size > MAX_FILE_BYTES)
        return ajp_fail(err, AJ_NO_MEMORY, 0, "%s: has %lld bytes, more than the limit of 1 GiB; split it",
                        path, (long long)info.st_size);
    size_t wanted = (size_t)info.st_size, done = 0;
    char *buffer = ajp_alloc(NULL, wanted + 1);
    if (buffer == NULL) return ajp_no_memory(err, path);
    while (done < wanted) {
        ssize_t got = pread(fd, buffer + done, wanted - done, (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            int error = errno;
            ajp_free(NULL, buffer);
            return ajp_fail(err, AJ_IO, error, "%s: could not be read", path);
        }
        if (got == 0) break; /* a writer cut a torn line off meanwhile */
        done += (size_t)got;
    }
    buffer[done] = '\0';
    *text = buffer;
    *size = done;
    return AJ_OK;
}

static bool blank(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (strchr(" \t\r", text[i]) == NULL || text[i] == '\0') return false;
    return true;
}

/* Records of all lines with their newline; *complete is where the last of them ends. */
static aj_status read_lines(list *to, const char *text, size_t size, const char *path, size_t *complete,
                            aj_error *err)
{
    size_t start = 0;
    for (unsigned long line = 1; start < size; line++) {
        const char *end = memchr(text + start, '\n', size - start);
        if (end == NULL) break;
        size_t length = (size_t)(end - text) - start;
        char name[300];
        snprintf(name, sizeof name, "%.250s: line %lu", path, line);
        if (!blank(text + start, length)) {
            aj_evaluation record;
            AJ_TRY(aj_evaluation_from_json(&record, text + start, length, name, err));
            AJ_TRY(list_add(to, &record, path, err));
        }
        start += length + 1;
    }
    *complete = start;
    return AJ_OK;
}

/* A file that is one document as a whole: an indented record, or an array of records. */
static aj_status read_document(list *to, const json_t *root, const char *path, aj_error *err)
{
    size_t n = json_is_array(root) ? json_array_size(root) : 1;
    for (size_t i = 0; i < n; i++) {
        aj_evaluation record;
        AJ_TRY(
            ajp_record_from_json(&record, json_is_array(root) ? json_array_get(root, i) : root, path, err));
        AJ_TRY(list_add(to, &record, path, err));
    }
    return AJ_OK;
}

static aj_status read_text(list *to, const char *text, size_t size, const char *path, aj_error *err)
{
    size_t complete = 0;
    aj_error why = {0};
    aj_status st = read_lines(to, text, size, path, &complete, &why);
    if (st == AJ_OK && (to->n > 0 || size == 0)) return AJ_OK;
    if (to->n == 0) { /* not lines: is it one document? */
        json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        if (root != NULL) {
            st = read_document(to, root, path, err);
            json_decref(root);
            return st;
        }
    }
    if (st != AJ_OK && err != NULL) *err = why;
    return st;
}

static aj_status open_read(const char *path, int flags, int *fd, aj_error *err)
{
    *fd = open(path, flags | O_CLOEXEC, 0666);
    if (*fd >= 0) return AJ_OK;
    return ajp_fail(err, ajp_status_from_errno(errno), errno,
                    "%s: cannot be opened; check the path and its permissions", path);
}

aj_status aj_evaluations_read(const char *path, aj_evaluation **records, size_t *n, aj_error *err)
{
    int fd;
    AJ_TRY(open_read(path, O_RDONLY, &fd, err));
    char *text = NULL;
    size_t size = 0;
    list found = {NULL, 0, 0};
    aj_status st = read_descriptor(fd, path, &text, &size, err);
    close(fd);
    if (st == AJ_OK) st = read_text(&found, text, size, path, err);
    ajp_free(NULL, text);
    if (st != AJ_OK) {
        aj_evaluations_free(found.records, found.n);
        return st;
    }
    *records = found.records;
    *n = found.n;
    return AJ_OK;
}

/* Only what looks like the beginning of one of our lines is cut off: a wrong path must not cost anyone a
 * file. */
static aj_status cut_torn_line(int fd, const char *text, size_t size, size_t complete, const char *path,
                               aj_error *err)
{
    static const char beginning[] = "{\"model\"";
    if (complete == size) return AJ_OK;
    size_t n = ajp_min_size(size - complete, sizeof beginning - 1);
    if (memcmp(text + complete, beginning, n) != 0)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: its end is no record; name a file of records or a new file",
                        path);
    if (ftruncate(fd, (off_t)complete) != 0)
        return ajp_fail(err, AJ_IO, errno, "%s: a torn line could not be cut off", path);
    return AJ_OK;
}

/* One writer at a time; the lock goes when the file is closed or the process ends. */
static aj_status lock_whole(int fd, const char *path, aj_error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLK, &lock) == 0) return AJ_OK;
    if (errno != EACCES && errno != EAGAIN) return AJ_OK; /* a file system without locks */
    return ajp_fail(err, AJ_DENIED, errno,
                    "%s: another run is writing to it; wait for it or name another file", path);
}

static aj_status take_over(aj_evaluation_file *file, list *found, aj_error *err)
{
    struct stat info;
    if (fstat(file->fd, &info) != 0)
        return ajp_fail(err, ajp_status_from_errno(errno), errno, "%s: cannot be examined", file->path);
    file->regular = S_ISREG(info.st_mode);
    if (!file->regular) return AJ_OK; /* a pipe or device: nothing to take over */
    AJ_TRY(lock_whole(file->fd, file->path, err));
    char *text = NULL;
    size_t size = 0, complete = 0;
    AJ_TRY(read_descriptor(file->fd, file->path, &text, &size, err));
    aj_status st = read_lines(found, text, size, file->path, &complete, err);
    if (st == AJ_OK) st = cut_torn_line(file->fd, text, size, complete, file->path, err);
    ajp_free(NULL, text);
    return st;
}

aj_status aj_evaluation_file_open(aj_evaluation_file **out, const char *path, aj_evaluation **records,
                                  size_t *n, aj_error *err)
{
    *out = NULL;
    size_t length = strlen(path) + 1;
    aj_evaluation_file *file = ajp_alloc(NULL, sizeof *file + length);
    if (file == NULL) return ajp_no_memory(err, path);
    memcpy(file->path, path, length);
    list found = {NULL, 0, 0};
    aj_status st = open_read(path, O_RDWR | O_CREAT | O_APPEND, &file->fd, err);
    if (st == AJ_OK) st = take_over(file, &found, err);
    if (st != AJ_OK) {
        aj_evaluations_free(found.records, found.n);
        aj_evaluation_file_close(file);
        return st;
    }
    *out = file;
    if (records == NULL || n == NULL) {
        aj_evaluations_free(found.records, found.n);
        return AJ_OK;
    }
    *records = found.records;
    *n = found.n;
    return AJ_OK;
}

/* One write; what a full disk took of it is cut off again. */
static aj_status append_line(aj_evaluation_file *file, const char *line, size_t size, aj_error *err)
{
    struct stat before;
    if (fstat(file->fd, &before) != 0)
        return ajp_fail(err, AJ_IO, errno, "%s: cannot be examined", file->path);
    ssize_t put;
    do {
        errno = 0;
        put = write(file->fd, line, size);
    } while (put < 0 && errno == EINTR);
    int error = errno;
    bool good = put >= 0 && (size_t)put == size;
    if (good && file->regular && fsync(file->fd) != 0) {
        error = errno;
        good = false;
    }
    if (good) return AJ_OK;
    bool restored = !file->regular || ftruncate(file->fd, before.st_size) == 0;
    return ajp_fail(err, AJ_IO, error,
                    "%s: a record could not be appended, the file %s; check the free space", file->path,
                    restored ? "is as it was" : "ends in a torn line");
}

aj_status aj_evaluation_file_append(aj_evaluation_file *file, const aj_evaluation *evaluation, aj_error *err)
{
    char *text = NULL;
    AJ_TRY(aj_evaluation_to_json(evaluation, 0, &text, err));
    size_t size = strlen(text);
    text[size] = '\n'; /* in the place of the NUL: the line goes out in one write */
    aj_status st = append_line(file, text, size + 1, err);
    aj_text_free(text);
    return st;
}

void aj_evaluation_file_close(aj_evaluation_file *file)
{
    if (file == NULL) return;
    if (file->fd >= 0) close(file->fd);
    ajp_free(NULL, file);
}
