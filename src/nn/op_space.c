/* op_space.c: DepthToSpace, SpaceToDepth, ReverseSequence, Trilu. */
#include <string.h>

#include "op.h"
#include "op_copy.h"

enum { MAX_BLOCK = 1 << 10 }; /* so that sizes of empty tensors do not overflow either */

/* ---- DepthToSpace, SpaceToDepth on [n][c][h][w] ----------------------------------------------------------
 */

typedef struct {
    int64_t block;
    size_t order;
} block_params;
enum { DEPTH_COLUMN_ROW, COLUMN_ROW_DEPTH }; /* which of block row, block column, channel runs slowest */
static const char *const orders[] = {"DCR", "CRD", NULL};
static const char *const block_attributes[] = {"blocksize", "mode", NULL};

static aj_status parse_block(const ajp_op_parse *p, void *out)
{
    block_params *q = out;
    AJ_TRY(ajp_op_int(p, "blocksize", 0, &q->block));
    if (q->block < 1 || q->block > MAX_BLOCK)
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has a blocksize of %lld",
                             (long long)q->block);
    return ajp_op_choice(p, "mode", orders, DEPTH_COLUMN_ROW, &q->order);
}

static aj_status image(const ajp_op_infer *i)
{
    if (i->in[0]->rank != 4)
        return ajp_op_corrupt(i, "has an input that is not [n][channels][height][width]");
    if (i->in[0]->batch_axis > 0) return ajp_op_mixes(i, "its channels or pixels are samples");
    return AJ_OK;
}

static aj_status infer_depth_to_space(const ajp_op_infer *i)
{
    const block_params *q = i->node->params;
    size_t b = (size_t)q->block;
    AJ_TRY(image(i));
    i->out[0] = *i->in[0];
    if (i->in[0]->dims[1] % (b * b) != 0)
        return ajp_op_corrupt(i, "has %zu channels, not a multiple of %zu", i->in[0]->dims[1], b * b);
    i->out[0].dims[1] /= b * b;
    i->out[0].dims[2] *= b;
    i->out[0].dims[3] *= b;
    return AJ_OK;
}

static aj_status infer_space_to_depth(const ajp_op_infer *i)
{
    const block_params *q = i->node->params;
    size_t b = (size_t)q->block;
    AJ_TRY(image(i));
    i->out[0] = *i->in[0];
    if (i->in[0]->dims[2] % b != 0 || i->in[0]->dims[3] % b != 0)
        return ajp_op_corrupt(i, "has a height or width that is not a multiple of %zu", b);
    i->out[0].dims[1] *= b * b;
    i->out[0].dims[2] /= b;
    i->out[0].dims[3] /= b;
    return AJ_OK;
}

/* `wide` has the large pixels ([n][c][h*b][w*b]), `deep` the channels. */
static void block_axes(const block_params *q, const ajp_type *wide, const ajp_type *deep,
                       ajp_copy_axis *wide_first)
{
    ptrdiff_t s[4], t[4], b = (ptrdiff_t)q->block, c = (ptrdiff_t)wide->dims[1];
    size_t n = (size_t)b;
    ajp_dense_steps(wide, s);
    ajp_dense_steps(deep, t);
    /* channel of `deep`: (row*b + column)*c + channel, or channel*b*b + row*b + column */
    bool dcr = q->order == DEPTH_COLUMN_ROW;
    ptrdiff_t channel = dcr ? t[1] : b * b * t[1], row = dcr ? b * c * t[1] : b * t[1];
    ptrdiff_t column = dcr ? c * t[1] : t[1];
    const ajp_copy_axis axes[6] = {{wide->dims[0], s[0], t[0]},     {wide->dims[1], s[1], channel},
                                   {deep->dims[2], b * s[2], t[2]}, {n, s[2], row},
                                   {deep->dims[3], b * s[3], t[3]}, {n, s[3], column}};
    memcpy(wide_first, axes, sizeof axes);
}

static aj_status run_depth_to_space(const ajp_op_run *r)
{
    ajp_copy_axis axes[6];
    block_axes(r->node->params, &r->out[0].type, &r->in[0].type, axes);
    ajp_copy(ajp_dtype_size(r->out[0].type.dtype), 6, axes, r->out[0].data, r->in[0].data);
    return AJ_OK;
}

static aj_status run_space_to_depth(const ajp_op_run *r)
{
    ajp_copy_axis axes[6];
    block_axes(r->node->params, &r->in[0].type, &r->out[0].type, axes);
    for (size_t k = 0; k < 6; k++) axes[k] = (ajp_copy_axis){axes[k].n, axes[k].from, axes[k].to};
    ajp_copy(ajp_dtype_size(r->out[0].type.dtype), 6, axes, r->out[0].data, r->in[0].data);
    return AJ_OK;
}

#define BLOCK(id)                                                    \
    extern const ajp_op ajp_op_##id;                                 \
    const ajp_op ajp_op_##id = {.min_in = 1,                         \
                                .max_in = 1,                         \
                                .max_out = 1,                        \
                                .params_size = sizeof(block_params), \
                                .attributes = block_attributes,      \
                                .parse = parse_block,                \
                                .infer = infer_##id,                 \
                                .run = run_##id};
BLOCK(depth_to_space)
BLOCK(space_to_depth)

/* ---- ReverseSequence: the first sequence_lens[b] time steps of sequence b backwards ----------------------
 */

typedef struct {
    int64_t batch_axis, time_axis;
} reverse_params;
static const char *const reverse_attributes[] = {"batch_axis", "time_axis", NULL};

static aj_status parse_reverse(const ajp_op_parse *p, void *out)
{
    reverse_params *q = out;
    AJ_TRY(ajp_op_int(p, "batch_axis", 1, &q->batch_axis));
    AJ_TRY(ajp_op_int(p, "time_axis", 0, &q->time_axis));
    if ((q->batch_axis == 0 && q->time_axis == 1) || (q->batch_axis == 1 && q->time_axis == 0)) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "wants the axes 0 and 1 as batch and time");
}

static aj_status infer_reverse(const ajp_op_infer *i)
{
    const reverse_params *q = i->node->params;
    const ajp_type *x = i->in[0], *lengths = i->in[1];
    AJ_TRY(ajp_op_want(i, 1, AJP_INT64));
    if (x->rank < 2 || lengths->rank != 1) return ajp_op_corrupt(i, "wants two axes and a list of lengths");
    bool each = x->batch_axis == (int)q->batch_axis && lengths->batch_axis == 0;
    bool behind = x->batch_axis > 1 && lengths->batch_axis < 0;
    if ((x->batch_axis >= 0 || lengths->batch_axis >= 0) && !each && !behind)
        return ajp_op_mixes(i, "its sequences are not the samples");
    if (lengths->dims[0] != x->dims[q->batch_axis])
        return ajp_op_corrupt(i, "has %zu lengths for %zu sequences", lengths->dims[0],
                              x->dims[q->batch_axis]);
    i->out[0] = *x;
    return AJ_OK;
}

static aj_status run_reverse(const ajp_op_run *r)
{
    const reverse_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    const int64_t *lengths = r->in[1].data;
    size_t n_time = x->dims[q->time_axis], n_batch = x->dims[q->batch_axis];
    size_t bytes = ajp_dims_product(x->dims + 2, x->rank - 2) * ajp_dtype_size(x->dtype);
    size_t time_step = q->time_axis == 0 ? n_batch : 1, batch_step = q->time_axis == 0 ? 1 : n_time;
    if (bytes == 0) return AJ_OK;
    for (size_t b = 0; b < n_batch; b++) {
        if (lengths[b] < 0 || lengths[b] > (int64_t)n_time)
            return ajp_node_fail(r->path, r->node, AJ_BAD_ARGUMENT, r->err,
                                 "has a length of %lld for %zu steps", (long long)lengths[b], n_time);
        size_t length = (size_t)lengths[b];
        for (size_t t = 0; t < n_time; t++) {
            size_t from = t < length ? length - 1 - t : t;
            memcpy((char *)r->out[0].data + (t * time_step + b * batch_step) * bytes,
                   (const char *)r->in[0].data + (from * time_step + b * batch_step) * bytes, bytes);
        }
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_reverse_sequence;
const ajp_op ajp_op_reverse_sequence = {.min_in = 2,
                                        .max_in = 2,
                                        .max_out = 1,
                                        .params_size = sizeof(reverse_params),
                                        .attributes = reverse_attributes,
                                        .parse = parse_reverse,
                                        .infer = infer_reverse,
                                        .run = run_reverse};

/* ---- Trilu: the upper or lower triangle of each matrix; zeros elsewhere ----------------------------------
 */

typedef struct {
    bool upper;
} trilu_params;
static const char *const trilu_attributes[] = {"upper", NULL};

static aj_status parse_trilu(const ajp_op_parse *p, void *out)
{
    int64_t upper;
    AJ_TRY(ajp_op_int(p, "upper", 1, &upper));
    ((trilu_params *)out)->upper = upper != 0;
    return AJ_OK;
}

static aj_status infer_trilu(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0], *k = ajp_op_input(i, 1);
    size_t n;
    if (x->rank < 2) return ajp_op_corrupt(i, "has an input that is not a matrix");
    if (x->batch_axis >= (int)x->rank - 2) return ajp_op_mixes(i, "its rows or columns are samples");
    if (k != NULL && (k->dtype != AJP_INT64 || !ajp_type_elements(k, &n) || n != 1))
        return ajp_op_corrupt(i, "has a k that is not one int64");
    if (k != NULL && k->batch_axis >= 0) return ajp_op_mixes(i, "its diagonal comes from the samples");
    i->out[0] = *x;
    return AJ_OK;
}

static aj_status run_trilu(const ajp_op_run *r)
{
    const trilu_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    const int64_t *k = ajp_op_data(r, 1);
    size_t rows = x->dims[x->rank - 2], columns = x->dims[x->rank - 1], size = ajp_dtype_size(x->dtype);
    const char *from = r->in[0].data;
    char *to = r->out[0].data;
    if (r->out[0].n == 0) return AJ_OK;
    for (size_t row = 0; row < r->out[0].n / columns; row++, from += columns * size, to += columns * size) {
        int64_t first; /* column of the diagonal */
        if (__builtin_add_overflow((int64_t)(row % rows), k != NULL ? *k : 0, &first) ||
            first > (int64_t)columns)
            first = (int64_t)columns;
        if (!q->upper) first++; /* the lower triangle keeps its diagonal as well */
        size_t edge = first < 0 ? 0 : first > (int64_t)columns ? columns : (size_t)first;
        size_t kept = q->upper ? edge : 0, n = q->upper ? columns - edge : edge;
        memset(to, 0, columns * size);
        memcpy(to + kept * size, from + kept * size, n * size);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_trilu;
const ajp_op ajp_op_trilu = {.any_sample_axis = true,
                             .min_in = 1,
                             .max_in = 2,
                             .max_out = 1,
                             .params_size = sizeof(trilu_params),
                             .attributes = trilu_attributes,
                             .parse = parse_trilu,
                             .infer = infer_trilu,
                             .run = run_trilu};
