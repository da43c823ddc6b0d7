/* wire.c: varints, tags and lengths. */
#include "wire.h"

const char *ajp_wire_varint(ajp_wire *wire, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (wire->at == wire->end) return "ends inside a number";
        unsigned char byte = *wire->at++;
        /* the tenth byte carries bit 63 only */
        if (shift == 63 && byte > 1) return "has a number of more than 64 bits";
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return NULL;
        }
    }
    return "has a number of more than 10 bytes";
}

uint64_t ajp_wire_little_endian(const unsigned char *bytes, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static const char *fixed(ajp_wire *wire, size_t n, uint64_t *out)
{
    if ((size_t)(wire->end - wire->at) < n) return "ends inside a number";
    *out = ajp_wire_little_endian(wire->at, n);
    wire->at += n;
    return NULL;
}

const char *ajp_wire_next(ajp_wire *wire, ajp_wire_field *out)
{
    uint64_t tag, size;
    const char *wrong = ajp_wire_varint(wire, &tag);
    if (wrong != NULL) return wrong;
    *out = (ajp_wire_field){(uint32_t)(tag >> 3), (ajp_wire_type)(tag & 7), 0, {NULL, 0}};
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return "has a field number out of range";
    switch (out->type) {
    case AJP_WIRE_VARINT:
        return ajp_wire_varint(wire, &out->value);
    case AJP_WIRE_64BIT:
        return fixed(wire, 8, &out->value);
    case AJP_WIRE_32BIT:
        return fixed(wire, 4, &out->value);
    case AJP_WIRE_BYTES:
        wrong = ajp_wire_varint(wire, &size);
        if (wrong != NULL) return wrong;
        if (size > (size_t)(wire->end - wire->at)) return "has a length that goes past its end";
        out->bytes = (ajp_bytes){wire->at, (size_t)size};
        wire->at += size;
        return NULL;
    default:
        return (tag & 7) == 3 || (tag & 7) == 4 ? "has a group, which ONNX does not use"
                                                : "has an unknown wire type";
    }
}
