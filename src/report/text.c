/* text.c: the growing text of a report. */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"

void ajp_text_put_n(ajp_text *text, const char *piece, size_t n)
{
    size_t wanted;
    if (text->failed || n == 0) return;
    if (!ajp_size_add(text->size, n, &wanted) || wanted == SIZE_MAX ||
        ajp_grow(NULL, (void **)&text->bytes, &text->capacity, wanted + 1, 1, "report", NULL) != AJ_OK) {
        text->failed = true;
        return;
    }
    memcpy(text->bytes + text->size, piece, n);
    text->size = wanted;
    text->bytes[wanted] = '\0';
}

void ajp_text_put(ajp_text *text, const char *piece)
{
    ajp_text_put_n(text, piece, strlen(piece));
}

void ajp_text_repeat(ajp_text *text, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++) ajp_text_put(text, piece);
}

void ajp_text_format(ajp_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    size_t wanted = text->size + (length < 0 ? 0 : (size_t)length);
    if (text->failed) return;
    if (length < 0 ||
        ajp_grow(NULL, (void **)&text->bytes, &text->capacity, wanted + 1, 1, "report", NULL) != AJ_OK) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->bytes + text->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->size = wanted;
}

static const char *html_entity(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\n':
    case '\t':
        return " ";
    default:
        return code < 0x20 || (code >= 0x7f && code < 0xa0) ? "\xef\xbf\xbd" : NULL;
    }
}

void ajp_text_put_html(ajp_text *text, const char *piece)
{
    while (*piece != '\0') {
        const char *start = piece;
        uint32_t code = ajp_utf8_next(&piece);
        const char *entity = code == 0xfffd ? "\xef\xbf\xbd" : html_entity(code);
        if (entity != NULL)
            ajp_text_put(text, entity);
        else
            ajp_text_put_n(text, start, (size_t)(piece - start));
    }
}

void ajp_text_free(ajp_text *text)
{
    ajp_free(NULL, text->bytes);
    *text = (ajp_text){0};
}

aj_status ajp_text_write(const ajp_text *text, FILE *stream, aj_error *err)
{
    if (text->failed) return ajp_no_memory(err, "report");
    errno = 0;
    if (text->size > 0 && fwrite(text->bytes, 1, text->size, stream) != text->size)
        return ajp_fail(err, AJ_IO, errno, "the report could not be written; check the free space");
    if (fflush(stream) != 0)
        return ajp_fail(err, AJ_IO, errno, "the report could not be written; check the free space");
    return AJ_OK;
}
