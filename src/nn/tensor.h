/* tensor.h: types and dense tensors of a graph. */
#ifndef AJP_TENSOR_H
#define AJP_TENSOR_H

#include "onnx/onnx.h"

enum { AJP_MAX_RANK = 8 };
/* No tensor of a graph (per sample) may have more elements: sizes in bytes then never overflow. */
#define AJP_MAX_ELEMENTS ((size_t)1 << 40)

/* Element type and shape.  batch_axis >= 0: the size of that axis is dims[batch_axis] times the number of
 * samples, and all axes before it have size 1, so that samples lie one after the other in memory. */
typedef struct {
    ajp_dtype dtype;
    int batch_axis; /* -1: the same for any number of samples */
    size_t rank;
    size_t dims[AJP_MAX_RANK];
} ajp_type;

/* Row-major without gaps.  Of a constant, batch_axis is -1. */
typedef struct {
    ajp_type type;
    size_t n; /* elements */
    void *data;
} ajp_tensor;

size_t ajp_dtype_size(ajp_dtype dtype);      /* bytes; 0 for what we do not compute with (strings, complex) */
const char *ajp_dtype_name(ajp_dtype dtype); /* "float32"; never NULL */
bool ajp_dtype_is_float(ajp_dtype dtype);

/* Elements (of one sample when batched); false when there are more than AJP_MAX_ELEMENTS. */
bool ajp_type_elements(const ajp_type *type, size_t *out);
size_t ajp_dims_product(const size_t *dims, size_t n); /* of a type that ajp_type_elements accepted */
bool ajp_type_same_shape(const ajp_type *a, const ajp_type *b);
/* "float32 [N][3][4]" */
const char *ajp_type_text(const ajp_type *type, char *text, size_t size);

/* A zeroed tensor of a type in the arena; n checked.  NULL data when memory ran out. */
bool ajp_tensor_make(ajp_tensor *out, ajp_arena *arena, const ajp_type *type);
/* Integer elements (int32, int64, bool, ...) as int64. */
int64_t ajp_tensor_int(const ajp_tensor *tensor, size_t i);

/* dst[i] = src[i] converted as ONNX Cast does: floats towards zero to integers (out of range: the nearest
 * bound, NaN: 0), integers to narrower ones by wrapping, to nearest even between floats (bfloat16: cut off),
 * != 0 to bool. Both types have ajp_dtype_size > 0. */
void ajp_convert(ajp_dtype dst_type, void *dst, ajp_dtype src_type, const void *src, size_t n);

/* ---- from a file ------------------------------------------------------------------------------------- */

/* Where external data comes from; files stay mapped until closed. */
typedef struct ajp_external_file ajp_external_file;
typedef struct {
    const char *path;   /* of the model, for messages */
    const char *folder; /* NULL: a model from memory, without external data */
    const aj_context *context;
    ajp_arena *arena;
    ajp_external_file *files;
} ajp_tensor_source;
void ajp_tensor_source_close(ajp_tensor_source *source);

/* Data is borrowed from the file when it lies there as raw bytes on an aligned address, else copied to the
 * arena. */
aj_status ajp_tensor_from_onnx(ajp_tensor *out, ajp_tensor_source *source, const ajp_onnx_tensor *tensor,
                               aj_error *err);

#endif
