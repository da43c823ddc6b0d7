/* file.c: mapped files in, atomically replaced files out. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char empty_file[1];

static aj_status read_whole(ajp_file_map *out, const aj_context *context, int fd, const char *path,
                            aj_error *err)
{
    unsigned char *copy = ajp_alloc(context, out->size);
    if (copy == NULL) return ajp_no_memory(err, path);
    for (size_t done = 0; done < out->size;) {
        ssize_t got = read(fd, copy + done, out->size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            int error = got < 0 ? errno : 0;
            ajp_free(context, copy);
            return ajp_fail(err, AJ_IO, error, "%s: only %zu of %zu bytes could be read", path, done,
                            out->size);
        }
        done += (size_t)got;
    }
    out->copy = copy;
    out->data = copy;
    return AJ_OK;
}

static aj_status map_descriptor(ajp_file_map *out, const aj_context *context, int fd, const char *path,
                                aj_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return ajp_fail(err, ajp_status_from_errno(errno), errno, "%s: cannot be examined", path);
    if (!S_ISREG(info.st_mode))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: is not a regular file; name a file", path);
    ajp_file_map map = {empty_file, (size_t)info.st_size, NULL, NULL};
    if (map.size > 0) {
        void *mapping = mmap(NULL, map.size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapping != MAP_FAILED) {
            map.mapping = mapping;
            map.data = mapping;
        } else {
            AJ_TRY(read_whole(&map, context, fd, path, err));
        }
    }
    *out = map;
    return AJ_OK;
}

aj_status ajp_file_map_open(ajp_file_map *out, const aj_context *context, const char *path, aj_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ajp_fail(err, ajp_status_from_errno(errno), errno,
                        "%s: cannot be opened; check the path and its permissions", path);
    aj_status st = map_descriptor(out, context, fd, path, err);
    close(fd);
    return st;
}

void ajp_file_map_close(ajp_file_map *map, const aj_context *context)
{
    if (map == NULL) return;
    if (map->mapping != NULL) munmap(map->mapping, map->size);
    ajp_free(context, map->copy);
    *map = (ajp_file_map){NULL, 0, NULL, NULL};
}

static void forget(ajp_file_writer *writer)
{
    ajp_free(writer->context, writer->path);
    ajp_free(writer->context, writer->part_path);
    *writer = (ajp_file_writer){NULL, NULL, NULL, NULL};
}

aj_status ajp_file_writer_open(ajp_file_writer *out, const aj_context *context, const char *path,
                               aj_error *err)
{
    ajp_file_writer writer = {NULL, ajp_strdup(context, path), NULL, context};
    size_t size = strlen(path) + 40;
    writer.part_path = ajp_alloc(context, size);
    if (writer.path == NULL || writer.part_path == NULL) {
        forget(&writer);
        return ajp_no_memory(err, path);
    }
    struct stat info;
    bool there = stat(path, &info) == 0;
    if (there && S_ISDIR(info.st_mode)) {
        forget(&writer);
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: is a folder; name a file to write", path);
    }
    snprintf(writer.part_path, size, "%s.%ld.part", path, (long)getpid());
    if (there && !S_ISREG(info.st_mode)) { /* a device or pipe is written to, never replaced by a file */
        ajp_free(context, writer.part_path);
        writer.part_path = NULL;
    }
    writer.stream = fopen(writer.part_path != NULL ? writer.part_path : path, "wb");
    if (writer.stream == NULL) {
        int error = errno;
        forget(&writer);
        return ajp_fail(err, ajp_status_from_errno(error), error,
                        "%s: cannot be written; check that its folder exists and is writable", path);
    }
    *out = writer;
    return AJ_OK;
}

aj_status ajp_file_writer_commit(ajp_file_writer *writer, aj_error *err)
{
    FILE *stream = writer->stream;
    writer->stream = NULL;
    errno = 0;
    bool good = fflush(stream) == 0 && ferror(stream) == 0;
    if (good && writer->part_path != NULL)
        good = fsync(fileno(stream)) == 0; /* devices and pipes have no disk */
    int error = errno;
    if (fclose(stream) != 0 && good) {
        good = false;
        error = errno;
    }
    aj_status st = AJ_OK;
    if (!good) {
        st = ajp_fail(err, AJ_IO, error, "%s: could not be written completely; check the free space",
                      writer->path);
    } else if (writer->part_path != NULL && rename(writer->part_path, writer->path) != 0) {
        error = errno;
        st =
            ajp_fail(err, ajp_status_from_errno(error), error, "%s: could not be put in place", writer->path);
    }
    if (st != AJ_OK && writer->part_path != NULL) unlink(writer->part_path);
    forget(writer);
    return st;
}

void ajp_file_writer_abort(ajp_file_writer *writer)
{
    if (writer == NULL || writer->stream == NULL) return;
    fclose(writer->stream);
    if (writer->part_path != NULL) unlink(writer->part_path);
    forget(writer);
}

bool ajp_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}
