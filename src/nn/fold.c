/* fold.c: Gemm and MatMul with a constant operand as product steps; what follows them folded in. */
#include <math.h>
#include <string.h>

#include "op_elementwise.h"
#include "op_normalization.h"
#include "op_product.h"
#include "program.h"

static const ajp_value *input_value(const ajp_graph *g, const ajp_node *node, size_t k)
{
    return k < node->n_in && node->in[k] != AJP_NO_VALUE ? &g->values[node->in[k]] : NULL;
}

/* ---- weights --------------------------------------------------------------------------------------------
 */

static ajp_product_step *product_of(ajp_step *step)
{
    return step->is_product ? &step->product : &step->op_products[0];
}

void ajp_turn_weights(const float *w, size_t rows, size_t cols, float *out)
{
    enum { BLOCK = 16 }; /* both sides a few cache lines at a time */
    for (size_t i0 = 0; i0 < rows; i0 += BLOCK)
        for (size_t j = 0; j < cols; j++)
            for (size_t i = i0; i < rows && i < i0 + BLOCK; i++) out[i * cols + j] = w[j * rows + i];
}

/* Of all groups. */
static size_t n_outputs(const ajp_product_step *p)
{
    return p->groups * p->rows;
}

/* [rows][cols] from the constant, which is that or its transpose.  A transpose alone is left to whoever needs
 * it. */
static bool set_weights(const ajp_graph *g, ajp_step *step, const float *w, bool transpose, float alpha)
{
    size_t rows = step->product.rows, cols = step->product.cols, n;
    if (alpha == 1.0f) {
        step->product.weights = transpose ? NULL : w;
        step->turned_weights = transpose ? w : NULL;
        return true;
    }
    if (!ajp_size_mul(rows, cols, &n)) return false;
    float *copy = ajp_arena_array(g->arena, n, sizeof *copy);
    if (copy == NULL) return false;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            copy[i * cols + j] = alpha * (transpose ? w[j * rows + i] : w[i * cols + j]);
    step->product.weights = copy;
    step->owns_weights = true;
    return true;
}

static bool need_bias(const ajp_graph *g, ajp_step *step)
{
    ajp_product_step *p = product_of(step);
    if (step->bias != NULL) return true;
    size_t n = p->groups * ajp_round_up(p->rows, AJP_LANES);
    float *bias = ajp_arena_array(g->arena, n, sizeof *bias);
    if (bias == NULL) return false;
    if (p->bias != NULL) memcpy(bias, p->bias, n * sizeof *bias);
    p->bias = step->bias = bias;
    return true;
}

static bool own_weights(const ajp_graph *g, ajp_step *step)
{
    ajp_product_step *p = product_of(step);
    if (step->owns_weights) return true;
    size_t n = n_outputs(p) * p->cols; /* there is a tensor of this size */
    float *copy = ajp_arena_array(g->arena, n, sizeof *copy);
    if (copy == NULL) return false;
    if (step->turned_weights != NULL)
        ajp_turn_weights(step->turned_weights, p->rows, p->cols, copy);
    else
        memcpy(copy, p->weights, n * sizeof *copy);
    step->turned_weights = NULL;
    p->weights = copy;
    step->owns_weights = true;
    return true;
}

/* y -> scale y + shift, output by output; NULL = 1 or 0. */
static bool apply_affine(const ajp_graph *g, ajp_step *step, const float *scale, const float *shift)
{
    ajp_product_step *p = product_of(step);
    size_t cols = p->cols, padded = ajp_round_up(p->rows, AJP_LANES);
    if ((shift != NULL || p->bias != NULL) && !need_bias(g, step)) return false;
    if (scale != NULL && !own_weights(g, step)) return false;
    float *w = NULL;
    if (scale != NULL) memcpy(&w, &p->weights, sizeof w); /* our own copy, see above */
    for (size_t i = 0; i < n_outputs(p); i++) {
        double s = scale != NULL ? (double)scale[i] : 1.0, t = shift != NULL ? (double)shift[i] : 0.0;
        for (size_t j = 0; scale != NULL && j < cols; j++)
            w[i * cols + j] = (float)((double)w[i * cols + j] * s);
        if (step->bias == NULL) continue;
        float *b = &step->bias[i / p->rows * padded + i % p->rows];
        *b = (float)((double)*b * s + t);
    }
    return true;
}

/* ---- products -------------------------------------------------------------------------------------------
 */

/* A constant as a matrix [outer = 1]...[r][c]; vectors become a row (left) or a column (right). */
static bool constant_matrix(const ajp_value *value, bool left, size_t *r, size_t *c)
{
    const ajp_type *t = &value->type;
    if (t->rank == 0) return false;
    if (t->rank == 1) {
        *r = left ? 1 : t->dims[0];
        *c = left ? t->dims[0] : 1;
        return true;
    }
    *r = t->dims[t->rank - 2];
    *c = t->dims[t->rank - 1];
    return ajp_dims_product(t->dims, t->rank - 2) == 1;
}

static bool finish_product(const ajp_graph *g, ajp_step *step, const ajp_node *node, size_t data,
                           size_t n_data)
{
    ajp_product_step *p = &step->product;
    if (p->rows == 0 || p->cols == 0 || n_data == 0) return false;
    p->reps = n_data / p->cols;
    p->groups = 1;
    p->name = node->name;
    p->op_type = node->op_type;
    step->is_product = true;
    step->n_in = 1;
    const ajp_value *x = &g->values[node->in[data]];
    step->in[0] = (ajp_operand_of_step){NULL, AJP_NO_VALUE, x->type, x->samples_ahead};
    return true;
}

static bool from_matmul(const ajp_graph *g, ajp_step *step, const ajp_node *node, bool *no_memory)
{
    const ajp_value *a = input_value(g, node, 0), *b = input_value(g, node, 1);
    size_t r, c, n_data;
    bool left = a->constant != NULL;
    const ajp_value *w = left ? a : b, *x = left ? b : a;
    if (!constant_matrix(w, left, &r, &c) || !ajp_type_elements(&x->type, &n_data)) return false;
    int axis = x->type.batch_axis; /* columns are gathered sample by sample */
    if (left && axis >= 0 && ajp_dims_product(x->type.dims, (size_t)axis) * x->samples_ahead > 1)
        return false;
    step->product = (ajp_product_step){.rows = left ? r : c, .cols = left ? c : r};
    if (!finish_product(g, step, node, left ? 1 : 0, n_data)) return false;
    step->turned_cols = left && x->type.rank > 1 ? x->type.dims[x->type.rank - 1] : 1;
    step->turned = step->turned_cols > 1;
    *no_memory = !set_weights(g, step, w->constant->data, !left, 1.0f);
    return !*no_memory;
}

/* beta C as a bias: one value, or one for each output. */
static bool bias_from_c(const ajp_graph *g, ajp_step *step, const ajp_tensor *c, float beta, bool *no_memory)
{
    size_t rows = step->product.rows;
    bool vector = c->n == rows && c->type.rank > 0 && c->type.dims[c->type.rank - 1] == rows;
    if (c->n != 1 && !vector) return false;
    *no_memory = !need_bias(g, step);
    const float *values = c->data;
    for (size_t i = 0; i < rows && !*no_memory; i++) step->bias[i] = beta * values[c->n == 1 ? 0 : i];
    return !*no_memory;
}

static bool from_gemm(const ajp_graph *g, ajp_step *step, const ajp_node *node, bool *no_memory)
{
    const ajp_product_params *q = node->params;
    const ajp_value *a = input_value(g, node, 0), *b = input_value(g, node, 1), *c = input_value(g, node, 2);
    size_t n_data;
    if (a->constant != NULL || b->constant == NULL || q->trans_a || !ajp_type_elements(&a->type, &n_data))
        return false;
    step->product = (ajp_product_step){.rows = b->type.dims[q->trans_b ? 0 : 1],
                                       .cols = b->type.dims[q->trans_b ? 1 : 0]};
    /* a C that depends on data is added by a step of its own, which knows no beta */
    if (c != NULL && c->constant == NULL && q->beta != 1.0f) return false;
    if (!finish_product(g, step, node, 0, n_data)) return false;
    if (c != NULL && c->constant != NULL && q->beta != 0.0f &&
        !bias_from_c(g, step, c->constant, q->beta, no_memory))
        return false;
    *no_memory = !set_weights(g, step, b->constant->data, !q->trans_b, q->alpha);
    return !*no_memory;
}

bool ajp_product_from_node(const ajp_graph *graph, ajp_step *step, const ajp_node *node, bool *no_memory)
{
    const ajp_product_params *q = node->params;
    *no_memory = false;
    bool one_constant =
        (input_value(graph, node, 0)->constant != NULL) != (input_value(graph, node, 1)->constant != NULL);
    if (node->op->role != AJP_ROLE_PRODUCT || !one_constant) return false;
    if (input_value(graph, node, 0)->type.dtype != AJP_FLOAT32) return false; /* whole numbers */
    return q->gemm ? from_gemm(graph, step, node, no_memory) : from_matmul(graph, step, node, no_memory);
}

/* ---- what follows ---------------------------------------------------------------------------------------
 */

/* Of Gemm and MatMul the outputs are the last axes, whole. */
static bool runs_over_rows(const ajp_type *aligned, const ajp_type *out)
{
    size_t lead = 0;
    while (lead < aligned->rank && aligned->dims[lead] == 1) lead++;
    size_t rank = aligned->rank - lead;
    if (rank > out->rank) return false;
    for (size_t k = 0; k < rank; k++) {
        size_t d = out->rank - rank + k;
        if ((int)d == out->batch_axis || out->dims[d] != aligned->dims[lead + k]) return false;
    }
    return true;
}

/* Of an operator that folds they are axis 1. */
static bool runs_over_channels(const ajp_type *aligned, const ajp_type *out)
{
    for (size_t k = 0; k < aligned->rank; k++) {
        bool channel = out->rank + k == aligned->rank + 1;
        if (aligned->dims[k] != (channel ? out->dims[1] : 1)) return false;
    }
    return out->rank > 1;
}

/* A constant that has one value for each output of the product (or one for all), spread to all of them. */
static bool row_vector(ajp_step *step, const ajp_tensor *c, const ajp_type *aligned, const ajp_type *out,
                       float *spread)
{
    size_t n = n_outputs(product_of(step));
    const float *values = c->data;
    if (c->type.dtype != AJP_FLOAT32) return false;
    if (c->n != 1 && (c->n != n || step->turned)) return false;
    if (c->n != 1 && !(step->is_product ? runs_over_rows : runs_over_channels)(aligned, out)) return false;
    for (size_t i = 0; i < n; i++) spread[i] = values[c->n == 1 ? 0 : i];
    return true;
}

static bool fold_scale(const ajp_graph *g, ajp_step *step, const ajp_node *node, float *c, float *other,
                       bool *no_memory)
{
    const ajp_elementwise_params *q = node->params;
    const ajp_value *a = input_value(g, node, 0), *b = input_value(g, node, 1), *y = &g->values[node->out[0]];
    bool right = b->constant != NULL; /* the constant is the second operand */
    const ajp_value *x = right ? a : b, *k = right ? b : a;
    size_t n_x, n_y, rows = n_outputs(product_of(step));
    ajp_type aligned = k->type;
    if (k->constant == NULL || x->constant != NULL) return false;
    if (right && !ajp_elementwise_align(q, a->type.rank, &aligned)) return false;
    if (!ajp_type_elements(&x->type, &n_x) || !ajp_type_elements(&y->type, &n_y) || n_x != n_y) return false;
    if (!row_vector(step, k->constant, &aligned, &y->type, c)) return false;
    for (size_t i = 0; i < rows; i++) {
        if (!isfinite(c[i]) || (q->op == '/' && (!right || c[i] == 0.0f))) return false;
        other[i] = -1.0f;
        if (q->op == '-' && right) c[i] = -c[i];
        if (q->op == '/') c[i] = (float)(1.0 / (double)c[i]);
    }
    if (q->op == '*' || q->op == '/')
        *no_memory = !apply_affine(g, step, c, NULL);
    else
        *no_memory = !apply_affine(g, step, q->op == '-' && !right ? other : NULL, c);
    return !*no_memory;
}

static bool fold_normalization(const ajp_graph *g, ajp_step *step, const ajp_node *node, float *scale,
                               float *shift, bool *no_memory)
{
    const ajp_type *type = &g->values[node->in[0]].type;
    size_t rows = n_outputs(product_of(step));
    const float *inputs[4];
    if (ajp_batch_normalization_trains(node)) return false;
    for (size_t k = 1; k < 5; k++) {
        const ajp_tensor *c = g->values[node->in[k]].constant;
        if (c == NULL || c->n != rows) return false;
        inputs[k - 1] = c->data;
    }
    if (step->turned || type->batch_axis > 0) return false;
    if (step->is_product && ajp_dims_product(type->dims + 1, type->rank - 1) != rows) return false;
    ajp_batch_normalization_affine(node, inputs, rows, scale, shift);
    for (size_t i = 0; i < rows; i++)
        if (!isfinite(scale[i]) || !isfinite(shift[i])) return false;
    *no_memory = !apply_affine(g, step, scale, shift);
    return !*no_memory;
}

static bool activation_of(const ajp_graph *g, const ajp_node *node, ajp_activation *activation,
                          float *parameter)
{
    const ajp_tensor *constant[3] = {NULL, NULL, NULL};
    if (node->op->as_activation == NULL) {
        *activation = node->op->activation;
        if (node->op->params_size > 0) memcpy(parameter, node->params, sizeof *parameter);
        return true;
    }
    for (size_t k = 0; k < 3; k++) {
        const ajp_value *value = input_value(g, node, k);
        constant[k] = value != NULL ? value->constant : NULL;
        if (k > 0 && value != NULL && constant[k] == NULL) return false;
    }
    return node->op->as_activation(node, constant, activation, parameter);
}

bool ajp_fold_into_product(const ajp_graph *graph, ajp_step *step, const ajp_node *node, bool *no_memory)
{
    ajp_product_step *p = product_of(step);
    *no_memory = false;
    if (p->activation != AJP_ACTIVATION_NONE || step->after != AJP_ACTIVATION_NONE) return false;
    if (node->op->role == AJP_ROLE_ACTIVATION || node->op->as_activation != NULL)
        return step->sum != NULL ? activation_of(graph, node, &step->after, &step->after_parameter)
                                 : activation_of(graph, node, &p->activation, &p->activation_parameter);
    if (step->sum != NULL) return false;
    if (node->op->role != AJP_ROLE_SCALE && node->op->role != AJP_ROLE_NORMALIZE) return false;
    size_t rows = n_outputs(p);
    float *work = ajp_calloc(graph->context, rows, 2 * sizeof *work);
    if (work == NULL) {
        *no_memory = true;
        return false;
    }
    bool folded = node->op->role == AJP_ROLE_SCALE
                      ? fold_scale(graph, step, node, work, work + rows, no_memory)
                      : fold_normalization(graph, step, node, work, work + rows, no_memory);
    ajp_free(graph->context, work);
    return folded;
}

bool ajp_fold_takes_sum(const ajp_graph *graph, const ajp_step *step, const ajp_node *node, size_t k)
{
    const ajp_elementwise_params *q = node->params;
    if (node->op->role != AJP_ROLE_SCALE || q->op != '+' || step->is_product || !step->node->op->adds)
        return false;
    if (step->sum != NULL || step->op_products[0].activation != AJP_ACTIVATION_NONE) return false;
    const ajp_value *x = input_value(graph, node, k), *other = input_value(graph, node, 1 - k);
    const ajp_type *y = &graph->values[node->out[0]].type;
    return other->constant == NULL && x->type.dtype == AJP_FLOAT32 && ajp_type_same_shape(&x->type, y) &&
           ajp_type_same_shape(&other->type, y) && other->type.batch_axis == x->type.batch_axis;
}
