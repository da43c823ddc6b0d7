/* file.h: the file system behind a small seam: whole files in, whole files or nothing out. */
#ifndef AJP_FILE_H
#define AJP_FILE_H

#include <stdio.h>

#include "internal.h"

/* A file mapped read-only (or, where mapping is not possible, read). Empty files map to size 0, data
 * non-NULL. */
typedef struct {
    const unsigned char *data;
    size_t size;
    void *mapping; /* what to unmap, NULL when read into memory or empty */
    void *copy;
} ajp_file_map;
/* Errors name the path. Directories are refused. */
aj_status ajp_file_map_open(ajp_file_map *out, const aj_context *context, const char *path, aj_error *err);
void ajp_file_map_close(ajp_file_map *map, const aj_context *context);

/* A new file written beside `path` and renamed over it by commit, so that readers see the old or the new one.
 * Everything that fails removes the part file and names `path`.  A device or pipe is written to directly. */
typedef struct {
    FILE *stream;
    char *path, *part_path; /* part_path NULL: not a regular file */
    const aj_context *context;
} ajp_file_writer;
aj_status ajp_file_writer_open(ajp_file_writer *out, const aj_context *context, const char *path,
                               aj_error *err);
aj_status ajp_file_writer_commit(ajp_file_writer *writer, aj_error *err); /* flush, fsync, rename */
void ajp_file_writer_abort(ajp_file_writer *writer); /* after a failure; also after commit: no-op */

bool ajp_file_exists(const char *path);
/* SHA-256 of a block of memory as 64 hex digits + NUL. FIPS 180-4. */
void ajp_sha256_hex(const void *data, size_t size, char out[65]);

#endif
