/* write.c: the wire format, written. */
#include "write.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_32BIT = 5, MAX_VARINT = 10 };

static bool make_room(ajp_onnx_out *out, size_t n_more)
{
    size_t wanted;
    if (out->failed) return false;
    if (!ajp_size_add(out->size, n_more, &wanted)) wanted = SIZE_MAX;
    void *bytes = out->bytes;
    if (ajp_grow(out->context, &bytes, &out->capacity, wanted, 1, "ONNX file", NULL) != AJ_OK)
        out->failed = true;
    out->bytes = bytes;
    return !out->failed;
}

static size_t encode(uint64_t value, unsigned char text[MAX_VARINT])
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7) text[n++] = (unsigned char)(value | 0x80);
    text[n++] = (unsigned char)value;
    return n;
}

static void put(ajp_onnx_out *out, const void *bytes, size_t size)
{
    if (size == 0 || !make_room(out, size)) return;
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

static void put_varint(ajp_onnx_out *out, uint64_t value)
{
    unsigned char text[MAX_VARINT];
    put(out, text, encode(value, text));
}

static void put_tag(ajp_onnx_out *out, uint32_t field, unsigned type)
{
    put_varint(out, (uint64_t)field << 3 | type);
}

void ajp_out_int(ajp_onnx_out *out, uint32_t field, int64_t value)
{
    put_tag(out, field, WIRE_VARINT);
    put_varint(out, (uint64_t)value);
}

void ajp_out_float(ajp_onnx_out *out, uint32_t field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    unsigned char text[4] = {(unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
                             (unsigned char)(bits >> 24)};
    put_tag(out, field, WIRE_32BIT);
    put(out, text, 4);
}

void ajp_out_bytes(ajp_onnx_out *out, uint32_t field, const void *bytes, size_t size)
{
    put_tag(out, field, WIRE_BYTES);
    put_varint(out, size);
    put(out, bytes, size);
}

void ajp_out_text(ajp_onnx_out *out, uint32_t field, const char *text)
{
    ajp_out_bytes(out, field, text, strlen(text));
}

size_t ajp_out_begin(ajp_onnx_out *out)
{
    return out->size;
}

/* Moves the fields up to make room for their tag and length, so that lengths are in their shortest form. */
void ajp_out_end(ajp_onnx_out *out, uint32_t field, size_t begun)
{
    unsigned char head[2 * MAX_VARINT];
    size_t size = out->size - begun;
    size_t n = encode((uint64_t)field << 3 | WIRE_BYTES, head);
    n += encode(size, head + n);
    if (!make_room(out, n)) return;
    memmove(out->bytes + begun + n, out->bytes + begun, size);
    memcpy(out->bytes + begun, head, n);
    out->size += n;
}

void ajp_out_free(ajp_onnx_out *out)
{
    ajp_free(out->context, out->bytes);
    out->bytes = NULL;
    out->size = out->capacity = 0;
}
