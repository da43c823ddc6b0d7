/* packed.c: packed weights, kept once however many programs use them. */
#include "packed.h"

#include <string.h>

struct ajp_packed {
    ajp_packed *next;
    size_t n, n_users;
};

enum { HEAD = 64 }; /* bytes before the floats, which stay aligned as the allocator gave them */
_Static_assert(sizeof(ajp_packed) <= HEAD, "the head of packed weights");

static float *floats_of(ajp_packed *packed)
{
    return (float *)(void *)((unsigned char *)packed + HEAD);
}

static ajp_packed *head_of(float *data)
{
    return (ajp_packed *)(void *)((unsigned char *)data - HEAD);
}

float *ajp_packed_new(const ajp_packed_store *store, size_t n)
{
    size_t bytes;
    if (!ajp_size_mul(n, sizeof(float), &bytes) || !ajp_size_add(bytes, HEAD, &bytes)) return NULL;
    ajp_packed *packed = ajp_alloc(store->context, bytes);
    if (packed == NULL) return NULL;
    *packed = (ajp_packed){NULL, n, 0};
    return floats_of(packed);
}

const float *ajp_packed_keep(ajp_packed_store *store, float *data)
{
    ajp_packed *made = head_of(data);
    for (ajp_packed *p = store->first; p != NULL; p = p->next)
        if (p->n == made->n && memcmp(floats_of(p), data, made->n * sizeof *data) == 0) {
            p->n_users++;
            ajp_free(store->context, made);
            return floats_of(p);
        }
    made->n_users = 1;
    made->next = store->first;
    store->first = made;
    return data;
}

void ajp_packed_drop(ajp_packed_store *store, const float *data)
{
    for (ajp_packed **at = &store->first; *at != NULL; at = &(*at)->next) {
        ajp_packed *p = *at;
        if (floats_of(p) != data) continue;
        if (--p->n_users > 0) return;
        *at = p->next;
        ajp_free(store->context, p);
        return;
    }
}
