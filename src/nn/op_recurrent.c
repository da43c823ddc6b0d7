/* op_recurrent.c: RNN, GRU, LSTM: the products of all time steps with the inputs first, then one product with
 * the state a step.  W and R that are constants are declared as products, so that hardware can compute them.
 */
#include <math.h>
#include <string.h>

#include "recurrent.h"

enum { PRODUCT_INPUT, PRODUCT_STATE, PRODUCT_HIDDEN, MOST_PRODUCTS };
enum { IN_X, IN_W, IN_R, IN_B, IN_LENGTHS, IN_H, IN_C, IN_P };
enum { FORWARD, REVERSE, BIDIRECTIONAL };

typedef struct {
    ajp_cell_kind kind;
    size_t n_gates;
    int64_t hidden; /* 0 = as R says */
    int direction;
    bool batch_first, input_forget, linear_before_reset;
    float clip;
    ajp_cell_function functions[6]; /* three a direction */
} params;

typedef struct {
    size_t steps, batch, inputs, hidden, directions, gates;
    bool batch_first;
} sizes;

/* ---- attributes -----------------------------------------------------------------------------------------
 */

static bool is_text(const ajp_onnx_attribute *a, const char *text)
{
    return a->s.size == strlen(text) && memcmp(a->s.data, text, a->s.size) == 0;
}

static aj_status parse_direction(const ajp_op_parse *p, params *q)
{
    static const char *const words[] = {"forward", "reverse", "bidirectional"};
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, "direction");
    if (a == NULL) return AJ_OK;
    for (int i = 0; i < 3; i++)
        if (is_text(a, words[i])) {
            q->direction = i;
            return AJ_OK;
        }
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                         "has a direction that is not forward, reverse or bidirectional");
}

static aj_status parse_functions(const ajp_op_parse *p, params *q)
{
    static const char *const otherwise[3][3] = {
        {"Tanh", "", ""}, {"Sigmoid", "Tanh", ""}, {"Sigmoid", "Tanh", "Tanh"}};
    const ajp_onnx_attribute *names = ajp_op_attribute(p->node, "activations");
    const ajp_onnx_attribute *alphas = ajp_op_attribute(p->node, "activation_alpha");
    const ajp_onnx_attribute *betas = ajp_op_attribute(p->node, "activation_beta");
    size_t n = (size_t)q->kind + 1, directions = q->direction == BIDIRECTIONAL ? 2 : 1;
    if (names != NULL && names->n_strings != n * directions)
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has %zu activations, not %zu",
                             names->n_strings, n * directions);
    for (size_t k = 0; k < n * directions; k++) {
        ajp_cell_function *f = &q->functions[k / n * 3 + k % n];
        const char *name = otherwise[q->kind][k % n];
        ajp_bytes text = {(const unsigned char *)name, strlen(name)};
        if (names != NULL) text = names->strings[k];
        if (!ajp_cell_function_find((const char *)text.data, text.size, f))
            return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                                 "has the activation \"%.*s\", which ONNX does not know",
                                 (int)ajp_min_size(text.size, 40), (const char *)text.data);
        if (alphas != NULL && k < alphas->n_floats) f->alpha = alphas->floats[k];
        if (betas != NULL && k < betas->n_floats) f->beta = betas->floats[k];
    }
    return AJ_OK;
}

static aj_status parse(const ajp_op_parse *p, params *q, ajp_cell_kind kind, size_t n_gates)
{
    int64_t layout, forget, linear;
    q->kind = kind;
    q->n_gates = n_gates;
    AJ_TRY(ajp_op_int(p, "hidden_size", 0, &q->hidden));
    AJ_TRY(ajp_op_int(p, "layout", 0, &layout));
    AJ_TRY(ajp_op_int(p, "input_forget", 0, &forget));
    AJ_TRY(ajp_op_int(p, "linear_before_reset", 0, &linear));
    AJ_TRY(ajp_op_float(p, "clip", INFINITY, &q->clip));
    if (!(q->clip > 0))
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has a clip that is not above 0");
    q->batch_first = layout != 0;
    q->input_forget = forget != 0;
    q->linear_before_reset = linear != 0;
    AJ_TRY(parse_direction(p, q));
    return parse_functions(p, q);
}
static aj_status parse_rnn(const ajp_op_parse *p, void *out)
{
    return parse(p, out, AJP_CELL_RNN, 1);
}
static aj_status parse_gru(const ajp_op_parse *p, void *out)
{
    return parse(p, out, AJP_CELL_GRU, 3);
}
static aj_status parse_lstm(const ajp_op_parse *p, void *out)
{
    return parse(p, out, AJP_CELL_LSTM, 4);
}

/* ---- shapes ---------------------------------------------------------------------------------------------
 */

static sizes measure(const params *q, const ajp_type *x, const ajp_type *w, const ajp_type *r)
{
    return (sizes){.steps = x->dims[q->batch_first ? 1 : 0],
                   .batch = x->dims[q->batch_first ? 0 : 1],
                   .inputs = x->dims[2],
                   .hidden = r->dims[2],
                   .directions = w->dims[0],
                   .gates = q->n_gates,
                   .batch_first = q->batch_first};
}

static bool given(const ajp_op_infer *i, size_t k)
{
    return k < i->n_in && i->in[k] != NULL;
}

/* Input k, where given, has this shape; `samples`: which of its axes is the batch, or -1. */
static aj_status expect(const ajp_op_infer *i, size_t k, const char *what, size_t rank, const size_t *dims,
                        int samples)
{
    if (!given(i, k)) return AJ_OK;
    const ajp_type *t = i->in[k];
    bool fits = t->rank == rank;
    for (size_t d = 0; d < rank && fits; d++) fits = t->dims[d] == dims[d];
    if (!fits) {
        char text[128];
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has %s of shape %s, which does not fit",
                             what, ajp_type_text(t, text, sizeof text));
    }
    /* a state that is the same for all samples is repeated */
    bool repeated = t->batch_axis < 0 && (k == IN_H || k == IN_C);
    if (t->batch_axis != (i->in[IN_X]->batch_axis < 0 ? -1 : samples) && !repeated)
        return ajp_op_mixes(i, "the axes of its inputs do not count samples alike");
    return AJ_OK;
}

static aj_status check_inputs(const ajp_op_infer *i, const sizes *s)
{
    size_t d = s->directions, h = s->hidden, g = s->gates;
    size_t state[3] = {d, s->batch, h};
    if (s->batch_first) state[0] = s->batch, state[1] = d;
    AJ_TRY(expect(i, IN_W, "weights W", 3, (size_t[]){d, g * h, s->inputs}, -1));
    AJ_TRY(expect(i, IN_R, "weights R", 3, (size_t[]){d, g * h, h}, -1));
    AJ_TRY(expect(i, IN_B, "a bias", 2, (size_t[]){d, 2 * g * h}, -1));
    AJ_TRY(expect(i, IN_LENGTHS, "sequence lengths", 1, (size_t[]){s->batch}, 0));
    AJ_TRY(expect(i, IN_H, "an initial state", 3, state, s->batch_first ? 0 : 1));
    AJ_TRY(expect(i, IN_C, "an initial cell", 3, state, s->batch_first ? 0 : 1));
    return expect(i, IN_P, "peepholes", 2, (size_t[]){d, 3 * h}, -1);
}

static void set_outputs(const ajp_op_infer *i, const sizes *s)
{
    bool samples = i->in[IN_X]->batch_axis >= 0;
    ajp_type y = {AJP_FLOAT32, samples ? 2 : -1, 4, {s->steps, s->directions, s->batch, s->hidden}};
    ajp_type last = {AJP_FLOAT32, samples ? 1 : -1, 3, {s->directions, s->batch, s->hidden}};
    if (s->batch_first) {
        y = (ajp_type){AJP_FLOAT32, samples ? 0 : -1, 4, {s->batch, s->steps, s->directions, s->hidden}};
        last = (ajp_type){AJP_FLOAT32, samples ? 0 : -1, 3, {s->batch, s->directions, s->hidden}};
    }
    i->out[0] = y;
    for (size_t k = 1; k < i->n_out; k++) i->out[k] = last;
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[IN_X];
    size_t directions = q->direction == BIDIRECTIONAL ? 2 : 1;
    for (size_t k = 0; k < i->n_in; k++)
        if (given(i, k)) AJ_TRY(ajp_op_want(i, k, k == IN_LENGTHS ? AJP_INT32 : AJP_FLOAT32));
    if (x->rank != 3 || i->in[IN_W]->rank != 3 || i->in[IN_R]->rank != 3)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "wants X, W and R with three axes");
    if (x->batch_axis >= 0 && x->batch_axis != (q->batch_first ? 0 : 1))
        return ajp_op_mixes(i, q->batch_first ? "its second axis counts time steps"
                                              : "its first axis counts time steps");
    sizes s = measure(q, x, i->in[IN_W], i->in[IN_R]);
    if (s.directions != directions || (q->hidden != 0 && (size_t)q->hidden != s.hidden))
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has weights for %zu directions and %zu hidden units", s.directions, s.hidden);
    AJ_TRY(check_inputs(i, &s));
    set_outputs(i, &s);
    return AJ_OK;
}

/* ---- the products ---------------------------------------------------------------------------------------
 */

typedef struct {
    const float *w, *r, *b; /* b NULL = none */
} weights;

/* The hidden gate of a GRU looks at reset .* state: a product of its own. */
static bool splits(const params *q)
{
    return q->kind == AJP_CELL_GRU && !q->linear_before_reset;
}

/* Floats that `describe` makes: biases, and the two parts of R when they do not lie in one piece. */
static size_t derived_size(const params *q, const sizes *s)
{
    size_t gates = s->directions * s->gates * s->hidden;
    return 2 * gates + (splits(q) && s->directions > 1 ? gates * s->hidden : 0);
}

/* Wb + Rb belongs to the input product; Rb of a hidden gate that is reset after the product stays there. */
static void make_biases(const params *q, const sizes *s, const float *b, float *input, float *state)
{
    size_t n = s->gates * s->hidden, kept = q->linear_before_reset ? 2 * s->hidden : n;
    for (size_t d = 0; d < s->directions; d++, b += 2 * n)
        for (size_t k = 0; k < n; k++) {
            input[d * n + k] = k < kept ? b[k] + b[n + k] : b[k];
            state[d * n + k] = k < kept ? 0 : b[n + k];
        }
}

/* R's rows for update and reset gate, and those for the hidden gate, each in one piece. */
static void split_state(const sizes *s, const float *r, float *gates, float *hidden)
{
    size_t part = s->hidden * s->hidden;
    for (size_t d = 0; d < s->directions; d++, r += 3 * part) {
        memcpy(gates + d * 2 * part, r, 2 * part * sizeof *r);
        memcpy(hidden + d * part, r + 2 * part, part * sizeof *r);
    }
}

static size_t describe(const params *q, const sizes *s, const weights *from, float *made, ajp_op_product *out)
{
    size_t d = s->directions, h = s->hidden, n = s->gates * h, reps = s->steps * s->batch;
    float *input_bias = made, *state_bias = made + d * n, *copies = made + 2 * d * n;
    bool linear = q->kind == AJP_CELL_GRU && q->linear_before_reset;
    if (from->b != NULL) make_biases(q, s, from->b, input_bias, state_bias);
    out[PRODUCT_INPUT] = (ajp_op_product){.rows = n,
                                          .cols = s->inputs,
                                          .reps = reps,
                                          .groups = d,
                                          .weights = from->w,
                                          .bias = from->b != NULL ? input_bias : NULL,
                                          .suffix = "/input gates"};
    out[PRODUCT_STATE] = (ajp_op_product){.rows = n,
                                          .cols = h,
                                          .reps = reps,
                                          .groups = d,
                                          .weights = from->r,
                                          .bias = from->b != NULL && linear ? state_bias : NULL,
                                          .suffix = "/state gates"};
    if (!splits(q)) return 2;
    const float *gates = from->r, *hidden = from->r + 2 * h * h;
    if (d > 1) {
        split_state(s, from->r, copies, copies + d * 2 * h * h);
        gates = copies;
        hidden = copies + d * 2 * h * h;
    }
    out[PRODUCT_STATE] = (ajp_op_product){.rows = 2 * h,
                                          .cols = h,
                                          .reps = reps,
                                          .groups = d,
                                          .weights = gates,
                                          .bias = NULL,
                                          .suffix = "/state gates"};
    out[PRODUCT_HIDDEN] = (ajp_op_product){.rows = h,
                                           .cols = h,
                                           .reps = reps,
                                           .groups = d,
                                           .weights = hidden,
                                           .bias = NULL,
                                           .suffix = "/state to hidden"};
    return 3;
}

static size_t products(const ajp_op_products_query *query, ajp_op_product *out)
{
    const params *q = query->node->params;
    bool with_bias = query->n_in > IN_B && query->in[IN_B] != NULL;
    if (query->known[IN_W] == NULL || query->known[IN_R] == NULL) return 0;
    if (with_bias && query->known[IN_B] == NULL) return 0;
    sizes s = measure(q, query->in[IN_X], query->in[IN_W], query->in[IN_R]);
    if (s.steps * s.batch == 0) return 0;
    float *made = ajp_arena_array(query->arena, derived_size(q, &s), sizeof *made);
    if (made == NULL) return AJP_OP_NO_MEMORY;
    weights from = {query->known[IN_W]->data, query->known[IN_R]->data,
                    with_bias ? query->known[IN_B]->data : NULL};
    return describe(q, &s, &from, made, out);
}

/* ---- running --------------------------------------------------------------------------------------------
 */

typedef struct {
    const ajp_op_run *run;
    const params *q;
    sizes s;
    size_t direction, row;             /* row: floats of a row of gates */
    ajp_op_product own[MOST_PRODUCTS]; /* when nothing was declared */
    float *packed[MOST_PRODUCTS];
    float *from, *to, *to_hidden, *reset, *h, *c;
} work;

static float *take(float **at, size_t n)
{
    float *p = *at;
    *at += ajp_round_up(n, AJP_LANES);
    return p;
}

/* Scratch in floats: what `lay_out` takes. */
static size_t size_of_work(const params *q, const sizes *s)
{
    size_t row = ajp_round_up(s->gates * s->hidden, AJP_LANES), state = s->batch * s->hidden + AJP_LANES;
    size_t hidden_row = ajp_round_up(s->hidden, AJP_LANES);
    size_t packed = ajp_packed_size(s->gates * s->hidden, s->inputs) +
                    ajp_packed_size(s->gates * s->hidden, s->hidden) + ajp_packed_size(s->hidden, s->hidden);
    return (s->steps * s->batch + s->batch) * row + s->batch * hidden_row + 3 * state +
           ajp_round_up(derived_size(q, s), AJP_LANES) + s->directions * packed + 8 * AJP_LANES;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    sizes s = measure(node->params, &in[IN_X].type, &in[IN_W].type, &in[IN_R].type);
    (void)out;
    return size_of_work(node->params, &s) * sizeof(float);
}

static const float *input(const ajp_op_run *r, size_t k)
{
    return k < r->n_in ? r->in[k].data : NULL;
}

/* Products of weights that are not constants, or of a node that is folded: packed for this run. */
static void pack_own(work *w, float **at)
{
    weights from = {input(w->run, IN_W), input(w->run, IN_R), input(w->run, IN_B)};
    float *made = take(at, derived_size(w->q, &w->s));
    size_t n = describe(w->q, &w->s, &from, made, w->own);
    for (size_t i = 0; i < n; i++) {
        const ajp_op_product *p = &w->own[i];
        size_t one = ajp_packed_size(p->rows, p->cols);
        w->packed[i] = take(at, p->groups * one);
        for (size_t g = 0; g < p->groups; g++)
            ajp_pack_out_in(p->weights + g * p->rows * p->cols, p->rows, p->cols, p->cols,
                            w->packed[i] + g * one);
    }
}

static work lay_out(const ajp_op_run *r)
{
    work w = {.run = r, .q = r->node->params};
    w.s = measure(w.q, &r->in[IN_X].type, &r->in[IN_W].type, &r->in[IN_R].type);
    w.row = ajp_round_up(w.s.gates * w.s.hidden, AJP_LANES);
    float *at = r->scratch;
    w.from = take(&at, w.s.steps * w.s.batch * w.row);
    w.to = take(&at, w.s.batch * w.row);
    w.to_hidden = take(&at, w.s.batch * ajp_round_up(w.s.hidden, AJP_LANES));
    w.reset = take(&at, w.s.batch * w.s.hidden);
    w.h = take(&at, w.s.batch * w.s.hidden);
    w.c = take(&at, w.s.batch * w.s.hidden);
    if (r->products == NULL) pack_own(&w, &at);
    return w;
}

static aj_status multiply(const work *w, const ajp_product_call *call)
{
    if (w->run->products != NULL) return ajp_op_multiply_rows(w->run, call);
    const ajp_op_product *p = &w->own[call->product];
    size_t n = p->rows;
    ajp_gemm gemm = {.m = call->n_rows,
                     .n = n,
                     .k = p->cols,
                     .a = call->x,
                     .a_row = call->x_row,
                     .a_col = 1,
                     .b = w->packed[call->product] + call->group * ajp_packed_size(n, p->cols),
                     .b_row = AJP_LANES,
                     .b_vector = AJP_LANES * p->cols,
                     .c = call->y,
                     .c_row = call->y_row,
                     .c_vector = AJP_LANES};
    w->run->kernels->gemm(&gemm);
    if (p->bias != NULL)
        for (size_t i = 0; i < call->n_rows; i++)
            w->run->kernels->binary('+', call->y + i * call->y_row, p->bias + call->group * n,
                                    call->y + i * call->y_row, n);
    return AJ_OK;
}

/* Rows are numbered sample by sample, and within a sample step by step. */
static ajp_product_rows rows_of_inputs(const sizes *s)
{
    if (s->batch_first) return ajp_product_rows_from(0);
    return (ajp_product_rows){0, s->batch, s->steps, 1, 0};
}

/* x: one row of `hidden` floats a sample. */
static aj_status multiply_state(const work *w, size_t product, size_t step, const float *x, float *y,
                                size_t y_row)
{
    ajp_product_call call = {.product = product,
                             .group = w->direction,
                             .x = x,
                             .y = y,
                             .x_row = w->s.hidden,
                             .y_row = y_row,
                             .n_rows = w->s.batch,
                             .rows = {step, SIZE_MAX, w->s.steps, 0, 0}};
    return multiply(w, &call);
}

/* Where step and sample stand among the rows of X. */
static size_t row_of(const sizes *s, size_t t, size_t n)
{
    return s->batch_first ? n * s->steps + t : t * s->batch + n;
}
static size_t output_row(const sizes *s, size_t t, size_t d, size_t n)
{
    return s->batch_first ? (n * s->steps + t) * s->directions + d : (t * s->directions + d) * s->batch + n;
}
/* Of a state for `batch` samples, or for fewer that are repeated. */
static size_t state_row(const sizes *s, size_t d, size_t n, size_t batch)
{
    return s->batch_first ? n % batch * s->directions + d : d * batch + n % batch;
}

static size_t length_of(const work *w, size_t n)
{
    const int32_t *lengths = w->run->n_in > IN_LENGTHS ? w->run->in[IN_LENGTHS].data : NULL;
    return lengths != NULL ? (size_t)lengths[n] : w->s.steps;
}

static aj_status check_lengths(const work *w)
{
    const ajp_op_run *r = w->run;
    const int32_t *lengths = r->n_in > IN_LENGTHS ? r->in[IN_LENGTHS].data : NULL;
    for (size_t n = 0; lengths != NULL && n < w->s.batch; n++)
        if (lengths[n] < 0 || (size_t)lengths[n] > w->s.steps)
            return ajp_node_fail(r->path, r->node, AJ_CORRUPT, r->err,
                                 "has a sequence of length %d in %zu steps", (int)lengths[n], w->s.steps);
    return AJ_OK;
}

/* A GRU's second half needs the state times the reset gate: before the product or after it. */
static aj_status finish_gru(const work *w, size_t step)
{
    size_t h = w->s.hidden;
    if (!splits(w->q)) {
        for (size_t n = 0; n < w->s.batch; n++) {
            float *gates = w->to + n * w->row;
            w->run->kernels->binary('*', gates + h, gates + 2 * h, gates + 2 * h, h);
        }
        return AJ_OK;
    }
    for (size_t n = 0; n < w->s.batch; n++)
        w->run->kernels->binary('*', w->to + n * w->row + h, w->h + n * h, w->reset + n * h, h);
    return multiply_state(w, PRODUCT_HIDDEN, step, w->reset, w->to_hidden, ajp_round_up(h, AJP_LANES));
}

/* One step of all samples; those that have ended keep their state. */
static aj_status run_step(const work *w, const ajp_cell *cell, bool reverse, size_t step)
{
    const sizes *s = &w->s;
    float *y = w->run->out[0].data;
    AJ_TRY(multiply_state(w, PRODUCT_STATE, step, w->h, w->to, w->row));
    for (size_t n = 0; w->q->kind == AJP_CELL_GRU && n < s->batch; n++) {
        size_t length = length_of(w, n), t = step >= length ? step : reverse ? length - 1 - step : step;
        ajp_cell_gru_gates(cell, w->from + row_of(s, t, n) * w->row, w->to + n * w->row);
    }
    if (w->q->kind == AJP_CELL_GRU) AJ_TRY(finish_gru(w, step));
    for (size_t n = 0; n < s->batch; n++) {
        size_t length = length_of(w, n), hidden = s->hidden;
        if (step >= length) {
            if (y != NULL) memset(y + output_row(s, step, w->direction, n) * hidden, 0, hidden * sizeof *y);
            continue;
        }
        size_t t = reverse ? length - 1 - step : step;
        const float *from = w->from + row_of(s, t, n) * w->row;
        float *to = w->to + n * w->row, *h = w->h + n * hidden;
        if (w->q->kind == AJP_CELL_LSTM)
            ajp_cell_lstm(cell, from, to, h, w->c + n * hidden);
        else if (w->q->kind == AJP_CELL_RNN)
            ajp_cell_rnn(cell, from, to, h);
        else
            ajp_cell_gru(cell, from + 2 * hidden, to,
                         splits(w->q) ? w->to_hidden + n * ajp_round_up(hidden, AJP_LANES) : to + 2 * hidden,
                         h);
        if (y != NULL) memcpy(y + output_row(s, t, w->direction, n) * hidden, h, hidden * sizeof *y);
    }
    return AJ_OK;
}

/* The state before the first step (k = IN_H, IN_C), zero where it is not given. */
static void begin_state(const work *w, size_t k, float *state)
{
    const float *given_state = input(w->run, k);
    size_t h = w->s.hidden;
    memset(state, 0, w->s.batch * h * sizeof *state);
    if (given_state == NULL) return;
    size_t batch = w->run->in[k].type.dims[w->s.batch_first ? 0 : 1];
    for (size_t n = 0; n < w->s.batch; n++)
        memcpy(state + n * h, given_state + state_row(&w->s, w->direction, n, batch) * h, h * sizeof *state);
}

static void end_state(const work *w, size_t k, const float *state)
{
    float *out = k < w->run->n_out ? w->run->out[k].data : NULL;
    size_t h = w->s.hidden;
    for (size_t n = 0; out != NULL && n < w->s.batch; n++)
        memcpy(out + state_row(&w->s, w->direction, n, w->s.batch) * h, state + n * h, h * sizeof *out);
}

static aj_status run_direction(work *w, size_t direction)
{
    const params *q = w->q;
    const float *peepholes = input(w->run, IN_P);
    w->direction = direction;
    ajp_cell cell = {.kernels = w->run->kernels,
                     .hidden = w->s.hidden,
                     .functions = q->functions + direction * 3,
                     .clip = q->clip,
                     .input_forget = q->input_forget,
                     .peephole = peepholes != NULL ? peepholes + direction * 3 * w->s.hidden : NULL};
    ajp_product_call call = {.product = PRODUCT_INPUT,
                             .group = direction,
                             .x = input(w->run, IN_X),
                             .y = w->from,
                             .x_row = w->s.inputs,
                             .y_row = w->row,
                             .n_rows = w->s.steps * w->s.batch,
                             .rows = rows_of_inputs(&w->s)};
    AJ_TRY(multiply(w, &call));
    begin_state(w, IN_H, w->h);
    begin_state(w, IN_C, w->c);
    for (size_t step = 0; step < w->s.steps; step++)
        AJ_TRY(run_step(w, &cell, q->direction == REVERSE || direction == 1, step));
    end_state(w, 1, w->h);
    end_state(w, 2, w->c);
    return AJ_OK;
}

static aj_status run(const ajp_op_run *r)
{
    work w = lay_out(r);
    AJ_TRY(check_lengths(&w));
    for (size_t d = 0; d < w.s.directions; d++) AJ_TRY(run_direction(&w, d));
    return AJ_OK;
}

static const char *const rnn_attributes[] = {
    "activation_alpha", "activation_beta", "activations",     "clip", "direction",
    "hidden_size",      "layout",          "output_sequence", NULL};
static const char *const gru_attributes[] = {
    "activation_alpha", "activation_beta",     "activations",     "clip", "direction", "hidden_size",
    "layout",           "linear_before_reset", "output_sequence", NULL};
static const char *const lstm_attributes[] = {
    "activation_alpha", "activation_beta", "activations",     "clip", "direction", "hidden_size",
    "layout",           "input_forget",    "output_sequence", NULL};

#define RECURRENT(id, most_in, most_out)                       \
    extern const ajp_op ajp_op_##id;                           \
    const ajp_op ajp_op_##id = {.widening = AJP_WIDEN_FLOATS,  \
                                .first_optional = true,        \
                                .any_sample_axis = true,       \
                                .min_in = 3,                   \
                                .max_in = most_in,             \
                                .max_out = most_out,           \
                                .flops_per_element = 12,       \
                                .params_size = sizeof(params), \
                                .attributes = id##_attributes, \
                                .parse = parse_##id,           \
                                .infer = infer,                \
                                .scratch = scratch,            \
                                .run = run,                    \
                                .products = products};
RECURRENT(rnn, 6, 2)
RECURRENT(gru, 6, 2)
RECURRENT(lstm, 8, 3)
