/* tensor_data.c: the elements of a TensorProto: raw bytes, typed fields or a file beside the model. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/file.h"
#include "../tensor.h"

struct ajp_external_file {
    ajp_external_file *next;
    const char *location;
    ajp_file_map map;
};

void ajp_tensor_source_close(ajp_tensor_source *source)
{
    for (ajp_external_file *file = source->files; file != NULL; file = file->next)
        ajp_file_map_close(&file->map, source->context);
    source->files = NULL;
}

static aj_status bad(const ajp_tensor_source *source, const ajp_onnx_tensor *tensor, aj_status status,
                     const char *what, aj_error *err)
{
    return ajp_fail(err, status, 0, "%s: tensor \"%s\" %s", source->path, tensor->name, what);
}

static aj_status read_type(ajp_type *out, const ajp_tensor_source *source, const ajp_onnx_tensor *tensor,
                           aj_error *err)
{
    ajp_type type = {AJP_UNDEFINED, -1, tensor->n_dims, {0}};
    size_t n;
    if (tensor->data_type >= 0 && tensor->data_type <= AJP_BFLOAT16)
        type.dtype = (ajp_dtype)tensor->data_type;
    if (ajp_dtype_size(type.dtype) == 0)
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "%s: tensor \"%s\" has the element type %lld (%s), which is not supported",
                        source->path, tensor->name, (long long)tensor->data_type, ajp_dtype_name(type.dtype));
    if (tensor->n_dims > AJP_MAX_RANK)
        return bad(source, tensor, AJ_UNSUPPORTED, "has more than 8 dimensions", err);
    for (size_t i = 0; i < tensor->n_dims; i++) {
        if (tensor->dims[i] < 0) return bad(source, tensor, AJ_CORRUPT, "has a negative dimension", err);
        type.dims[i] = (size_t)tensor->dims[i];
    }
    if (!ajp_type_elements(&type, &n))
        return bad(source, tensor, AJ_CORRUPT, "has more than 2^40 elements", err);
    *out = type;
    return AJ_OK;
}

/* ---- external data --------------------------------------------------------------------------------------
 */

/* The ONNX specification wants a relative path inside the model's folder; symbolic links out of it are
 * refused too. */
static aj_status check_location(const ajp_tensor_source *source, const ajp_onnx_tensor *tensor,
                                const char *location, const char *path, aj_error *err)
{
    char folder[PATH_MAX], file[PATH_MAX];
    bool dots = strcmp(location, "..") == 0 || strncmp(location, "../", 3) == 0 ||
                strstr(location, "/../") != NULL ||
                (strlen(location) > 3 && strcmp(location + strlen(location) - 3, "/..") == 0);
    if (location[0] == '\0' || location[0] == '/' || dots)
        return ajp_fail(err, AJ_DENIED, 0,
                        "%s: tensor \"%s\" keeps its data in \"%s\"; external data must be inside the "
                        "model's folder",
                        source->path, tensor->name, location);
    if (realpath(source->folder, folder) == NULL || realpath(path, file) == NULL)
        return ajp_fail(err, ajp_status_from_errno(errno), errno,
                        "%s: tensor \"%s\" keeps its data in \"%s\", which cannot "
                        "be opened; put that file beside the model",
                        source->path, tensor->name, location);
    size_t n = strlen(folder);
    if (strncmp(folder, file, n) != 0 || (n > 1 && file[n] != '/'))
        return ajp_fail(err, AJ_DENIED, 0,
                        "%s: tensor \"%s\" keeps its data in \"%s\", a link that leaves the model's "
                        "folder",
                        source->path, tensor->name, location);
    return AJ_OK;
}

static aj_status open_external(const ajp_file_map **out, ajp_tensor_source *source,
                               const ajp_onnx_tensor *tensor, const char *location, aj_error *err)
{
    for (ajp_external_file *file = source->files; file != NULL; file = file->next)
        if (strcmp(file->location, location) == 0) {
            *out = &file->map;
            return AJ_OK;
        }
    if (source->folder == NULL)
        return bad(source, tensor, AJ_UNSUPPORTED,
                   "keeps its data in a file, but the model was given as memory", err);
    char *path = ajp_arena_printf(source->arena, "%s/%s", source->folder, location);
    ajp_external_file *file = ajp_arena_alloc(source->arena, sizeof *file);
    if (path == NULL || file == NULL) return ajp_no_memory(err, source->path);
    AJ_TRY(check_location(source, tensor, location, path, err));
    AJ_TRY(ajp_file_map_open(&file->map, source->context, path, err));
    file->location = location;
    file->next = source->files;
    source->files = file;
    *out = &file->map;
    return AJ_OK;
}

static bool read_count(const char *text, size_t *out)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) return false;
    *out = (size_t)value;
    return true;
}

static aj_status external_bytes(ajp_bytes *out, ajp_tensor_source *source, const ajp_onnx_tensor *tensor,
                                aj_error *err)
{
    const char *location = "";
    const ajp_file_map *map = NULL;
    size_t offset = 0, length = SIZE_MAX;
    for (size_t i = 0; i < tensor->n_external_data; i++) {
        const ajp_onnx_entry *entry = &tensor->external_data[i];
        if (strcmp(entry->key, "location") == 0) location = entry->value;
        if ((strcmp(entry->key, "offset") == 0 && !read_count(entry->value, &offset)) ||
            (strcmp(entry->key, "length") == 0 && !read_count(entry->value, &length)))
            return bad(source, tensor, AJ_CORRUPT, "has an external offset or length that is not a number",
                       err);
    }
    AJ_TRY(open_external(&map, source, tensor, location, err));
    if (offset > map->size || (length != SIZE_MAX && length > map->size - offset))
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: tensor \"%s\": bytes %zu to %zu + %zu of \"%s\" do not exist (it has %zu)",
                        source->path, tensor->name, offset, offset, length, location, map->size);
    *out = (ajp_bytes){map->data + offset, length == SIZE_MAX ? map->size - offset : length};
    return AJ_OK;
}

/* ---- elements -------------------------------------------------------------------------------------------
 */

static bool make_copy(ajp_tensor *out, const ajp_tensor_source *source)
{
    ajp_type type = out->type;
    return ajp_tensor_make(out, source->arena, &type);
}

static aj_status use_bytes(ajp_tensor *out, const ajp_tensor_source *source, const ajp_onnx_tensor *tensor,
                           ajp_bytes bytes, aj_error *err)
{
    size_t size = ajp_dtype_size(out->type.dtype);
    if (bytes.size != out->n * size)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: tensor \"%s\" has %zu bytes of data; its shape needs %zu",
                        source->path, tensor->name, bytes.size, out->n * size);
    if ((uintptr_t)bytes.data % size == 0 && out->n > 0) {
        /* read-only by contract: nothing writes to a constant */
        memcpy(&out->data, &bytes.data, sizeof out->data);
        return AJ_OK;
    }
    if (!make_copy(out, source)) return ajp_no_memory(err, source->path);
    if (bytes.size > 0) memcpy(out->data, bytes.data, bytes.size);
    return AJ_OK;
}

/* The typed field that holds elements of this type (onnx.proto, comments of TensorProto). */
static size_t typed_field(const ajp_onnx_tensor *tensor, ajp_dtype dtype, ajp_dtype *stored,
                          const void **data)
{
    switch (dtype) {
    case AJP_FLOAT32:
        *stored = AJP_FLOAT32, *data = tensor->float_data;
        return tensor->n_float_data;
    case AJP_FLOAT64:
        *stored = AJP_FLOAT64, *data = tensor->double_data;
        return tensor->n_double_data;
    case AJP_INT64:
        *stored = AJP_INT64, *data = tensor->int64_data;
        return tensor->n_int64_data;
    case AJP_UINT32:
    case AJP_UINT64:
        *stored = AJP_UINT64, *data = tensor->uint64_data;
        return tensor->n_uint64_data;
    default:
        *stored = AJP_INT64, *data = tensor->int32_data;
        return tensor->n_int32_data;
    }
}

static aj_status use_typed(ajp_tensor *out, const ajp_tensor_source *source, const ajp_onnx_tensor *tensor,
                           aj_error *err)
{
    ajp_dtype stored, wanted = out->type.dtype;
    const void *data;
    size_t n = typed_field(tensor, wanted, &stored, &data);
    if (n != out->n)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: tensor \"%s\" has %zu elements; its shape needs %zu",
                        source->path, tensor->name, n, out->n);
    if (!make_copy(out, source)) return ajp_no_memory(err, source->path);
    /* the 16-bit floats are stored as their bits */
    if (wanted == AJP_FLOAT16 || wanted == AJP_BFLOAT16) wanted = AJP_UINT16;
    ajp_convert(wanted, out->data, stored, data, n);
    return AJ_OK;
}

aj_status ajp_tensor_from_onnx(ajp_tensor *out, ajp_tensor_source *source, const ajp_onnx_tensor *tensor,
                               aj_error *err)
{
    ajp_tensor result = {{AJP_UNDEFINED, -1, 0, {0}}, 0, NULL};
    ajp_bytes bytes = tensor->raw_data;
    AJ_TRY(read_type(&result.type, source, tensor, err));
    if (!ajp_type_elements(&result.type, &result.n))
        return bad(source, tensor, AJ_CORRUPT, "is too large", err);
    if (tensor->segment != NULL) return bad(source, tensor, AJ_UNSUPPORTED, "is stored in segments", err);
    bool external = tensor->data_location == 1;
    if (external) AJ_TRY(external_bytes(&bytes, source, tensor, err));
    if (external || (tensor->has & (uint32_t)1 << 9) != 0)
        AJ_TRY(use_bytes(&result, source, tensor, bytes, err));
    else
        AJ_TRY(use_typed(&result, source, tensor, err));
    *out = result;
    return AJ_OK;
}
