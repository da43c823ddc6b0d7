/* read.c: walks the wire format along the tables of schema.c.
 *
 * Each message is read twice: once to count the repeated fields and to refuse what is malformed at this
 * level, once to fill arrays of the right size.  Sub-messages are only entered in the second turn, so the
 * work is linear. */
#include "schema.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    ajp_arena *arena;
    const char *name;           /* of the file */
    const unsigned char *start; /* of its bytes */
    size_t memory_left;
    aj_error *err;
} reader;

static aj_status corrupt(const reader *r, const ajp_onnx_message *message, const unsigned char *at,
                         const char *what)
{
    return ajp_fail(r->err, AJ_CORRUPT, 0, "%s: not a valid ONNX file: %s at byte %zu %s", r->name,
                    message->name, (size_t)(at - r->start), what);
}

/* Zeroed arena memory within the limit; NULL when it is passed or memory ran out. */
static void *take(reader *r, size_t n, size_t size)
{
    size_t total;
    if (!ajp_size_mul(n, size, &total) || !ajp_size_add(total, 64, &total))
        return NULL; /* 64: the arena's alignment */
    if (total > r->memory_left) return NULL;
    r->memory_left -= total;
    return ajp_arena_array(r->arena, n, size);
}

static aj_status no_memory(const reader *r)
{
    return ajp_fail(r->err, AJ_NO_MEMORY, 0,
                    "%s: reading it takes more memory than there is, or more than %zu MiB + %zu "
                    "bytes a byte of the file",
                    r->name, AJP_ONNX_MEMORY_BASE >> 20, AJP_ONNX_MEMORY_PER_BYTE);
}

static const ajp_onnx_field *find(const ajp_onnx_message *message, uint32_t number)
{
    for (size_t i = 0; i < message->n_fields; i++)
        if (message->fields[i].number == number) return &message->fields[i];
    return NULL;
}

/* Elements that one occurrence of a field holds; SIZE_MAX when its wire type does not fit. */
static size_t occurrence_count(const ajp_onnx_field *field, const ajp_wire_field *got)
{
    bool packed = got->type == AJP_WIRE_BYTES && field->repeated;
    size_t n = 0;
    switch (field->kind) {
    case AJP_KIND_INT64:
    case AJP_KIND_UINT64:
        if (!packed) return got->type == AJP_WIRE_VARINT ? 1 : SIZE_MAX;
        for (size_t i = 0; i < got->bytes.size; i++) n += (got->bytes.data[i] & 0x80) == 0;
        return n;
    case AJP_KIND_FLOAT:
        if (!packed) return got->type == AJP_WIRE_32BIT ? 1 : SIZE_MAX;
        return got->bytes.size % 4 == 0 ? got->bytes.size / 4 : SIZE_MAX;
    case AJP_KIND_DOUBLE:
        if (!packed) return got->type == AJP_WIRE_64BIT ? 1 : SIZE_MAX;
        return got->bytes.size % 8 == 0 ? got->bytes.size / 8 : SIZE_MAX;
    default:
        return got->type == AJP_WIRE_BYTES ? 1 : SIZE_MAX;
    }
}

static aj_status count_fields(const reader *r, const ajp_onnx_message *message, ajp_bytes bytes,
                              size_t counts[AJP_ONNX_MAX_FIELDS])
{
    ajp_wire wire = {bytes.data, bytes.data + bytes.size};
    while (wire.at < wire.end) {
        const unsigned char *at = wire.at;
        ajp_wire_field got;
        const char *wrong = ajp_wire_next(&wire, &got);
        if (wrong != NULL) return corrupt(r, message, at, wrong);
        const ajp_onnx_field *field = find(message, got.number);
        if (field == NULL) continue;
        size_t n = occurrence_count(field, &got), *count = &counts[field - message->fields];
        char text[96];
        if (n == SIZE_MAX) {
            snprintf(text, sizeof text, "has a field %s of the wrong wire type or length", field->name);
            return corrupt(r, message, at, text);
        }
        *count += n;
        /* two occurrences of a sub-message would have to be merged; no writer of ONNX does that */
        if (!field->repeated && field->kind == AJP_KIND_MESSAGE && *count > 1) {
            snprintf(text, sizeof text, "has the field %s twice", field->name);
            return corrupt(r, message, at, text);
        }
    }
    return AJ_OK;
}

static size_t element_size(const ajp_onnx_field *field)
{
    switch (field->kind) {
    case AJP_KIND_FLOAT:
        return sizeof(float);
    case AJP_KIND_STRING:
        return sizeof(char *);
    case AJP_KIND_BYTES:
        return sizeof(ajp_bytes);
    case AJP_KIND_MESSAGE:
        return field->message->size;
    default:
        return 8;
    }
}

static void set_pointer(void *place, void *pointer)
{
    memcpy(place, &pointer, sizeof pointer);
}

static void *get_pointer(const void *place)
{
    void *pointer;
    memcpy(&pointer, place, sizeof pointer);
    return pointer;
}

/* Arrays for the repeated fields, "" for the strings that may stay away. */
static aj_status make_room(reader *r, const ajp_onnx_message *message, unsigned char *object,
                           const size_t counts[AJP_ONNX_MAX_FIELDS])
{
    static const char empty[1] = "";
    for (size_t i = 0; i < message->n_fields; i++) {
        const ajp_onnx_field *field = &message->fields[i];
        if (!field->repeated) {
            const char *text = empty;
            if (field->kind == AJP_KIND_STRING) memcpy(object + field->offset, &text, sizeof text);
            continue;
        }
        if (counts[i] == 0) continue;
        void *array = take(r, counts[i], element_size(field));
        if (array == NULL) return no_memory(r);
        set_pointer(object + field->offset, array);
    }
    return AJ_OK;
}

static aj_status read_message(reader *r, const ajp_onnx_message *message, ajp_bytes bytes,
                              unsigned char *object, unsigned depth);

static aj_status store_string(reader *r, const ajp_onnx_message *message, ajp_bytes bytes,
                              unsigned char *place)
{
    if (bytes.size > 0 && memchr(bytes.data, 0, bytes.size) != NULL)
        return corrupt(r, message, bytes.data, "has a name with a zero byte in it");
    char *text = take(r, bytes.size + 1, 1);
    if (text == NULL) return no_memory(r);
    if (bytes.size > 0) memcpy(text, bytes.data, bytes.size);
    set_pointer(place, text);
    return AJ_OK;
}

static aj_status store_message(reader *r, const ajp_onnx_field *field, ajp_bytes bytes, unsigned char *place,
                               unsigned depth)
{
    if (field->repeated) return read_message(r, field->message, bytes, place, depth);
    void *object = take(r, 1, field->message->size);
    if (object == NULL) return no_memory(r);
    set_pointer(place, object);
    return read_message(r, field->message, bytes, object, depth);
}

/* The numbers of one occurrence, packed or not, to place[0 ...]. Lengths were checked by occurrence_count. */
static aj_status store_numbers(const reader *r, const ajp_onnx_message *message, const ajp_onnx_field *field,
                               const ajp_wire_field *got, unsigned char *place)
{
    if (got->type != AJP_WIRE_BYTES) {
        /* little-endian hosts only keep the low bytes of the value in front; copy through the right type */
        uint32_t low = (uint32_t)got->value;
        if (field->kind == AJP_KIND_FLOAT)
            memcpy(place, &low, 4);
        else
            memcpy(place, &got->value, 8);
        return AJ_OK;
    }
    if (field->kind == AJP_KIND_FLOAT || field->kind == AJP_KIND_DOUBLE) {
        size_t size = element_size(field);
        for (size_t i = 0; i < got->bytes.size; i += size) {
            uint64_t bits = ajp_wire_little_endian(got->bytes.data + i, size);
            uint32_t low = (uint32_t)bits;
            memcpy(place + i, size == 4 ? (const void *)&low : (const void *)&bits, size);
        }
        return AJ_OK;
    }
    ajp_wire wire = {got->bytes.data, got->bytes.data + got->bytes.size};
    for (; wire.at < wire.end; place += 8) {
        uint64_t value;
        const char *wrong = ajp_wire_varint(&wire, &value);
        if (wrong != NULL) return corrupt(r, message, wire.at, wrong);
        memcpy(place, &value, 8);
    }
    return AJ_OK;
}

static aj_status store_field(reader *r, const ajp_onnx_message *message, const ajp_onnx_field *field,
                             const ajp_wire_field *got, unsigned char *object, unsigned depth)
{
    unsigned char *place = object + field->offset;
    if (field->repeated) {
        size_t n, n_more = occurrence_count(field, got);
        if (n_more == 0) { /* an empty packed array, or bytes that all continue a number */
            return got->bytes.size == 0 ? AJ_OK
                                        : corrupt(r, message, got->bytes.data, "ends inside a number");
        }
        memcpy(&n, object + field->count_offset, sizeof n);
        place = (unsigned char *)get_pointer(place) + n * element_size(field);
        n += n_more;
        memcpy(object + field->count_offset, &n, sizeof n);
    }
    switch (field->kind) {
    case AJP_KIND_STRING:
        return store_string(r, message, got->bytes, place);
    case AJP_KIND_BYTES:
        memcpy(place, &got->bytes, sizeof got->bytes);
        return AJ_OK;
    case AJP_KIND_MESSAGE:
        return store_message(r, field, got->bytes, place, depth + 1);
    default:
        return store_numbers(r, message, field, got, place);
    }
}

static aj_status read_message(reader *r, const ajp_onnx_message *message, ajp_bytes bytes,
                              unsigned char *object, unsigned depth)
{
    size_t counts[AJP_ONNX_MAX_FIELDS] = {0};
    if (depth > AJP_ONNX_MAX_DEPTH) return corrupt(r, message, bytes.data, "is nested more than 64 deep");
    AJ_TRY(count_fields(r, message, bytes, counts));
    AJ_TRY(make_room(r, message, object, counts));
    ajp_wire wire = {bytes.data, bytes.data + bytes.size};
    uint32_t has = 0;
    while (wire.at < wire.end) {
        ajp_wire_field got;
        if (ajp_wire_next(&wire, &got) != NULL) break; /* cannot happen: count_fields saw the same bytes */
        const ajp_onnx_field *field = find(message, got.number);
        if (field == NULL) continue;
        has |= (uint32_t)1 << field->number;
        AJ_TRY(store_field(r, message, field, &got, object, depth));
    }
    memcpy(object, &has, sizeof has);
    return AJ_OK;
}

static aj_status read_root(const void **out, ajp_arena *arena, const ajp_onnx_message *message,
                           const void *bytes, size_t size, const char *name, aj_error *err)
{
    reader r = {arena, name, bytes, 0, err};
    if (!ajp_size_mul(size, AJP_ONNX_MEMORY_PER_BYTE, &r.memory_left) ||
        !ajp_size_add(r.memory_left, AJP_ONNX_MEMORY_BASE, &r.memory_left))
        r.memory_left = SIZE_MAX;
    unsigned char *object = take(&r, 1, message->size);
    if (object == NULL) return no_memory(&r);
    AJ_TRY(read_message(&r, message, (ajp_bytes){bytes, size}, object, 1));
    *out = object;
    return AJ_OK;
}

aj_status ajp_onnx_read(const ajp_onnx_model **out, ajp_arena *arena, const void *bytes, size_t size,
                        const char *name, aj_error *err)
{
    const void *model = NULL;
    AJ_TRY(read_root(&model, arena, &ajp_onnx_model_message, bytes, size, name, err));
    *out = model;
    return AJ_OK;
}

aj_status ajp_onnx_read_tensor(const ajp_onnx_tensor **out, ajp_arena *arena, const void *bytes, size_t size,
                               const char *name, aj_error *err)
{
    const void *tensor = NULL;
    AJ_TRY(read_root(&tensor, arena, &ajp_onnx_tensor_message, bytes, size, name, err));
    *out = tensor;
    return AJ_OK;
}
