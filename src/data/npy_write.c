/* npy_write.c: float32 matrices out, as numpy.save writes them (version 1.0, header padded to a multiple of
 * 64). */
#include "../base/file.h"
#include "attojoule/data.h"

#include <string.h>

aj_status aj_npy_write_float32(const aj_context *context, const char *path, const float *values, size_t rows,
                               size_t cols, aj_error *err)
{
    char header[192];
    size_t n, n_bytes;
    if (!ajp_size_mul(rows, cols, &n) || !ajp_size_mul(n, sizeof(float), &n_bytes))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %zu x %zu values overflow", path, rows, cols);
    const char *descr = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ">f4" : "<f4";
    int length =
        snprintf(header + 10, sizeof header - 10,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (%zu, %zu), }", descr, rows, cols);
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
