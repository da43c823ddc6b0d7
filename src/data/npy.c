/* npy.c: NumPy's .npy format, versions 1 to 3 (numpy.lib.format): magic, version, length, a Python dictionary
 * with exactly the keys descr, fortran_order and shape, then the data.  Only that dictionary is understood,
 * nothing of Python is evaluated. */
#include "array.h"

#include <string.h>

enum { MAX_HEADER = 65535 }; /* a plain array needs 128 bytes; longer ones describe records */

typedef struct {
    const char *name; /* of the file */
    const char *at, *end;
    aj_error *err;
} parser;

static void skip_space(parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')) p->at++;
}

static bool accept(parser *p, char c)
{
    skip_space(p);
    if (p->at == p->end || *p->at != c) return false;
    p->at++;
    return true;
}

static aj_status damaged(const parser *p, const char *what)
{
    return ajp_fail(p->err, AJ_CORRUPT, 0, "%s: the .npy header %s; write the file again with numpy.save",
                    p->name, what);
}

/* A quoted word without escapes, at most size-1 characters. */
static aj_status parse_word(parser *p, char *out, size_t size)
{
    skip_space(p);
    if (p->at == p->end || (*p->at != '\'' && *p->at != '"')) return damaged(p, "lacks a quoted word");
    char quote = *p->at++;
    size_t n = 0;
    while (p->at < p->end && *p->at != quote) {
        if (n + 1 == size || *p->at == '\\') return damaged(p, "has a word that is too long");
        out[n++] = *p->at++;
    }
    if (p->at == p->end) return damaged(p, "has a word without its closing quote");
    p->at++;
    out[n] = '\0';
    return AJ_OK;
}

static aj_status parse_descr(parser *p, ajp_array *array, bool *big_endian)
{
    char word[16];
    skip_space(p);
    if (p->at < p->end && *p->at == '[')
        return ajp_fail(p->err, AJ_UNSUPPORTED, 0, "%s: holds records; save one plain array of numbers",
                        p->name);
    AJ_TRY(parse_word(p, word, sizeof word));
    const char *letters = word;
    bool native_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    *big_endian = word[0] == '>' || (word[0] != '<' && native_big);
    if (word[0] != '\0' && strchr("<>=|", word[0]) != NULL) letters++;
#define ROW(id, ctype, bytes, text_letters, text) \
    if (strcmp(letters, text_letters) == 0) {     \
        array->element = AJP_ELEMENT_##id;        \
        return AJ_OK;                             \
    }
    AJP_ELEMENT_LIST(ROW)
#undef ROW
    return ajp_fail(p->err, AJ_UNSUPPORTED, 0,
                    "%s: elements of type '%s'; convert to float32, float64, uint8 or another plain number "
                    "with astype",
                    p->name, word);
}

static aj_status parse_order(parser *p)
{
    skip_space(p);
    size_t left = (size_t)(p->end - p->at);
    if (left >= 5 && memcmp(p->at, "False", 5) == 0) {
        p->at += 5;
        return AJ_OK;
    }
    if (left >= 4 && memcmp(p->at, "True", 4) == 0)
        return ajp_fail(p->err, AJ_UNSUPPORTED, 0,
                        "%s: stored column by column (fortran_order); save numpy.ascontiguousarray(array)",
                        p->name);
    return damaged(p, "has a fortran_order that is neither True nor False");
}

static aj_status parse_dimension(parser *p, size_t *out)
{
    size_t value = 0;
    const char *start = p->at;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        if (!ajp_size_mul(value, 10, &value) || !ajp_size_add(value, (size_t)(*p->at - '0'), &value))
            return damaged(p, "has a dimension beyond the address space");
    }
    if (p->at == start) return damaged(p, "has a shape with something other than whole numbers");
    if (p->at < p->end && *p->at == 'L') p->at++; /* Python 2 wrote long integers so */
    *out = value;
    return AJ_OK;
}

static aj_status parse_shape(parser *p, ajp_array *array)
{
    if (!accept(p, '(')) return damaged(p, "has a shape that is not a tuple");
    while (!accept(p, ')')) {
        skip_space(p);
        if (array->rank == AJP_ARRAY_RANK)
            return ajp_fail(p->err, AJ_UNSUPPORTED, 0, "%s: more than %d dimensions; reshape it", p->name,
                            AJP_ARRAY_RANK);
        AJ_TRY(parse_dimension(p, &array->shape[array->rank]));
        array->rank++;
        if (accept(p, ',')) continue;
        if (!accept(p, ')')) return damaged(p, "has a shape that does not end");
        break;
    }
    if (array->rank == 0)
        return ajp_fail(p->err, AJ_UNSUPPORTED, 0, "%s: a single number, not an array with a sample axis",
                        p->name);
    return AJ_OK;
}

static aj_status parse_entry(parser *p, unsigned *seen, ajp_array *array, bool *big_endian)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char key[24];
    unsigned which = 0;
    AJ_TRY(parse_word(p, key, sizeof key));
    while (which < 3 && strcmp(key, keys[which]) != 0) which++;
    if (which == 3 || (*seen & 1u << which) != 0)
        return damaged(p, "has a key twice or one that does not belong there");
    *seen |= 1u << which;
    if (!accept(p, ':')) return damaged(p, "lacks a colon");
    return which == 0   ? parse_descr(p, array, big_endian)
           : which == 1 ? parse_order(p)
                        : parse_shape(p, array);
}

static aj_status parse_header(parser *p, ajp_array *array, bool *big_endian)
{
    unsigned seen = 0;
    if (!accept(p, '{')) return damaged(p, "is not a dictionary");
    while (!accept(p, '}')) {
        AJ_TRY(parse_entry(p, &seen, array, big_endian));
        if (accept(p, ',')) continue;
        if (!accept(p, '}')) return damaged(p, "does not end");
        break;
    }
    skip_space(p);
    if (p->at != p->end) return damaged(p, "goes on after its end");
    return seen == 7 ? AJ_OK : damaged(p, "lacks one of descr, fortran_order and shape");
}

aj_status ajp_npy_read(ajp_array *out, ajp_source *source, aj_error *err)
{
    unsigned char start[8], length[4] = {0, 0, 0, 0};
    AJ_TRY(ajp_source_read(source, start, sizeof start, err));
    if (memcmp(start, "\x93NUMPY", 6) != 0)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: does not start like a .npy file; write it with numpy.save",
                        source->name);
    if (start[6] < 1 || start[6] > 3)
        return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s: .npy version %d.%d; 1 to 3 are known", source->name,
                        start[6], start[7]);
    AJ_TRY(ajp_source_read(source, length, start[6] == 1 ? 2 : 4, err));
    size_t n = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 | (size_t)length[3] << 24;
    if (n > MAX_HEADER)
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "%s: a .npy header of %zu bytes; plain arrays need at most %d", source->name, n,
                        MAX_HEADER);
    AJ_TRY(ajp_source_expect(source, n, err));
    char *text = ajp_alloc(source->context, n);
    if (text == NULL) return ajp_no_memory(err, source->name);
    aj_status st = ajp_source_read(source, text, n, err);
    ajp_array array = {.rank = 0};
    bool big_endian = false;
    parser p = {source->name, text, text + n, err};
    if (st == AJ_OK) st = parse_header(&p, &array, &big_endian);
    ajp_free(source->context, text);
    if (st == AJ_OK) st = ajp_array_read_data(&array, source, big_endian, err);
    if (st == AJ_OK) *out = array;
    return st;
}
