/* yaml.c: YAML through libyaml's events. The tree is built while the events come, so that what is refused is
 * refused before it costs memory. */
#include "yaml.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { MAX_DEPTH = 16, MAX_BYTES = 1 << 20, MAX_KEYS = 1000 };

/* One open list or map: where its next child goes. */
typedef struct {
    ajp_yaml *node;
    const ajp_yaml **tail;
    const char *key; /* read, its value not yet */
    size_t key_line;
} level;

typedef struct {
    yaml_parser_t parser;
    ajp_arena *arena;
    const char *file;
    aj_error *err;
    level open[MAX_DEPTH];
    size_t depth;
    ajp_yaml *root;
    unsigned n_documents;
} builder;

static size_t line_of(const yaml_event_t *event)
{
    return event->start_mark.line + 1;
}

static aj_status refuse(const builder *b, const yaml_event_t *event, const char *what)
{
    return ajp_fail(b->err, AJ_CORRUPT, 0, "%s:%zu: %s", b->file, line_of(event), what);
}

static aj_status syntax_error(const builder *b)
{
    const yaml_parser_t *p = &b->parser;
    if (p->error == YAML_MEMORY_ERROR) return ajp_no_memory(b->err, b->file);
    return ajp_fail(b->err, AJ_CORRUPT, 0, "%s:%zu: not YAML: %s%s%s; check indentation, colons and quotes",
                    b->file, p->problem_mark.line + 1, p->problem != NULL ? p->problem : "cannot be read",
                    p->context != NULL ? " " : "", p->context != NULL ? p->context : "");
}

/* Hangs a new node into the tree. */
static aj_status add_node(builder *b, const yaml_event_t *event, ajp_yaml_kind kind, ajp_yaml **out)
{
    ajp_yaml *node = ajp_arena_alloc(b->arena, sizeof *node);
    if (node == NULL) return ajp_no_memory(b->err, b->file);
    node->kind = kind;
    node->line = line_of(event);
    if (b->depth == 0) {
        b->root = node;
    } else {
        level *top = &b->open[b->depth - 1];
        if (top->node->kind == AJP_YAML_MAP) {
            node->key = top->key;
            node->line = top->key_line;
            top->key = NULL;
        }
        *top->tail = node;
        top->tail = &node->next;
        top->node->n_children++;
    }
    *out = node;
    return AJ_OK;
}

static aj_status copy_text(const builder *b, const yaml_event_t *event, const char **out)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(value, '\0', length) != NULL) return refuse(b, event, "a NUL character in a text; remove it");
    const char *copy = ajp_arena_strndup(b->arena, value, length);
    if (copy == NULL) return ajp_no_memory(b->err, b->file);
    *out = copy;
    return AJ_OK;
}

static aj_status add_key(builder *b, const yaml_event_t *event)
{
    level *top = &b->open[b->depth - 1];
    const char *key = NULL;
    AJ_TRY(copy_text(b, event, &key));
    if (top->node->n_children >= MAX_KEYS)
        return refuse(b, event, "more than 1000 keys in one map; split the file");
    const ajp_yaml *before = ajp_yaml_find(top->node, key);
    if (before != NULL)
        return ajp_fail(b->err, AJ_CORRUPT, 0,
                        "%s:%zu: key '%.80s' stands on line %zu already; keep one of them", b->file,
                        line_of(event), key, before->line);
    top->key = key;
    top->key_line = line_of(event);
    return AJ_OK;
}

static bool waits_for_key(const builder *b)
{
    return b->depth > 0 && b->open[b->depth - 1].node->kind == AJP_YAML_MAP &&
           b->open[b->depth - 1].key == NULL;
}

static aj_status on_scalar(builder *b, const yaml_event_t *event)
{
    if (event->data.scalar.anchor != NULL)
        return refuse(b, event, "anchors (&name) are not supported; write the value out");
    if (event->data.scalar.tag != NULL) return refuse(b, event, "tags (!name) are not supported; remove it");
    if (waits_for_key(b)) return add_key(b, event);
    ajp_yaml *node = NULL;
    AJ_TRY(add_node(b, event, AJP_YAML_SCALAR, &node));
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return copy_text(b, event, &node->text);
}

static aj_status on_open(builder *b, const yaml_event_t *event, ajp_yaml_kind kind)
{
    bool map = kind == AJP_YAML_MAP;
    const yaml_char_t *anchor = map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const yaml_char_t *tag = map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    if (anchor != NULL) return refuse(b, event, "anchors (&name) are not supported; write the value out");
    if (tag != NULL) return refuse(b, event, "tags (!name) are not supported; remove it");
    if (waits_for_key(b)) return refuse(b, event, "a list or a map as a key; use a word as key");
    if (b->depth == MAX_DEPTH) return refuse(b, event, "nested deeper than 16; make it flatter");
    ajp_yaml *node = NULL;
    AJ_TRY(add_node(b, event, kind, &node));
    b->open[b->depth++] = (level){node, &node->first, NULL, 0};
    return AJ_OK;
}

static aj_status on_event(builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++b->n_documents > 1)
            return refuse(b, event, "a second document in one file; put it into its own file");
        return AJ_OK;
    case YAML_ALIAS_EVENT:
        return refuse(b, event, "aliases (*name) are not supported; write the value out");
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, event, AJP_YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, event, AJP_YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return AJ_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return AJ_OK;
}

static aj_status run_events(builder *b)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event)) return syntax_error(b);
        bool ended = event.type == YAML_STREAM_END_EVENT;
        aj_status st = on_event(b, &event);
        yaml_event_delete(&event);
        if (st != AJ_OK) return st;
        if (ended) return AJ_OK;
    }
}

aj_status ajp_yaml_parse(const ajp_yaml **root, ajp_arena *arena, const char *text, size_t size,
                         const char *file, aj_error *err)
{
    if (size > MAX_BYTES)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: %zu bytes; a YAML file here has at most 1 MiB", file, size);
    builder b = {.arena = arena, .file = file, .err = err};
    if (!yaml_parser_initialize(&b.parser)) return ajp_no_memory(err, file);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)(size > 0 ? text : ""), size);
    aj_status st = run_events(&b);
    yaml_parser_delete(&b.parser);
    if (st != AJ_OK) return st;
    if (b.root == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:1: the file is empty; write 'key: value' lines", file);
    *root = b.root;
    return AJ_OK;
}

const ajp_yaml *ajp_yaml_find(const ajp_yaml *map, const char *key)
{
    if (map == NULL || map->kind != AJP_YAML_MAP) return NULL;
    for (const ajp_yaml *child = map->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0) return child;
    return NULL;
}

/* ---- conversions ------------------------------------------------------------------------------- */

static const char *label(const ajp_yaml *node)
{
    return node->key != NULL ? node->key : "value";
}

static aj_status want(const ajp_yaml *node, const char *file, const char *what, aj_error *err)
{
    if (node->kind != AJP_YAML_SCALAR)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%.80s' is a %s; write %s", file, node->line,
                        label(node), node->kind == AJP_YAML_LIST ? "list" : "map", what);
    return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%.80s' is %s%.80s%s; write %s", file, node->line,
                    label(node), node->quoted ? "the text \"" : "'", node->text, node->quoted ? "\"" : "'",
                    what);
}

bool ajp_yaml_is_none(const ajp_yaml *node)
{
    if (node->kind != AJP_YAML_SCALAR || node->quoted) return false;
    const char *t = node->text;
    return t[0] == '\0' || strcmp(t, "none") == 0 || strcmp(t, "null") == 0 || strcmp(t, "~") == 0;
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Length of the decimal number that text starts with; 0 = none. */
static size_t number_length(const char *text)
{
    size_t at = text[0] == '+' || text[0] == '-' ? 1 : 0;
    size_t whole = count_digits(text + at), part = 0;
    at += whole;
    if (text[at] == '.') {
        part = count_digits(text + at + 1);
        at += 1 + part;
    }
    if (whole + part == 0) return 0;
    if (text[at] == 'e' || text[at] == 'E') {
        size_t sign = text[at + 1] == '+' || text[at + 1] == '-' ? 1 : 0;
        size_t power = count_digits(text + at + 1 + sign);
        if (power > 0) at += 1 + sign + power;
    }
    return at;
}

bool ajp_number_scan(const char *text, const char **end, double *out)
{
    char buffer[128];
    const char *point = localeconv()->decimal_point;
    size_t length = number_length(text), point_length = strlen(point), used = 0;
    if (length == 0 || length + point_length >= sizeof buffer) return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.') {
            memcpy(buffer + used, point, point_length);
            used += point_length;
        } else {
            buffer[used++] = text[i];
        }
    }
    buffer[used] = '\0';
    double value = strtod(buffer, NULL);
    if (!isfinite(value)) return false;
    *end = text + length;
    *out = value;
    return true;
}

aj_status ajp_yaml_number(const ajp_yaml *node, const char *file, double *out, aj_error *err)
{
    const char *end = NULL;
    double value = 0.0;
    if (node->kind != AJP_YAML_SCALAR || node->quoted || !ajp_number_scan(node->text, &end, &value) ||
        *end != '\0')
        return want(node, file, "a number", err);
    *out = value;
    return AJ_OK;
}

aj_status ajp_yaml_integer(const ajp_yaml *node, const char *file, int64_t min, int64_t max, int64_t *out,
                           aj_error *err)
{
    bool good = node->kind == AJP_YAML_SCALAR && !node->quoted;
    long long value = 0;
    if (good) {
        size_t sign = node->text[0] == '+' || node->text[0] == '-' ? 1 : 0,
               digits = count_digits(node->text + sign);
        errno = 0;
        good = digits > 0 && node->text[sign + digits] == '\0';
        if (good) value = strtoll(node->text, NULL, 10);
        good = good && errno == 0;
    }
    if (!good) return want(node, file, "a whole number", err);
    if (value < min || value > max)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s:%zu: '%.80s' is %lld; write a whole number from %lld to %lld", file, node->line,
                        label(node), value, (long long)min, (long long)max);
    *out = value;
    return AJ_OK;
}

aj_status ajp_yaml_string(const ajp_yaml *node, const char *file, const char **out, aj_error *err)
{
    if (node->kind != AJP_YAML_SCALAR || ajp_yaml_is_none(node) || node->text[0] == '\0')
        return want(node, file, "a text", err);
    *out = node->text;
    return AJ_OK;
}

aj_status ajp_yaml_check_keys(const ajp_yaml *map, const char *file, const char *const *allowed,
                              aj_error *err)
{
    if (map->kind != AJP_YAML_MAP) return want(map, file, "a map of 'key: value' lines", err);
    for (const ajp_yaml *child = map->first; child != NULL; child = child->next) {
        size_t i = 0;
        while (allowed[i] != NULL && strcmp(allowed[i], child->key) != 0) i++;
        if (allowed[i] != NULL) continue;
        char list[300] = "";
        size_t used = 0;
        for (i = 0; allowed[i] != NULL; i++) {
            size_t length = strlen(allowed[i]);
            if (used + length + 3 > sizeof list) break;
            if (used > 0) {
                memcpy(list + used, ", ", 2);
                used += 2;
            }
            memcpy(list + used, allowed[i], length + 1);
            used += length;
        }
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: unknown key '%.80s'; use one of: %s", file, child->line,
                        child->key, list);
    }
    return AJ_OK;
}
