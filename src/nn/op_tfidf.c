/* op_tfidf.c: TfIdfVectorizer on whole numbers: how often each n-gram of a list occurs. */
#include <string.h>

#include "op.h"

enum { TF, IDF, TFIDF };
static const char *const mode_names[] = {"TF", "IDF", "TFIDF", NULL};
static const char *const attributes[] = {
    "mode",          "min_gram_length", "max_gram_length", "max_skip_count", "ngram_counts",
    "ngram_indexes", "pool_int64s",     "pool_strings",    "weights",        NULL};

typedef struct {
    size_t mode;
    int64_t shortest, longest, skips;
    ajp_op_list starts, places, pool; /* of the n-grams of each length; of each in the result; the n-grams */
    size_t n_out, n_weights;
    const float *weights;
} params;

static aj_status bad(const ajp_op_parse *p, const char *what)
{
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has %s", what);
}

/* Where the n-grams of length n begin and end in the pool. */
static void span(const params *q, int64_t n, int64_t *first, int64_t *last)
{
    *first = n <= (int64_t)q->starts.n ? ajp_op_list_at(&q->starts, (size_t)n - 1) : (int64_t)q->pool.n;
    *last = n < (int64_t)q->starts.n ? ajp_op_list_at(&q->starts, (size_t)n) : (int64_t)q->pool.n;
}

/* The pool holds whole n-grams of each length, and each has a place. */
static aj_status check_pool(const ajp_op_parse *p, params *q)
{
    size_t n_grams = 0;
    for (int64_t n = 1; n <= (int64_t)q->starts.n; n++) {
        int64_t first, last;
        span(q, n, &first, &last);
        if (first < 0 || last < first || last > (int64_t)q->pool.n || (last - first) % n != 0 ||
            (n == 1 && first != 0))
            return bad(p, "ngram_counts that do not fit its pool");
        n_grams += (size_t)((last - first) / n);
    }
    if (n_grams != q->places.n || (q->n_weights > 0 && q->n_weights != n_grams))
        return bad(p, "not one ngram_indexes (and weight) for each n-gram");
    for (size_t k = 0; k < q->places.n; k++) {
        int64_t place = ajp_op_list_at(&q->places, k);
        if (place < 0 || place >= (int64_t)1 << 30) return bad(p, "an ngram_indexes outside 0 to 2^30");
        if ((size_t)place >= q->n_out) q->n_out = (size_t)place + 1;
    }
    return AJ_OK;
}

static aj_status parse(const ajp_op_parse *p, void *out)
{
    params *q = out;
    const ajp_onnx_attribute *weights = ajp_op_attribute(p->node, "weights");
    if (ajp_op_attribute(p->node, "pool_strings") != NULL)
        return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err, "has n-grams of strings");
    AJ_TRY(ajp_op_choice(p, "mode", mode_names, TF, &q->mode));
    AJ_TRY(ajp_op_int(p, "min_gram_length", 1, &q->shortest));
    AJ_TRY(ajp_op_int(p, "max_gram_length", 1, &q->longest));
    AJ_TRY(ajp_op_int(p, "max_skip_count", 0, &q->skips));
    AJ_TRY(ajp_op_ints(p, "ngram_counts", &q->starts));
    AJ_TRY(ajp_op_ints(p, "ngram_indexes", &q->places));
    AJ_TRY(ajp_op_ints(p, "pool_int64s", &q->pool));
    if (weights != NULL) q->weights = weights->floats, q->n_weights = weights->n_floats;
    if (q->shortest < 1 || q->longest < q->shortest || q->skips < 0) return bad(p, "lengths that do not fit");
    return check_pool(p, q);
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0];
    if (x->dtype != AJP_INT32 && x->dtype != AJP_INT64) return ajp_op_refuse(i, 0);
    if (x->rank < 1 || x->rank > 2) return ajp_op_corrupt(i, "has an input that is not [n] or [rows][n]");
    if (x->batch_axis == (int)x->rank - 1) return ajp_op_mixes(i, "its words are samples");
    i->out[0] = *x;
    i->out[0].dtype = AJP_FLOAT32;
    i->out[0].dims[x->rank - 1] = q->n_out;
    return AJ_OK;
}

/* The number of the n-gram words[0], words[step], ... among those of its length; SIZE_MAX: none. */
static size_t find(const params *q, const ajp_tensor *x, size_t at, size_t step, int64_t n)
{
    int64_t first, last, before = 0;
    for (int64_t shorter = 1; shorter < n; shorter++) {
        span(q, shorter, &first, &last);
        before += (last - first) / shorter;
    }
    span(q, n, &first, &last);
    for (int64_t gram = first; gram < last; gram += n) {
        int64_t k = 0;
        while (k < n &&
               ajp_op_list_at(&q->pool, (size_t)(gram + k)) == ajp_tensor_int(x, at + (size_t)k * step))
            k++;
        if (k == n) return (size_t)(before + (gram - first) / n);
    }
    return SIZE_MAX;
}

static void count_row(const params *q, const ajp_tensor *x, size_t base, size_t n_words, float *y)
{
    for (int64_t n = q->shortest; n <= q->longest && n <= (int64_t)q->starts.n && n <= (int64_t)n_words; n++)
        for (int64_t skip = 0; skip <= q->skips; skip++) {
            size_t step = (size_t)skip + 1;
            if (n > 1 && step > (n_words - 1) / ((size_t)n - 1)) break; /* reaches beyond the row */
            for (size_t at = 0; at + ((size_t)n - 1) * step < n_words; at++) {
                size_t gram = find(q, x, base + at, step, n);
                if (gram != SIZE_MAX) y[ajp_op_list_at(&q->places, gram)] += 1;
            }
            if (n == 1) break; /* one word has nothing to skip */
        }
    for (size_t k = 0; k < q->places.n; k++) {
        float *count = &y[ajp_op_list_at(&q->places, k)], weight = q->n_weights > 0 ? q->weights[k] : 1;
        if (q->mode == IDF && *count > 0) *count = weight;
        if (q->mode == TFIDF) *count *= weight;
    }
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    size_t n_words = r->in[0].type.dims[r->in[0].type.rank - 1];
    float *y = r->out[0].data;
    if (r->out[0].n == 0) return AJ_OK;
    memset(y, 0, r->out[0].n * sizeof *y);
    for (size_t row = 0; row < r->out[0].n / q->n_out; row++)
        count_row(q, &r->in[0], row * n_words, n_words, y + row * q->n_out);
    return AJ_OK;
}

extern const ajp_op ajp_op_tf_idf_vectorizer;
const ajp_op ajp_op_tf_idf_vectorizer = {.min_in = 1,
                                         .max_in = 1,
                                         .max_out = 1,
                                         .flops_per_element = 1,
                                         .params_size = sizeof(params),
                                         .attributes = attributes,
                                         .parse = parse,
                                         .infer = infer,
                                         .run = run};
