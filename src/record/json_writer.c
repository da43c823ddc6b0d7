/* json_writer.c: a JSON writer with exact, short numbers. */
#include "json_writer.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(ajp_json *json, const char *bytes, size_t n)
{
    size_t wanted;
    if (json->failed) return;
    if (!ajp_size_add(json->size, n, &wanted) || wanted == SIZE_MAX ||
        ajp_grow(NULL, (void **)&json->text, &json->capacity, wanted + 1, 1, "JSON text", NULL) != AJ_OK) {
        json->failed = true;
        return;
    }
    memcpy(json->text + json->size, bytes, n);
    json->size = wanted;
    json->text[wanted] = '\0';
}

static void put_text(ajp_json *json, const char *text)
{
    put(json, text, strlen(text));
}

static void put_quoted(ajp_json *json, const char *text)
{
    put(json, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t length = ajp_utf8_length((const char *)at);
        char escaped[8];
        if (length == 0) {
            put_text(json, "\xef\xbf\xbd"); /* U+FFFD */
            length = 1;
        } else if (*at == '"' || *at == '\\') {
            put(json, (const char[2]){'\\', (char)*at}, 2);
        } else if (*at < 0x20) {
            snprintf(escaped, sizeof escaped, "\\u%04x", *at);
            put_text(json, escaped);
        } else {
            put(json, (const char *)at, length);
        }
        at += length;
    }
    put(json, "\"", 1);
}

static void new_line(ajp_json *json)
{
    if (json->indent == 0 || json->flat) return;
    put(json, "\n", 1);
    for (unsigned i = 0; i < json->indent * json->depth; i++) put(json, " ", 1);
}

/* Everything before a value: comma, line, key. */
static void lead(ajp_json *json, const char *key)
{
    if (!json->first) put_text(json, json->indent == 0 || json->flat ? ", " : ",");
    if (json->depth > 0) new_line(json);
    json->first = false;
    if (key == NULL) return;
    put_quoted(json, key);
    put_text(json, ": ");
}

static void open_level(ajp_json *json, const char *key, const char *bracket)
{
    lead(json, key);
    put_text(json, bracket);
    json->depth++;
    json->first = true;
    if (json->depth > AJP_JSON_DEPTH) json->failed = true;
}

static void close_level(ajp_json *json, const char *bracket)
{
    json->depth--;
    if (!json->first) new_line(json);
    put_text(json, bracket);
    json->first = false;
}

void ajp_json_begin(ajp_json *json, unsigned indent)
{
    *json = (ajp_json){.indent = indent < 16 ? indent : 16, .first = true};
}

aj_status ajp_json_finish(ajp_json *json, char **text, aj_error *err)
{
    if (json->failed || json->text == NULL) {
        ajp_free(NULL, json->text);
        *json = (ajp_json){0};
        return ajp_no_memory(err, "JSON text");
    }
    *text = json->text;
    *json = (ajp_json){0};
    return AJ_OK;
}

void ajp_json_object(ajp_json *json, const char *key)
{
    open_level(json, key, "{");
}

void ajp_json_object_end(ajp_json *json)
{
    close_level(json, "}");
}

void ajp_json_array(ajp_json *json, const char *key, bool flat)
{
    open_level(json, key, "[");
    json->flat = flat;
}

void ajp_json_array_end(ajp_json *json)
{
    close_level(json, "]");
    json->flat = false; /* flat arrays hold no other arrays */
}

void ajp_json_string(ajp_json *json, const char *key, const char *text)
{
    lead(json, key);
    if (text == NULL)
        put_text(json, "null");
    else
        put_quoted(json, text);
}

void ajp_json_null(ajp_json *json, const char *key)
{
    ajp_json_string(json, key, NULL);
}

void ajp_json_bool(ajp_json *json, const char *key, bool value)
{
    lead(json, key);
    put_text(json, value ? "true" : "false");
}

void ajp_json_count(ajp_json *json, const char *key, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    lead(json, key);
    put_text(json, text);
}

void ajp_json_number(ajp_json *json, const char *key, double value)
{
    char text[32];
    ajp_format_double(value, text);
    lead(json, key);
    put_text(json, isfinite(value) ? text : "null");
}

void ajp_format_double(double value, char text[32])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    for (char *at = text; *at != '\0'; at++)
        if (*at == ',') *at = '.'; /* the locale of the host program */
}
