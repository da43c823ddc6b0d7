/* idx.c: the IDX format of the MNIST files (yann.lecun.com/exdb/mnist, "The IDX file format"):
 * two zero bytes, an element code, the number of dimensions, each dimension as 32-bit big-endian, then the
 * data. */
#include "array.h"

static bool element_from_code(unsigned char code, ajp_element *out)
{
    switch (code) {
    case 0x08:
        *out = AJP_ELEMENT_U1;
        return true;
    case 0x09:
        *out = AJP_ELEMENT_I1;
        return true;
    case 0x0B:
        *out = AJP_ELEMENT_I2;
        return true;
    case 0x0C:
        *out = AJP_ELEMENT_I4;
        return true;
    case 0x0D:
        *out = AJP_ELEMENT_F4;
        return true;
    case 0x0E:
        *out = AJP_ELEMENT_F8;
        return true;
    default:
        return false;
    }
}

aj_status ajp_idx_read(ajp_array *out, ajp_source *source, aj_error *err)
{
    unsigned char magic[4], dimension[4];
    ajp_array array = {.rank = 0};
    AJ_TRY(ajp_source_read(source, magic, sizeof magic, err));
    if (magic[0] != 0 || magic[1] != 0 || !element_from_code(magic[2], &array.element))
        return ajp_fail(
            err, AJ_CORRUPT, 0,
            "%s: starts with %02x %02x %02x %02x, which is not an IDX file (00 00, a type 08 09 0b 0c "
            "0d 0e, the number of dimensions)",
            source->name, magic[0], magic[1], magic[2], magic[3]);
    if (magic[3] == 0 || magic[3] > AJP_ARRAY_RANK)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: %d dimensions; 1 to %d are possible", source->name, magic[3],
                        AJP_ARRAY_RANK);
    array.rank = magic[3];
    for (size_t i = 0; i < array.rank; i++) {
        AJ_TRY(ajp_source_read(source, dimension, sizeof dimension, err));
        array.shape[i] = (size_t)dimension[0] << 24 | (size_t)dimension[1] << 16 | (size_t)dimension[2] << 8 |
                         dimension[3];
    }
    AJ_TRY(ajp_array_read_data(&array, source, true, err));
    *out = array;
    return AJ_OK;
}
