/* array.c: typed numbers in memory: their data from a file, their values as floats. */
#include "array.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const struct {
    size_t size;
    const char *text;
} elements[] = {
#define ROW(id, ctype, bytes, letters, text) [AJP_ELEMENT_##id] = {bytes, text},
    AJP_ELEMENT_LIST(ROW)
#undef ROW
};

size_t ajp_element_size(ajp_element element)
{
    return elements[element].size;
}

const char *ajp_element_text(ajp_element element)
{
    return elements[element].text;
}

double ajp_array_value(const ajp_array *array, size_t i)
{
    switch (array->element) {
#define CASE(id, ctype, bytes, letters, text) \
    case AJP_ELEMENT_##id:                    \
        return (double)((const ctype *)array->data)[i];
        AJP_ELEMENT_LIST(CASE)
#undef CASE
    default:
        return 0.0;
    }
}

/* byte * (float)(1.0/255) and byte / 255 differ by at most one unit in the last place (checked for all 256
 * bytes by the test); the product is taken because it runs at the speed of memory and is what "scale" says.
 */
void ajp_array_floats(const ajp_array *array, size_t first, size_t n, float scale, float *restrict out)
{
    switch (array->element) {
#define CASE(id, ctype, bytes, letters, text)                         \
    case AJP_ELEMENT_##id: {                                          \
        const ctype *in = (const ctype *)array->data + first;         \
        for (size_t i = 0; i < n; i++) out[i] = (float)in[i] * scale; \
        break;                                                        \
    }
        AJP_ELEMENT_LIST(CASE)
#undef CASE
    default:
        break;
    }
}

void ajp_array_free(ajp_array *array, const aj_context *context)
{
    ajp_free(context, array->data);
    array->data = NULL;
}

static void swap_bytes(unsigned char *data, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++, data += size) {
        for (size_t low = 0, high = size - 1; low < high; low++, high--) {
            unsigned char byte = data[low];
            data[low] = data[high];
            data[high] = byte;
        }
    }
}

aj_status ajp_array_read_data(ajp_array *out, ajp_source *source, bool big_endian, aj_error *err)
{
    size_t size = ajp_element_size(out->element), n = 1, n_bytes;
    bool fits = true;
    for (size_t i = 0; i < out->rank; i++) fits = fits && ajp_size_mul(n, out->shape[i], &n);
    if (!fits || !ajp_size_mul(n, size, &n_bytes))
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: the product of its dimensions overflows; the header is wrong", source->name);
    if (n == 0)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: one of its dimensions is 0: there is no data in it",
                        source->name);
    AJ_TRY(ajp_source_expect(source, n_bytes, err));
    void *data = ajp_alloc(source->context, n_bytes);
    if (data == NULL) return ajp_no_memory(err, source->name);
    aj_status st = ajp_source_read(source, data, n_bytes, err);
    if (st == AJ_OK) st = ajp_source_finish(source, err);
    if (st != AJ_OK) {
        ajp_free(source->context, data);
        return st;
    }
    bool native_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    if (size > 1 && big_endian != native_big) swap_bytes(data, n, size);
    out->n_elements = n;
    out->data = data;
    return AJ_OK;
}

aj_status ajp_array_load(ajp_array *out, const aj_context *context, const char *path, aj_error *err)
{
    ajp_source source;
    AJ_TRY(ajp_source_open(&source, context, path, err));
    size_t length = strlen(path);
    bool npy = (length > 4 && strcmp(path + length - 4, ".npy") == 0) ||
               (length > 7 && strcmp(path + length - 7, ".npy.gz") == 0);
    aj_status st = npy ? ajp_npy_read(out, &source, err) : ajp_idx_read(out, &source, err);
    ajp_source_close(&source);
    return st;
}

/* NaN, infinities and doubles beyond float32 would turn into results without a word. */
aj_status ajp_array_check_finite(const ajp_array *a, const char *name, const char *what, aj_error *err)
{
    if (a->element != AJP_ELEMENT_F4 && a->element != AJP_ELEMENT_F8) return AJ_OK;
    size_t n_features = a->n_elements / a->shape[0];
    for (size_t i = 0; i < a->n_elements; i++) {
        double value = ajp_array_value(a, i);
        if (!(fabs(value) <= (double)FLT_MAX))
            return ajp_fail(err, AJ_CORRUPT, 0,
                            "%s: element %zu of sample %zu is %g; %s must be finite float32 numbers", name,
                            i % n_features, i / n_features, value, what);
    }
    return AJ_OK;
}
