/* source.c: bytes of a file, unpacked on the way when it is gzip, never more than asked for. */
#include "array.h"

#include <limits.h>
#include <string.h>

/* Deflate turns one byte into at most 1032 (zlib.net/zlib_tech.html, "Maximum Compression Factor"). */
#define DEFLATE_MAX_FACTOR 1032

static void *zlib_alloc(void *user, unsigned n, unsigned size)
{
    return ajp_calloc(user, n, size);
}

static void zlib_free(void *user, void *pointer)
{
    ajp_free(user, pointer);
}

static aj_status begin(ajp_source *source, aj_error *err)
{
    source->zipped = source->size >= 2 && source->bytes[0] == 0x1f && source->bytes[1] == 0x8b;
    if (!source->zipped) return AJ_OK;
    source->zlib = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = (void *)source->context};
    if (inflateInit2(&source->zlib, 16 + MAX_WBITS) == Z_OK) return AJ_OK;
    source->zipped = false;
    return ajp_no_memory(err, source->name);
}

aj_status ajp_source_open_memory(ajp_source *out, const aj_context *context, const char *name,
                                 const void *bytes, size_t size, aj_error *err)
{
    *out = (ajp_source){.context = context, .name = name, .bytes = bytes, .size = size};
    return begin(out, err);
}

aj_status ajp_source_open(ajp_source *out, const aj_context *context, const char *path, aj_error *err)
{
    ajp_file_map map;
    AJ_TRY(ajp_file_map_open(&map, context, path, err));
    *out = (ajp_source){.context = context, .name = path, .map = map, .bytes = map.data, .size = map.size};
    aj_status st = begin(out, err);
    if (st != AJ_OK) ajp_source_close(out);
    return st;
}

void ajp_source_close(ajp_source *source)
{
    if (source->zipped) inflateEnd(&source->zlib);
    source->zipped = false;
    ajp_file_map_close(&source->map, source->context);
}

/* At the end of one gzip member: the file ends, or another member follows; anything else is not ours. */
static aj_status next_member(ajp_source *source, aj_error *err)
{
    source->at -= source->zlib.avail_in;
    source->zlib.avail_in = 0;
    size_t left = source->size - source->at;
    if (left == 0) {
        source->ended = true;
        return AJ_OK;
    }
    const unsigned char *next = source->bytes + source->at;
    if (left < 2 || next[0] != 0x1f || next[1] != 0x8b)
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: %zu bytes that are not gzip follow the compressed data; fetch the file again",
                        source->name, left);
    if (inflateReset(&source->zlib) != Z_OK) return ajp_no_memory(err, source->name);
    return AJ_OK;
}

/* Unpacks up to n bytes; fewer only at the end of the data. */
static aj_status unpack(ajp_source *source, unsigned char *out, size_t n, size_t *n_done, aj_error *err)
{
    z_stream *zlib = &source->zlib;
    *n_done = 0;
    while (*n_done < n && !source->ended) {
        if (zlib->avail_in == 0) {
            size_t take = ajp_min_size(source->size - source->at, UINT_MAX / 2);
            if (take == 0)
                return ajp_fail(err, AJ_CORRUPT, 0,
                                "%s: the compressed data stops early; the file is truncated", source->name);
            zlib->next_in = (unsigned char *)(source->bytes + source->at); /* zlib reads it only */
            zlib->avail_in = (unsigned)take;
            source->at += take;
        }
        unsigned room = (unsigned)ajp_min_size(n - *n_done, UINT_MAX / 2);
        zlib->next_out = out + *n_done;
        zlib->avail_out = room;
        int result = inflate(zlib, Z_NO_FLUSH);
        *n_done += room - zlib->avail_out;
        if (result == Z_STREAM_END) {
            AJ_TRY(next_member(source, err));
        } else if (result == Z_MEM_ERROR) {
            return ajp_no_memory(err, source->name);
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return ajp_fail(err, AJ_CORRUPT, 0,
                            "%s: the compressed data is damaged (%s); fetch the file again", source->name,
                            zlib->msg != NULL ? zlib->msg : "wrong code");
        }
    }
    return AJ_OK;
}

aj_status ajp_source_read(ajp_source *source, void *out, size_t n, aj_error *err)
{
    size_t n_done = 0;
    if (source->zipped) {
        AJ_TRY(unpack(source, out, n, &n_done, err));
    } else {
        n_done = ajp_min_size(n, source->size - source->at);
        if (n_done > 0) memcpy(out, source->bytes + source->at, n_done);
        source->at += n_done;
    }
    source->n_out += n_done;
    if (n_done == n) return AJ_OK;
    return ajp_fail(
        err, AJ_CORRUPT, 0,
        "%s: ends after %zu bytes, %zu more are needed; the file is truncated or its header wrong",
        source->name, source->n_out, n - n_done);
}

aj_status ajp_source_expect(const ajp_source *source, size_t n, aj_error *err)
{
    size_t left = source->size - source->at, most = left;
    if (source->zipped) {
        left += source->zlib.avail_in;
        /* zlib may hold a window's worth that it has read and not handed out */
        if (!ajp_size_mul(left, DEFLATE_MAX_FACTOR, &most) || !ajp_size_add(most, 1u << 20, &most))
            most = SIZE_MAX;
    }
    if (n <= most) return AJ_OK;
    return ajp_fail(
        err, AJ_CORRUPT, 0,
        "%s: its header promises %zu bytes of data, its size allows %zu; the file is truncated or "
        "its header wrong",
        source->name, n, most);
}

aj_status ajp_source_finish(ajp_source *source, aj_error *err)
{
    unsigned char extra;
    size_t n_extra = source->size - source->at;
    if (source->zipped) AJ_TRY(unpack(source, &extra, 1, &n_extra, err));
    if (n_extra == 0) return AJ_OK;
    return ajp_fail(
        err, AJ_CORRUPT, 0,
        "%s: more data follows the %zu bytes that its header describes; the header or the file is wrong",
        source->name, source->n_out);
}
