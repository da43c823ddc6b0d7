/* op_product.c: Gemm and MatMul on any operands.  Products with constant weights are compiled to packed
 * products (program.c); what runs here is a product of two activations, or constants being folded.  On a hook
 * a product of two activations is one product of `groups` matrices a sample, W being the right operand
 * turned. */
#include <string.h>

#include "op_number.h"
#include "op_product.h"

static const char *const gemm_attributes[] = {"alpha", "beta", "transA", "transB", "broadcast", NULL};
static const char *const matmul_attributes[] = {NULL};

static aj_status parse_gemm(const ajp_op_parse *p, void *out)
{
    ajp_product_params *q = out;
    int64_t trans_a, trans_b;
    AJ_TRY(ajp_op_float(p, "alpha", 1, &q->alpha));
    AJ_TRY(ajp_op_float(p, "beta", 1, &q->beta));
    AJ_TRY(ajp_op_int(p, "transA", 0, &trans_a));
    AJ_TRY(ajp_op_int(p, "transB", 0, &trans_b));
    q->trans_a = trans_a != 0;
    q->trans_b = trans_b != 0;
    q->gemm = true;
    return AJ_OK;
}

static aj_status parse_matmul(const ajp_op_parse *p, void *out)
{
    ajp_product_params *q = out;
    (void)p;
    q->alpha = 1;
    return AJ_OK;
}

static aj_status do_not_fit(const ajp_op_infer *i)
{
    char a[128], b[128];
    return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has matrices that do not fit: %s and %s",
                         ajp_type_text(i->in[0], a, sizeof a), ajp_type_text(i->in[1], b, sizeof b));
}

/* C is broadcast to [m][n] in one direction. */
static aj_status check_c(const ajp_op_infer *i, const ajp_type *out)
{
    const ajp_type *c = i->in[2];
    bool fits = c->rank <= 2;
    if (c->dtype != out->dtype) return ajp_op_refuse(i, 2);
    for (size_t k = 0; k < c->rank && fits; k++) {
        size_t d = k + 2 - c->rank;
        bool batched = c->batch_axis == (int)k;
        if (batched && (d != 0 || out->batch_axis != 0))
            return ajp_op_mixes(i, "C has samples where the product has none");
        if (!batched && d == 0 && out->batch_axis == 0 && c->dims[k] != 1)
            return ajp_op_mixes(i, "C fixes the number of samples");
        fits = c->dims[k] == out->dims[d] || (c->dims[k] == 1 && !batched);
    }
    return fits
               ? AJ_OK
               : ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has a C that does not fit its product");
}

/* float32 (others of its kind become it: widen.c), or whole numbers of 32 and 64 bits. */
static aj_status check_types(const ajp_op_infer *i)
{
    ajp_dtype dtype = i->in[0]->dtype;
    bool whole = dtype == AJP_INT32 || dtype == AJP_INT64 || dtype == AJP_UINT32 || dtype == AJP_UINT64;
    if (dtype != AJP_FLOAT32 && !whole) return ajp_op_refuse(i, 0);
    return i->in[1]->dtype == dtype ? AJ_OK : ajp_op_refuse(i, 1);
}

static aj_status infer_gemm(const ajp_op_infer *i)
{
    const ajp_product_params *q = i->node->params;
    const ajp_type *a = i->in[0], *b = i->in[1];
    ajp_type out = {a->dtype, -1, 2, {0}};
    AJ_TRY(check_types(i));
    if (a->rank != 2 || b->rank != 2) return do_not_fit(i);
    if (b->batch_axis >= 0 || a->batch_axis > 0 || (a->batch_axis == 0 && q->trans_a))
        return ajp_op_mixes(i, "samples must be the rows of A");
    if (a->dims[q->trans_a ? 0 : 1] != b->dims[q->trans_b ? 1 : 0]) return do_not_fit(i);
    out.batch_axis = a->batch_axis;
    out.dims[0] = a->dims[q->trans_a ? 1 : 0];
    out.dims[1] = b->dims[q->trans_b ? 0 : 1];
    if (i->n_in > 2 && i->in[2] != NULL) AJ_TRY(check_c(i, &out));
    i->out[0] = out;
    return AJ_OK;
}

/* ---- MatMul: numpy's rules ------------------------------------------------------------------------------
 */

/* Vectors become matrices: a row on the left, a column on the right. */
static ajp_type as_matrix(const ajp_type *type, bool left)
{
    ajp_type m = *type;
    if (type->rank != 1) return m;
    m.rank = 2;
    m.dims[0] = left ? 1 : type->dims[0];
    m.dims[1] = left ? type->dims[0] : 1;
    if (m.batch_axis == 0 && left) m.batch_axis = 1;
    return m;
}

static size_t outer_dim(const ajp_type *type, size_t rank, size_t d)
{
    size_t missing = rank - type->rank;
    return d < missing ? 1 : type->dims[d - missing];
}

static aj_status infer_outer(const ajp_op_infer *i, const ajp_type *a, const ajp_type *b, ajp_type *out)
{
    int batch_a = a->batch_axis < 0 ? -1 : a->batch_axis + (int)(out->rank - a->rank);
    int batch_b = b->batch_axis < 0 ? -1 : b->batch_axis + (int)(out->rank - b->rank);
    out->batch_axis = batch_a > batch_b ? batch_a : batch_b;
    if (batch_a >= 0 && batch_b >= 0 && batch_a != batch_b)
        return ajp_op_mixes(i, "its inputs have samples on two axes");
    if (batch_b >= (int)out->rank - 2 || batch_a == (int)out->rank - 1)
        return ajp_op_mixes(i, "it sums over samples");
    for (size_t d = 0; d + 2 < out->rank; d++) {
        size_t da = outer_dim(a, out->rank, d), db = outer_dim(b, out->rank, d);
        bool here = (int)d == out->batch_axis;
        if (here && batch_a != batch_b) {
            if ((batch_a < 0 ? da : db) != 1)
                return ajp_op_mixes(i, "a constant has a sample axis of its own");
            out->dims[d] = batch_a < 0 ? db : da;
        } else if (da == db || (db == 1 && !here)) {
            out->dims[d] = da;
        } else if (da == 1 && !here) {
            out->dims[d] = db;
        } else {
            return do_not_fit(i);
        }
    }
    return AJ_OK;
}

aj_status ajp_matmul_infer(const ajp_op_infer *i, ajp_type *out_type)
{
    if (i->in[0]->rank == 0 || i->in[1]->rank == 0) return do_not_fit(i);
    ajp_type a = as_matrix(i->in[0], true), b = as_matrix(i->in[1], false);
    size_t rank = a.rank > b.rank ? a.rank : b.rank;
    ajp_type out = {out_type->dtype, -1, rank, {0}};
    if (a.dims[a.rank - 1] != b.dims[b.rank - 2]) return do_not_fit(i);
    AJ_TRY(infer_outer(i, &a, &b, &out));
    out.dims[rank - 2] = a.dims[a.rank - 2];
    out.dims[rank - 1] = b.dims[b.rank - 1];
    /* the axes that vectors were given go again; samples are not among them */
    if (i->in[0]->rank == 1) {
        out.dims[rank - 2] = out.dims[rank - 1];
        out.rank--;
    }
    if (i->in[1]->rank == 1) out.rank--;
    *out_type = out;
    return AJ_OK;
}

static aj_status infer_matmul(const ajp_op_infer *i)
{
    AJ_TRY(check_types(i));
    i->out[0].dtype = i->in[0]->dtype;
    return ajp_matmul_infer(i, &i->out[0]);
}

/* ---- running --------------------------------------------------------------------------------------------
 */

ajp_matrices ajp_matmul_matrices(const ajp_product_params *q, const ajp_type *a, const ajp_type *b)
{
    ajp_matrices s = {0, 0, 0, 1, as_matrix(a, true), as_matrix(b, false)};
    size_t rank = s.a.rank > s.b.rank ? s.a.rank : s.b.rank;
    s.m = s.a.dims[s.a.rank - (q->trans_a ? 1 : 2)];
    s.k = s.a.dims[s.a.rank - (q->trans_a ? 2 : 1)];
    s.n = s.b.dims[s.b.rank - (q->trans_b ? 2 : 1)];
    for (size_t d = 0; d + 2 < rank; d++) {
        size_t da = outer_dim(&s.a, rank, d), db = outer_dim(&s.b, rank, d);
        s.n_pairs *= da == 1 ? db : da;
    }
    return s;
}

void ajp_matmul_pair(const ajp_matrices *s, size_t o, size_t *of_a, size_t *of_b)
{
    size_t rank = s->a.rank > s->b.rank ? s->a.rank : s->b.rank, step_a = 1, step_b = 1;
    *of_a = *of_b = 0;
    for (size_t d = rank - 2; d-- > 0;) {
        size_t da = outer_dim(&s->a, rank, d), db = outer_dim(&s->b, rank, d), n = da == 1 ? db : da;
        if (da != 1) *of_a += o % n * step_a;
        if (db != 1) *of_b += o % n * step_b;
        o /= n;
        step_a *= da;
        step_b *= db;
    }
}

/* Packed right operand; for a hook also it turned, a turned left operand, and results in whole vectors. */
typedef struct {
    size_t weights, x, y, all; /* floats before each */
} places;

static places places_of(const ajp_product_params *q, const ajp_matrices *s)
{
    places p = {.weights = ajp_packed_size(s->n, s->k)};
    p.x = p.weights + (q->trans_b ? 0 : ajp_round_up(s->n * s->k, AJP_LANES));
    p.y = p.x + (q->trans_a ? ajp_round_up(s->m * s->k, AJP_LANES) : 0);
    p.all = p.y + s->m * ajp_round_up(s->n, AJP_LANES);
    return p;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    ajp_matrices s = ajp_matmul_matrices(node->params, &in[0].type, &in[1].type);
    if (out[0].type.dtype != AJP_FLOAT32) return 0;
    size_t size = places_of(node->params, &s).all * sizeof(float), stack = ajp_stack_scratch(node, in);
    return size > stack ? size : stack;
}

/* Where samples are, among the axes of the product with both operands as matrices; -1 = nowhere. */
static int sample_axis(const ajp_matrices *s, size_t rank)
{
    int a = s->a.batch_axis < 0 ? -1 : s->a.batch_axis + (int)(rank - s->a.rank);
    int b = s->b.batch_axis < 0 ? -1 : s->b.batch_axis + (int)(rank - s->b.rank);
    return a > b ? a : b;
}

static size_t rank_of(const ajp_matrices *s)
{
    return s->a.rank > s->b.rank ? s->a.rank : s->b.rank;
}

static size_t outer_size(const ajp_matrices *s, size_t d)
{
    size_t rank = rank_of(s), da = outer_dim(&s->a, rank, d), db = outer_dim(&s->b, rank, d);
    return da == 1 ? db : da;
}

static size_t products(const ajp_op_products_query *q, ajp_op_product *out)
{
    if (q->in[0]->dtype != AJP_FLOAT32 || q->ahead > 1) return 0;
    if ((q->known[0] != NULL) != (q->known[1] != NULL)) return ajp_stack_products(q, out);
    if (q->known[0] != NULL) return 0;
    ajp_matrices s = ajp_matmul_matrices(q->node->params, q->in[0], q->in[1]);
    size_t groups = 1;
    for (size_t d = 0; d + 2 < rank_of(&s); d++) groups *= outer_size(&s, d);
    if (s.m * s.n * s.k * groups == 0) return 0;
    *out = (ajp_op_product){.rows = s.n,
                            .cols = s.k,
                            .reps = s.m,
                            .groups = groups,
                            .dynamic = true,
                            .sample_axis = sample_axis(&s, rank_of(&s))};
    return 1;
}

static void multiply(const ajp_op_run *r, const ajp_matrices *s, const float *a, const float *b, float *y)
{
    const ajp_product_params *q = r->node->params;
    float *packed = r->scratch;
    if (s->k == 0) { /* an empty sum */
        memset(y, 0, s->m * s->n * sizeof *y);
        return;
    }
    if (q->trans_b)
        ajp_pack_out_in(b, s->n, s->k, s->k, packed);
    else
        ajp_pack_in_out(b, s->n, s->k, s->n, packed);
    ajp_gemm gemm = {.m = s->m,
                     .n = s->n,
                     .k = s->k,
                     .a = a,
                     .a_row = q->trans_a ? 1 : s->k,
                     .a_col = q->trans_a ? s->m : 1,
                     .b = packed,
                     .b_row = AJP_LANES,
                     .b_vector = AJP_LANES * s->k,
                     .c = y,
                     .c_row = s->n,
                     .c_vector = AJP_LANES};
    ajp_gemm_parallel(r->kernels, r->pool, &gemm);
}

/* y = alpha y + beta C; C of size [1 or m][1 or n] (or less) */
static void finish_gemm(const ajp_op_run *r, const ajp_matrices *s)
{
    const ajp_product_params *q = r->node->params;
    const ajp_tensor *c = r->n_in > 2 ? &r->in[2] : NULL;
    bool with_c = c != NULL && c->data != NULL && q->beta != 0;
    const float *values = with_c ? c->data : NULL;
    size_t rank = with_c ? c->type.rank : 0;
    size_t col = rank > 0 && c->type.dims[rank - 1] != 1 ? 1 : 0;
    size_t row = rank > 1 && c->type.dims[0] != 1 ? c->type.dims[1] : 0;
    float *y = r->out[0].data;
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < s->n; j++, y++) {
            if (q->alpha != 1.0f) *y *= q->alpha;
            if (with_c) *y += q->beta * values[i * row + j * col];
        }
}

/* out[n_cols][n_rows] = x[n_rows][n_cols] */
static void turn(const float *x, size_t n_rows, size_t n_cols, float *out)
{
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_cols; j++) out[j * n_rows + i] = x[i * n_cols + j];
}

/* Sample and matrix within it of pair o; samples that are rows of A are left to the caller. */
static void find_matrix(const ajp_matrices *s, const ajp_product_step *step, size_t o, ajp_dynamic_call *call)
{
    size_t n_others = 1, apart = 1; /* matrices of a sample but for the axis of samples; along an axis */
    for (size_t d = 0; d + 2 < rank_of(s); d++)
        if ((int)d != step->sample_axis) n_others *= outer_size(s, d);
    for (size_t d = rank_of(s) - 2; d-- > 0;) {
        size_t n = outer_size(s, d), at = o % n;
        o /= n;
        if ((int)d == step->sample_axis) {
            n = step->groups / n_others;
            call->sample = at / n;
            at %= n;
        }
        call->matrix += at * apart;
        apart *= n;
    }
}

static aj_status multiply_on_hook(const ajp_op_run *r, const ajp_matrices *s, size_t o, const float *a,
                                  const float *b, float *y)
{
    const ajp_product_params *q = r->node->params;
    const ajp_product_step *step = ajp_op_product_step(r, 0);
    places p = places_of(q, s);
    float *memory = r->scratch;
    bool rows_are_samples = step->sample_axis >= 0 && (size_t)step->sample_axis + 2 == rank_of(s);
    ajp_dynamic_call call = {.x = a,
                             .weights = b,
                             .packed = memory,
                             .y = memory + p.y,
                             .x_row = s->k,
                             .y_row = ajp_round_up(s->n, AJP_LANES),
                             .n_rows = step->reps};
    find_matrix(s, step, o, &call);
    if (!q->trans_b) {
        turn(b, s->k, s->n, memory + p.weights);
        call.weights = memory + p.weights;
    }
    if (q->trans_a) {
        turn(a, s->k, s->m, memory + p.x);
        call.x = memory + p.x;
    }
    ajp_pack_out_in(call.weights, s->n, s->k, s->k, memory);
    for (size_t done = 0; done < s->m; done += step->reps) {
        AJ_TRY(ajp_op_multiply_dynamic(r, &call));
        call.sample += rows_are_samples;
        call.x += call.n_rows * call.x_row;
        call.y += call.n_rows * call.y_row;
    }
    for (size_t i = 0; i < s->m; i++) memcpy(y + i * s->n, memory + p.y + i * call.y_row, s->n * sizeof *y);
    return AJ_OK;
}

/* Sums of whole numbers wrap; alpha and beta, where they are not 1, are multiplied in double. */
static ajp_number whole_element(const ajp_op_run *r, const ajp_matrices *s, size_t a, size_t b, size_t i,
                                size_t j)
{
    const ajp_product_params *q = r->node->params;
    const ajp_tensor *c = r->n_in > 2 && r->in[2].data != NULL ? &r->in[2] : NULL;
    ajp_number sum = {AJP_UNSIGNED, 0, 0, 0};
    for (size_t k = 0; k < s->k; k++) {
        ajp_number x = ajp_number_load(&r->in[0], a + (q->trans_a ? k * s->m + i : i * s->k + k));
        ajp_number w = ajp_number_load(&r->in[1], b + (q->trans_b ? j * s->k + k : k * s->n + j));
        x = ajp_number_multiply(&x, &w);
        sum = k == 0 ? x : ajp_number_add(&sum, &x);
    }
    if (!q->gemm || (q->alpha == 1 && (c == NULL || q->beta == 0))) return sum;
    size_t rank = c != NULL ? c->type.rank : 0;
    size_t col = rank > 0 && c->type.dims[rank - 1] != 1 ? 1 : 0;
    size_t row = rank > 1 && c->type.dims[0] != 1 ? c->type.dims[1] : 0;
    ajp_number add = {sum.kind, 0, 0, 0};
    if (c != NULL) add = ajp_number_load(c, i * row + j * col);
    if (q->alpha == 1 && q->beta == 1) return ajp_number_add(&sum, &add);
    double real = (double)q->alpha * ajp_number_real(&sum) + (double)q->beta * ajp_number_real(&add);
    return (ajp_number){AJP_REAL, real, 0, 0};
}

static aj_status run_whole(const ajp_op_run *r, const ajp_matrices *s)
{
    for (size_t o = 0, at = 0; o < s->n_pairs; o++) {
        size_t of_a, of_b;
        ajp_matmul_pair(s, o, &of_a, &of_b);
        for (size_t i = 0; i < s->m; i++)
            for (size_t j = 0; j < s->n; j++, at++) {
                ajp_number value = whole_element(r, s, of_a * s->m * s->k, of_b * s->k * s->n, i, j);
                ajp_number_store(&r->out[0], at, &value);
            }
    }
    return AJ_OK;
}

static aj_status run(const ajp_op_run *r)
{
    const ajp_product_params *q = r->node->params;
    ajp_matrices s = ajp_matmul_matrices(q, &r->in[0].type, &r->in[1].type);
    if (r->in[0].type.dtype != AJP_FLOAT32) return r->out[0].n == 0 ? AJ_OK : run_whole(r, &s);
    const float *a = r->in[0].data, *b = r->in[1].data;
    float *y = r->out[0].data;
    bool dynamic = r->products == NULL || ajp_op_product_step(r, 0)->dynamic;
    if (r->out[0].n == 0) return AJ_OK;
    if (!dynamic) AJ_TRY(ajp_stack_run(r, &s));
    for (size_t o = 0; o < s.n_pairs && dynamic; o++) {
        size_t of_a, of_b;
        ajp_matmul_pair(&s, o, &of_a, &of_b);
        const float *left = a + of_a * s.m * s.k, *right = b + of_b * s.k * s.n;
        if (r->on_hook)
            AJ_TRY(multiply_on_hook(r, &s, o, left, right, y + o * s.m * s.n));
        else
            multiply(r, &s, left, right, y + o * s.m * s.n);
    }
    if (q->gemm) finish_gemm(r, &s);
    return AJ_OK;
}

static uint64_t macs(const ajp_node *node, const ajp_type *in, uint64_t n_out)
{
    const ajp_product_params *q = node->params;
    return n_out * in[0].dims[in[0].rank - (q->trans_a ? 2 : 1)];
}

extern const ajp_op ajp_op_gemm, ajp_op_matmul;
const ajp_op ajp_op_gemm = {.widening = AJP_WIDEN_FLOATS,
                            .min_in = 2,
                            .max_in = 3,
                            .max_out = 1,
                            .role = AJP_ROLE_PRODUCT,
                            .params_size = sizeof(ajp_product_params),
                            .attributes = gemm_attributes,
                            .parse = parse_gemm,
                            .infer = infer_gemm,
                            .scratch = scratch,
                            .run = run,
                            .products = products,
                            .macs = macs};
const ajp_op ajp_op_matmul = {.widening = AJP_WIDEN_FLOATS,
                              .any_sample_axis = true,
                              .min_in = 2,
                              .max_in = 2,
                              .max_out = 1,
                              .role = AJP_ROLE_PRODUCT,
                              .params_size = sizeof(ajp_product_params),
                              .attributes = matmul_attributes,
                              .parse = parse_matmul,
                              .infer = infer_matmul,
                              .scratch = scratch,
                              .run = run,
                              .products = products,
                              .macs = macs};
