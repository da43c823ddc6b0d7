/* samples.c: bytes and samples, compressed and back; base64. */
#include "run.h"

#include <string.h>
#include <zlib.h>

aj_status ajp_pack(ajp_packed *out, const void *bytes, size_t size, aj_error *err)
{
    uLong bound = compressBound((uLong)size);
    uLongf used = bound;
    unsigned char *packed = ajp_alloc(NULL, bound);
    if (packed == NULL || compress2(packed, &used, bytes, (uLong)size, 6) != Z_OK) {
        ajp_free(NULL, packed);
        return ajp_no_memory(err, "samples");
    }
    *out = (ajp_packed){packed, (size_t)used};
    return AJ_OK;
}

aj_status ajp_unpack(ajp_arena *arena, const void *packed, size_t packed_size, size_t size, void **out,
                     aj_error *err)
{
    /* deflate cannot shrink by more than 1032 : 1, so a size beyond that is a lie and asks for no memory */
    if (size / 1040 > packed_size)
        return ajp_fail(err, AJ_CORRUPT, 0, "a compressed block cannot hold the size it claims");
    void *bytes = ajp_arena_alloc(arena, size);
    if (bytes == NULL) return ajp_no_memory(err, "samples");
    uLongf got = (uLongf)size;
    if (uncompress(bytes, &got, packed, (uLong)packed_size) != Z_OK || got != size)
        return ajp_fail(err, AJ_CORRUPT, 0, "a compressed block is damaged");
    *out = bytes;
    return AJ_OK;
}

/* value i of times and values together */
static double value_at(const aj_run_samples *samples, size_t i)
{
    return i < samples->n ? samples->time_seconds[i] : samples->values[i - samples->n];
}

aj_status ajp_pack_samples(ajp_packed *out, const aj_run_samples *samples, aj_error *err)
{
    size_t n = 2 * samples->n;
    unsigned char *planes = ajp_calloc(NULL, n, 8);
    if (planes == NULL) return ajp_no_memory(err, "samples");
    for (size_t i = 0; i < n; i++) {
        double value = value_at(samples, i);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        for (size_t plane = 0; plane < 8; plane++) planes[plane * n + i] = (unsigned char)(bits >> 8 * plane);
    }
    aj_status st = ajp_pack(out, planes, n * 8, err);
    ajp_free(NULL, planes);
    return st;
}

aj_status ajp_unpack_samples(ajp_arena *arena, const void *packed, size_t packed_size, size_t n,
                             aj_run_samples *out, aj_error *err)
{
    void *bytes = NULL;
    if (n == 0 || n > UINT32_MAX)
        return ajp_fail(err, AJ_CORRUPT, 0, "a block of samples has an impossible size");
    AJ_TRY(ajp_unpack(arena, packed, packed_size, n * 16, &bytes, err));
    const unsigned char *planes = bytes;
    double *numbers = ajp_arena_array(arena, 2 * n, sizeof *numbers);
    if (numbers == NULL) return ajp_no_memory(err, "samples");
    for (size_t i = 0; i < 2 * n; i++) {
        uint64_t bits = 0;
        for (size_t plane = 0; plane < 8; plane++) bits |= (uint64_t)planes[plane * 2 * n + i] << 8 * plane;
        memcpy(&numbers[i], &bits, sizeof bits);
    }
    out->n = n;
    out->time_seconds = numbers;
    out->values = numbers + n;
    return AJ_OK;
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *ajp_base64_encode(const unsigned char *bytes, size_t size)
{
    size_t n = (size + 2) / 3 * 4, at = 0;
    char *text = ajp_alloc(NULL, n + 1);
    if (text == NULL) return NULL;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (i + 1 < size) group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < size) group |= bytes[i + 2];
        text[at++] = letters[group >> 18];
        text[at++] = letters[group >> 12 & 63];
        text[at++] = i + 1 < size ? letters[group >> 6 & 63] : '=';
        text[at++] = i + 2 < size ? letters[group & 63] : '=';
    }
    text[at] = '\0';
    return text;
}

bool ajp_base64_decode(ajp_arena *arena, const char *text, unsigned char **bytes, size_t *size)
{
    size_t n = strlen(text), at = 0;
    if (n % 4 != 0) return false;
    unsigned char *out = ajp_arena_alloc(arena, n / 4 * 3);
    if (out == NULL) return false;
    for (size_t i = 0; i < n; i += 4) {
        uint32_t group = 0;
        size_t n_padding = 0;
        for (size_t k = 0; k < 4; k++) {
            const char *letter = text[i + k] != '\0' ? strchr(letters, text[i + k]) : NULL;
            if (text[i + k] == '=' && i + 4 == n && k >= 2) {
                n_padding++;
                letter = letters;
            } else if (n_padding > 0) {
                letter = NULL;
            }
            if (letter == NULL) return false;
            group = group << 6 | (uint32_t)(letter - letters);
        }
        for (size_t k = 0; k + n_padding < 3; k++) out[at++] = (unsigned char)(group >> (16 - 8 * k));
    }
    *bytes = out;
    *size = at;
    return true;
}
