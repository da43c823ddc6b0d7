/* array.h: numbers as a file stored them, and the bounded readers that bring them in. */
#ifndef AJP_ARRAY_H
#define AJP_ARRAY_H

#include <zlib.h>

#include "../base/file.h"
#include "../base/internal.h"

/* id, C type, bytes, NumPy's letters without the byte order, what to call it in a message */
#define AJP_ELEMENT_LIST(X)                    \
    X(U1, uint8_t, 1, "u1", "bytes")           \
    X(I1, int8_t, 1, "i1", "signed bytes")     \
    X(B1, uint8_t, 1, "b1", "truth values")    \
    X(U2, uint16_t, 2, "u2", "16-bit counts")  \
    X(I2, int16_t, 2, "i2", "16-bit integers") \
    X(U4, uint32_t, 4, "u4", "32-bit counts")  \
    X(I4, int32_t, 4, "i4", "32-bit integers") \
    X(U8, uint64_t, 8, "u8", "64-bit counts")  \
    X(I8, int64_t, 8, "i8", "64-bit integers") \
    X(F4, float, 4, "f4", "32-bit floats")     \
    X(F8, double, 8, "f8", "64-bit floats")

typedef enum {
#define AJP_ELEMENT_ENUM(id, ctype, bytes, letters, text) AJP_ELEMENT_##id,
    AJP_ELEMENT_LIST(AJP_ELEMENT_ENUM)
#undef AJP_ELEMENT_ENUM
        AJP_N_ELEMENTS
} ajp_element;

size_t ajp_element_size(ajp_element element);
const char *ajp_element_text(ajp_element element);

enum { AJP_ARRAY_RANK = 9 }; /* the sample axis and up to 8 of a sample */

/* Row-major, native byte order, owned. */
typedef struct {
    ajp_element element;
    size_t rank, shape[AJP_ARRAY_RANK];
    size_t n_elements;
    void *data;
} ajp_array;

/* Element i as a double (64-bit integers beyond 2^53 are rounded). */
double ajp_array_value(const ajp_array *array, size_t i);
/* Elements first .. first+n-1 as float32 times scale. */
void ajp_array_floats(const ajp_array *array, size_t first, size_t n, float scale, float *out);
/* CORRUPT where floats are not finite float32 numbers; `what`: "inputs". */
aj_status ajp_array_check_finite(const ajp_array *array, const char *name, const char *what, aj_error *err);
void ajp_array_free(ajp_array *array, const aj_context *context);

/* ---- bytes of a file, gzip or not ----------------------------------------------------------------
 * Told apart by the first two bytes.  Nothing is read beyond what is asked for, so a header bounds what is
 * unpacked. */
typedef struct {
    const aj_context *context;
    const char *name; /* for messages; borrowed */
    ajp_file_map map; /* empty when the bytes are the caller's */
    const unsigned char *bytes;
    size_t size, at; /* of the file; `at` counts what has been consumed (gzip: handed to zlib) */
    size_t n_out;    /* bytes handed out */
    bool zipped, ended;
    z_stream zlib;
} ajp_source;

aj_status ajp_source_open(ajp_source *out, const aj_context *context, const char *path, aj_error *err);
aj_status ajp_source_open_memory(ajp_source *out, const aj_context *context, const char *name,
                                 const void *bytes, size_t size, aj_error *err);
/* Exactly n bytes or CORRUPT. */
aj_status ajp_source_read(ajp_source *source, void *out, size_t n, aj_error *err);
/* CORRUPT when so many bytes cannot follow: checked before memory is asked for. */
aj_status ajp_source_expect(const ajp_source *source, size_t n, aj_error *err);
/* CORRUPT unless the data ends here. */
aj_status ajp_source_finish(ajp_source *source, aj_error *err);
void ajp_source_close(ajp_source *source);

/* ---- formats ------------------------------------------------------------------------------------- */
/* Shape and element of *out are set: reads the data itself, to native byte order, and checks the end. */
aj_status ajp_array_read_data(ajp_array *out, ajp_source *source, bool big_endian, aj_error *err);
aj_status ajp_idx_read(ajp_array *out, ajp_source *source, aj_error *err);
aj_status ajp_npy_read(ajp_array *out, ajp_source *source, aj_error *err);
/* Opens, reads by the file's first bytes (IDX or NPY, gzip allowed), closes. */
aj_status ajp_array_load(ajp_array *out, const aj_context *context, const char *path, aj_error *err);

/* ---- labels -------------------------------------------------------------------------------------- */
/* Class numbers [n], [n][1], or one-hot rows [n][classes] -> n int32 (owned by the caller) and the largest
 * + 1. n_classes_known: 0, or the number a label must stay below. */
aj_status ajp_labels_from_array(int32_t **out, size_t *n_classes, const ajp_array *array,
                                size_t n_classes_known, const aj_context *context, const char *name,
                                aj_error *err);
/* Whether labels are an array a sample and not a class number: more than two axes; floats, or whole numbers
 * beyond 0 and 1, in rows. */
bool ajp_labels_are_arrays(const ajp_array *array);
/* Largest + 1 where all elements are whole and none is negative; else 0. */
size_t ajp_labels_n_classes(const ajp_array *array);

#endif
