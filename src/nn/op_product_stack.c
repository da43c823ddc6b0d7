/* op_product_stack.c: Gemm and MatMul of one constant that the compiler of programs does not take as a plain
 * product: a stack of matrices (one group each), a constant on the left of several matrices, turned operands.
 */
#include <string.h>

#include "op_product.h"

/* The constant and the other operand: "left" is y = W X, every column of X a row of the product. */
typedef struct {
    bool left, trans_w, trans_x;
    const ajp_type *w, *x;  /* as matrices */
    size_t rows, cols, n_x; /* outputs, inputs, rows of one matrix of x */
} view;

static view view_of(const ajp_product_params *q, const ajp_matrices *s, bool left)
{
    view v = {.left = left, .cols = s->k};
    v.w = left ? &s->a : &s->b;
    v.x = left ? &s->b : &s->a;
    /* the product wants [rows][cols] of both */
    v.trans_w = left ? q->trans_a : !q->trans_b;
    v.trans_x = left ? !q->trans_b : q->trans_a;
    v.rows = left ? s->m : s->n;
    v.n_x = left ? s->n : s->m;
    return v;
}

/* out[n_cols][n_rows] = x[n_rows][n_cols] */
static void turn(const float *x, size_t n_rows, size_t n_cols, float *out)
{
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_cols; j++) out[j * n_rows + i] = x[i * n_cols + j];
}

static size_t rank_of(const ajp_matrices *s)
{
    return s->a.rank > s->b.rank ? s->a.rank : s->b.rank;
}

/* Dimension d of the product's outer axes, of one operand. */
static size_t outer_of(const ajp_type *type, size_t rank, size_t d)
{
    size_t missing = rank - type->rank;
    return d < missing ? 1 : type->dims[d - missing];
}

/* ---- declared
 * ---------------------------------------------------------------------------------------------- */

static float *turned_weights(ajp_arena *arena, const view *v, const float *from, size_t groups)
{
    size_t each = v->rows * v->cols;
    float *to = ajp_arena_array(arena, groups, each * sizeof *to);
    for (size_t g = 0; to != NULL && g < groups; g++) turn(from + g * each, v->cols, v->rows, to + g * each);
    return to;
}

size_t ajp_stack_products(const ajp_op_products_query *q, ajp_op_product *out)
{
    const ajp_product_params *params = q->node->params;
    bool left = q->known[0] != NULL;
    ajp_matrices s = ajp_matmul_matrices(params, q->in[0], q->in[1]);
    view v = view_of(params, &s, left);
    const float *weights = q->known[left ? 0 : 1]->data;
    size_t groups = 1, reps = v.n_x, rank = rank_of(&s);
    for (size_t d = 0; d + 2 < rank; d++) {
        size_t n_w = outer_of(v.w, rank, d), n_x = outer_of(v.x, rank, d);
        groups *= n_w;
        if (n_w == 1) reps *= n_x;
    }
    if (v.rows * v.cols * groups * reps == 0) return 0;
    if (v.trans_w) weights = turned_weights(q->arena, &v, weights, groups);
    if (weights == NULL) return AJP_OP_NO_MEMORY;
    int axis = v.x->batch_axis;
    *out = (ajp_op_product){.rows = v.rows,
                            .cols = v.cols,
                            .reps = reps,
                            .groups = groups,
                            .weights = weights,
                            .left = left,
                            .sample_axis = axis < 0 ? -1 : axis + (int)(rank - v.x->rank)};
    return 1;
}

/* ---- run
 * --------------------------------------------------------------------------------------------------- */

typedef struct {
    size_t x, y, all; /* floats before each: x turned, rows in whole vectors */
} places;

static places places_of(const view *v)
{
    places p = {0, v->trans_x ? v->n_x * v->cols : 0, 0};
    p.y = ajp_round_up(p.y, AJP_LANES);
    p.all = p.y + v->n_x * ajp_round_up(v->rows, AJP_LANES);
    return p;
}

size_t ajp_stack_scratch(const ajp_node *node, const ajp_tensor *in)
{
    ajp_matrices s = ajp_matmul_matrices(node->params, &in[0].type, &in[1].type);
    size_t most = 0;
    for (int left = 0; left < 2; left++) { /* which of them is the constant is not known here */
        view v = view_of(node->params, &s, left != 0);
        places p = places_of(&v);
        if (p.all > most) most = p.all;
    }
    return most * sizeof(float);
}

/* Group and numbers of the rows of pair o. */
static void number_rows(const ajp_matrices *s, const view *v, const ajp_product_step *step, size_t o,
                        ajp_product_call *call)
{
    size_t rank = rank_of(s), others = 1, sample = 0, before = 0, apart = 1, group = 0, groups = 1;
    bool rows_are_samples = step->sample_axis >= 0 && (size_t)step->sample_axis + 2 == rank;
    for (size_t d = 0; d + 2 < rank; d++)
        if ((int)d != step->sample_axis && outer_of(v->w, rank, d) == 1) others *= outer_of(v->x, rank, d);
    if (!rows_are_samples) others *= v->n_x;
    size_t per_sample = step->reps / others; /* along the axis of samples */
    for (size_t d = rank - 2; d-- > 0;) {
        size_t n_w = outer_of(v->w, rank, d), n_x = outer_of(v->x, rank, d), n = n_w == 1 ? n_x : n_w;
        size_t at = o % n;
        o /= n;
        if (n_w != 1) {
            group += at * groups;
            groups *= n_w;
            continue;
        }
        if ((int)d == step->sample_axis) {
            sample = at / per_sample;
            at %= per_sample;
            n_x = per_sample;
        }
        before += at * apart;
        apart *= n_x;
    }
    call->group = group;
    call->rows = rows_are_samples ? (ajp_product_rows){before * per_sample, per_sample, 1, step->reps, 0}
                                  : ajp_product_rows_from(sample * step->reps + before * v->n_x);
}

aj_status ajp_stack_run(const ajp_op_run *r, const ajp_matrices *s)
{
    const ajp_product_step *step = ajp_op_product_step(r, 0);
    view v = view_of(r->node->params, s, step->left);
    places p = places_of(&v);
    const float *all = r->in[v.left ? 1 : 0].data;
    float *y = r->out[0].data, *memory = r->scratch;
    size_t y_row = ajp_round_up(v.rows, AJP_LANES), each = v.n_x * v.rows;
    for (size_t o = 0; o < s->n_pairs; o++, y += each) {
        size_t of_a, of_b;
        ajp_matmul_pair(s, o, &of_a, &of_b);
        const float *x = all + (v.left ? of_b : of_a) * v.n_x * v.cols;
        if (v.trans_x) turn(x, v.cols, v.n_x, memory + p.x);
        ajp_product_call call = {.x = v.trans_x ? memory + p.x : x,
                                 .x_row = v.cols,
                                 .y = memory + p.y,
                                 .y_row = y_row,
                                 .n_rows = v.n_x};
        number_rows(s, &v, step, o, &call);
        AJ_TRY(ajp_op_multiply_rows(r, &call));
        for (size_t i = 0; i < v.n_x; i++)
            for (size_t j = 0; j < v.rows; j++)
                y[v.left ? j * v.n_x + i : i * v.rows + j] = memory[p.y + i * y_row + j];
    }
    return AJ_OK;
}
