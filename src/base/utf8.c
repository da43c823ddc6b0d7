/* utf8.c: decoding UTF-8 that came from outside. */
#include "utf8.h"

#include <stdbool.h>

/* Length and code point; 0 when the bytes are no character. */
static size_t decode(const unsigned char *text, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned first = text[0];
    size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    *code = first;
    if (length < 2) return length;
    *code = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0; /* the terminating NUL ends up here too */
        *code = *code << 6 | (text[i] & 0x3fu);
    }
    bool good = *code >= least[length] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
    return good ? length : 0;
}

size_t ajp_utf8_length(const char *text)
{
    uint32_t code;
    return decode((const unsigned char *)text, &code);
}

uint32_t ajp_utf8_next(const char **text)
{
    uint32_t code;
    size_t length = decode((const unsigned char *)*text, &code);
    *text += length == 0 ? 1 : length;
    return length == 0 ? 0xfffd : code;
}
