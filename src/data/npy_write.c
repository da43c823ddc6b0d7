/* npy_write.c: float32 arrays out, as numpy.save writes them (version 1.0, header padded to a multiple of
 * 64). */
#include "array.h"
#include "attojoule/data.h"

#include <string.h>

/* "(2, 3)", and "(2,)" for one axis, as Python writes tuples. */
static void put_shape(char *text, size_t size, size_t rank, const size_t *shape)
{
    size_t at = 0;
    for (size_t i = 0; i < rank; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%zu", i > 0 ? ", " : "(", shape[i]);
    snprintf(text + at, size - at, rank == 1 ? ",)" : ")");
}

aj_status aj_npy_write_shaped(const aj_context *context, const char *path, const float *values, size_t rank,
                              const size_t *shape, aj_error *err)
{
    char tuple[AJP_ARRAY_RANK * 24 + 4], header[384];
    size_t n = 1, n_bytes;
    bool fits = rank >= 1 && rank <= AJP_ARRAY_RANK;
    for (size_t i = 0; fits && i < rank; i++) fits = ajp_size_mul(n, shape[i], &n);
    if (!fits || !ajp_size_mul(n, sizeof(float), &n_bytes))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: an array of %zu axes with that many values overflows",
                        path, rank);
    put_shape(tuple, sizeof tuple, rank, shape);
    const char *descr = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ">f4" : "<f4";
    int length = snprintf(header + 10, sizeof header - 10,
                          "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, tuple);
    size_t total = ajp_round_up(10 + (size_t)length + 1, 64);
    memset(header + 10 + length, ' ', total - 10 - (size_t)length);
    header[total - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((total - 10) & 0xff);
    header[9] = (char)((total - 10) >> 8);
    ajp_file_writer writer;
    AJ_TRY(ajp_file_writer_open(&writer, context, path, err));
    fwrite(header, 1, total, writer.stream); /* commit sees a failed write */
    if (n > 0) fwrite(values, sizeof(float), n, writer.stream);
    return ajp_file_writer_commit(&writer, err);
}

aj_status aj_npy_write_float32(const aj_context *context, const char *path, const float *values, size_t rows,
                               size_t cols, aj_error *err)
{
    size_t shape[2] = {rows, cols};
    return aj_npy_write_shaped(context, path, values, 2, shape, err);
}
