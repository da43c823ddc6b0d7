/* op_einsum.c: Einsum: out[labels] = sum over the labels that are not there of the product of all inputs.
 *
 * Two float32 inputs are copied to [batch][m][k] and [batch][n][k] and multiplied by the product kernel;
 * anything else goes element by element. */
#include <ctype.h>
#include <string.h>

#include "op.h"
#include "op_copy.h"
#include "op_number.h"

enum { MAX_LABELS = 32, MAX_TERMS = 16, ELLIPSIS = 128 /* + axis of the ellipsis */ };

typedef struct {
    const char *equation; /* without spaces */
} params;
static const char *const attributes[] = {"equation", NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    params *q = out;
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, "equation");
    if (a == NULL) return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has no equation");
    char *text = ajp_arena_alloc(p->source->arena, a->s.size + 1);
    if (text == NULL) return ajp_no_memory(p->err, p->path);
    q->equation = text;
    for (size_t k = 0; k < a->s.size; k++)
        if (((const char *)a->s.data)[k] != ' ') *text++ = ((const char *)a->s.data)[k];
    return AJ_OK;
}

/* ---- the equation ----------------------------------------------------------------------------------------
 */

typedef struct {
    int id;      /* letter, or ELLIPSIS + axis */
    size_t n;    /* elements */
    size_t uses; /* in the inputs */
} label;

typedef struct { /* labels of the axes of one tensor */
    size_t rank, at[AJP_MAX_RANK];
} term;

typedef struct {
    size_t n_labels, n_terms, ellipsis; /* axes of the ellipsis */
    label labels[MAX_LABELS];
    term terms[MAX_TERMS], out;
} equation;

/* The place of a label; MAX_LABELS when there are too many. */
static size_t find(equation *e, int id)
{
    for (size_t k = 0; k < e->n_labels; k++)
        if (e->labels[k].id == id) return k;
    if (e->n_labels == MAX_LABELS) return MAX_LABELS;
    e->labels[e->n_labels] = (label){id, 0, 0};
    return e->n_labels++;
}

/* Reads letters and an ellipsis of n axes up to a comma, an arrow or the end. NULL: malformed. */
static const char *read_term(equation *e, const char *text, size_t n, term *t)
{
    t->rank = 0;
    while (*text != '\0' && *text != ',' && *text != '-') {
        size_t count = 1, base = 0;
        int id = *text;
        if (strncmp(text, "...", 3) == 0) {
            id = ELLIPSIS + AJP_MAX_RANK - (int)n; /* aligned at the end */
            count = n;
            text += 3;
        } else if (isalpha((unsigned char)*text)) {
            text++;
        } else {
            return NULL;
        }
        for (; base < count; base++) {
            size_t at = find(e, id + (int)base);
            if (at == MAX_LABELS || t->rank == AJP_MAX_RANK) return NULL;
            t->at[t->rank++] = at;
        }
    }
    return text;
}

/* Letters of a term, without its ellipsis. */
static size_t n_letters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0' && *text != ',' && *text != '-'; text++) n += isalpha((unsigned char)*text) != 0;
    return n;
}

static bool has_ellipsis(const char *text)
{
    for (; *text != '\0' && *text != ',' && *text != '-'; text++)
        if (*text == '.') return true;
    return false;
}

/* Sizes of labels from the dimensions; 1 of an ellipsis is broadcast. */
static bool take_sizes(equation *e, const term *t, const ajp_type *type)
{
    if (t->rank != type->rank) return false;
    for (size_t d = 0; d < t->rank; d++) {
        label *l = &e->labels[t->at[d]];
        size_t n = type->dims[d];
        bool broadcast = l->id >= ELLIPSIS;
        if (l->uses == 0 || (broadcast && l->n == 1))
            l->n = n;
        else if (l->n != n && !(broadcast && n == 1))
            return false;
        l->uses++;
    }
    return true;
}

/* Without an arrow: the ellipsis, then the letters that occur once, in order of the alphabet. */
static bool implicit_out(equation *e)
{
    e->out.rank = 0;
    for (size_t k = 0; k < e->ellipsis; k++)
        e->out.at[e->out.rank++] = find(e, ELLIPSIS + AJP_MAX_RANK - (int)e->ellipsis + (int)k);
    for (int letter = 'A'; letter <= 'z'; letter++)
        for (size_t k = 0; k < e->n_labels; k++) {
            if (e->labels[k].id != letter || e->labels[k].uses != 1) continue;
            if (e->out.rank == AJP_MAX_RANK) return false;
            e->out.at[e->out.rank++] = k;
        }
    return true;
}

static bool read_equation(equation *e, const char *text, size_t n_in, const ajp_type *const *in)
{
    memset(e, 0, sizeof *e);
    if (n_in > MAX_TERMS) return false;
    for (size_t k = 0; k < n_in; k++) {
        size_t letters = n_letters(text),
               n = has_ellipsis(text) && in[k]->rank > letters ? in[k]->rank - letters : 0;
        if (n > e->ellipsis) e->ellipsis = n;
        text = read_term(e, text, n, &e->terms[k]);
        if (text == NULL || !take_sizes(e, &e->terms[k], in[k]) || *text != (k + 1 < n_in ? ',' : *text))
            return false;
        if (k + 1 < n_in) text++;
    }
    e->n_terms = n_in;
    if (*text == '\0') return implicit_out(e);
    if (strncmp(text, "->", 2) != 0) return false;
    text = read_term(e, text + 2, e->ellipsis, &e->out);
    if (text == NULL || *text != '\0') return false;
    for (size_t d = 0; d < e->out.rank; d++) {
        if (e->labels[e->out.at[d]].uses == 0) return false; /* made of nothing */
        for (size_t c = 0; c < d; c++)
            if (e->out.at[c] == e->out.at[d]) return false;
    }
    return true;
}

/* ---- shapes ----------------------------------------------------------------------------------------------
 */

/* The label that counts samples; MAX_LABELS = none. */
static aj_status batch_label(const ajp_op_infer *i, const equation *e, size_t *out)
{
    *out = MAX_LABELS;
    for (size_t k = 0; k < i->n_in; k++) {
        if (i->in[k]->batch_axis < 0) continue;
        size_t at = e->terms[k].at[i->in[k]->batch_axis];
        if (*out != MAX_LABELS && *out != at) return ajp_op_mixes(i, "its inputs have samples on two axes");
        *out = at;
    }
    for (size_t k = 0; *out != MAX_LABELS && k < i->n_in; k++)
        for (size_t d = 0; d < e->terms[k].rank; d++)
            if (e->terms[k].at[d] == *out && (int)d != i->in[k]->batch_axis)
                return ajp_op_mixes(i, "something that is not one per sample has the samples' label");
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    equation e;
    size_t batch;
    for (size_t k = 0; k < i->n_in; k++) {
        if (i->in[k] == NULL) return ajp_op_corrupt(i, "lacks its input %zu", k);
        if (i->in[k]->dtype == AJP_BOOL || i->in[k]->dtype != i->in[0]->dtype) return ajp_op_refuse(i, k);
    }
    bool fits = read_equation(&e, q->equation, i->n_in, i->in);
    for (size_t k = 0; !fits && k < i->n_in; k++)
        if (i->in[k]->batch_axis >= 0) return ajp_op_mixes(i, "its equation does not fit one sample");
    if (!fits)
        return ajp_op_corrupt(i, "has an equation \"%.60s\" that does not fit its inputs", q->equation);
    for (size_t l = 0, work = 1; l < e.n_labels; l++)
        if (e.labels[l].n > 0 && (!ajp_size_mul(work, e.labels[l].n, &work) || work > AJP_MAX_ELEMENTS))
            return ajp_node_fail(i->path, i->node, AJ_NO_MEMORY, i->err,
                                 "asks for more than 2^40 multiplications");
    AJ_TRY(batch_label(i, &e, &batch));
    ajp_type out = {i->in[0]->dtype, -1, e.out.rank, {0}};
    for (size_t d = 0; d < out.rank; d++) {
        out.dims[d] = e.labels[e.out.at[d]].n;
        if (e.out.at[d] == batch) out.batch_axis = (int)d;
    }
    if (batch != MAX_LABELS && out.batch_axis < 0) return ajp_op_mixes(i, "it sums over samples");
    i->out[0] = out;
    return AJ_OK;
}

/* ---- running ---------------------------------------------------------------------------------------------
 */

/* The equation on the shapes of a run; it fitted when they were inferred. */
static void concrete(equation *e, const ajp_node *node, const ajp_tensor *in)
{
    const params *q = node->params;
    const ajp_type *types[MAX_TERMS];
    for (size_t k = 0; k < node->n_in && k < MAX_TERMS; k++) types[k] = &in[k].type;
    (void)read_equation(e, q->equation, node->n_in, types);
}

/* How far a label moves in a tensor: the sum over its axes (a diagonal has two). */
static void label_steps(const equation *e, const term *t, const ajp_type *type, ptrdiff_t *step)
{
    ptrdiff_t dense[AJP_MAX_RANK];
    ajp_dense_steps(type, dense);
    for (size_t l = 0; l < e->n_labels; l++) step[l] = 0;
    for (size_t d = 0; d < t->rank; d++)
        if (type->dims[d] > 1) step[t->at[d]] += dense[d];
}

static bool is_in(const term *t, size_t l)
{
    for (size_t d = 0; d < t->rank; d++)
        if (t->at[d] == l) return true;
    return false;
}

typedef struct {
    size_t index[MAX_LABELS];
    size_t at[MAX_TERMS];
} walk;

/* The next index of the labels order[0 ... n-1], the last one fastest; false after the last. */
static bool advance(const equation *e, ptrdiff_t (*step)[MAX_LABELS], const size_t *order, size_t n, walk *w)
{
    for (size_t k = n; k-- > 0;) {
        size_t l = order[k];
        bool again = ++w->index[l] < e->labels[l].n;
        for (size_t t = 0; t < e->n_terms; t++)
            w->at[t] += (size_t)step[t][l] * (again ? 1 : 1 - e->labels[l].n); /* wraps back */
        if (again) return true;
        w->index[l] = 0;
    }
    return false;
}

static void run_each(const ajp_op_run *r, const equation *e)
{
    ptrdiff_t step[MAX_TERMS][MAX_LABELS];
    size_t summed[MAX_LABELS], n_summed = 0, n_inner = 1;
    walk w = {{0}, {0}};
    for (size_t t = 0; t < e->n_terms; t++) label_steps(e, &e->terms[t], &r->in[t].type, step[t]);
    for (size_t l = 0; l < e->n_labels; l++) {
        if (is_in(&e->out, l)) continue;
        summed[n_summed++] = l;
        n_inner *= e->labels[l].n;
    }
    for (size_t k = 0; k < r->out[0].n; k++) {
        ajp_number sum = {AJP_REAL, 0, 0, 0};
        for (size_t inner = 0; inner < n_inner; inner++) {
            ajp_number product = ajp_number_load(&r->in[0], w.at[0]);
            for (size_t t = 1; t < e->n_terms; t++) {
                ajp_number factor = ajp_number_load(&r->in[t], w.at[t]);
                product = ajp_number_multiply(&product, &factor);
            }
            sum.kind = product.kind;
            sum = ajp_number_add(&sum, &product);
            (void)advance(e, step, summed, n_summed, &w);
        }
        ajp_number_store(&r->out[0], k, &sum);
        (void)advance(e, step, e->out.at, e->out.rank, &w);
    }
}

/* Two inputs as matrices: which labels are batch, rows, columns, summed. */
typedef struct {
    size_t n[4], count[4], labels[4][MAX_LABELS];
} matrices;
enum { BATCH, ROW, COLUMN, INNER };

static bool as_matrices(const equation *e, const ajp_tensor *in, matrices *m)
{
    ptrdiff_t step[2][MAX_LABELS];
    if (e->n_terms != 2 || in[0].type.dtype != AJP_FLOAT32) return false;
    for (size_t t = 0; t < 2; t++) label_steps(e, &e->terms[t], &in[t].type, step[t]);
    *m = (matrices){.n = {1, 1, 1, 1}};
    for (size_t l = 0; l < e->n_labels; l++) {
        bool a = step[0][l] != 0, b = step[1][l] != 0, out = is_in(&e->out, l);
        if (e->labels[l].n == 0) return false;
        if (e->labels[l].n == 1) continue;
        if (!out && a != b) return false; /* a sum over one input alone */
        size_t role = a && b ? (out ? BATCH : INNER) : a ? ROW : COLUMN;
        m->labels[role][m->count[role]++] = l;
        m->n[role] *= e->labels[l].n;
    }
    /* as copies of at most 16 axes */
    return m->count[BATCH] + m->count[ROW] + m->count[COLUMN] + m->count[INNER] <= AJP_COPY_RANK;
}

static size_t floats_needed(const matrices *m)
{
    size_t a = m->n[BATCH] * m->n[ROW] * m->n[INNER], b = m->n[BATCH] * m->n[COLUMN] * m->n[INNER];
    return a + b + m->n[BATCH] * m->n[ROW] * m->n[COLUMN] + ajp_packed_size(m->n[COLUMN], m->n[INNER]);
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    equation e;
    matrices m;
    (void)out;
    concrete(&e, node, in);
    return as_matrices(&e, in, &m) ? floats_needed(&m) * sizeof(float) : 0;
}

/* Axes of a dense tensor of some roles, as they lie elsewhere. */
static size_t list_axes(const equation *e, const matrices *m, const size_t *roles, size_t n_roles,
                        const ptrdiff_t *step, bool is_source, ajp_copy_axis *axes)
{
    size_t n = 0;
    ptrdiff_t dense = 1;
    for (size_t k = 0; k < n_roles; k++)
        for (size_t c = 0; c < m->count[roles[k]]; c++, n++) {
            size_t l = m->labels[roles[k]][c];
            axes[n] = (ajp_copy_axis){e->labels[l].n, step[l], step[l]};
        }
    for (size_t k = n; k-- > 0; dense *= (ptrdiff_t)axes[k].n)
        *(is_source ? &axes[k].to : &axes[k].from) = dense;
    return n;
}

static void run_matrices(const ajp_op_run *r, const equation *e, const matrices *m)
{
    static const size_t roles[3][3] = {{BATCH, ROW, INNER}, {BATCH, COLUMN, INNER}, {BATCH, ROW, COLUMN}};
    float *place[3], *next = r->scratch;
    ptrdiff_t step[MAX_LABELS];
    ajp_copy_axis axes[AJP_COPY_RANK];
    for (size_t t = 0; t < 3; t++) {
        place[t] = next;
        next += m->n[roles[t][0]] * m->n[roles[t][1]] * m->n[roles[t][2]];
        if (t == 2) break;
        label_steps(e, &e->terms[t], &r->in[t].type, step);
        size_t n = list_axes(e, m, roles[t], 3, step, true, axes);
        ajp_copy(sizeof(float), n, axes, place[t], r->in[t].data);
    }
    size_t rows = m->n[ROW], columns = m->n[COLUMN], k = m->n[INNER];
    for (size_t b = 0; b < m->n[BATCH]; b++) {
        ajp_pack_out_in(place[1] + b * columns * k, columns, k, k, next);
        ajp_gemm gemm = {.m = rows,
                         .n = columns,
                         .k = k,
                         .a = place[0] + b * rows * k,
                         .a_row = k,
                         .a_col = 1,
                         .b = next,
                         .b_row = AJP_LANES,
                         .b_vector = AJP_LANES * k,
                         .c = place[2] + b * rows * columns,
                         .c_row = columns,
                         .c_vector = AJP_LANES};
        ajp_gemm_parallel(r->kernels, r->pool, &gemm);
    }
    label_steps(e, &e->out, &r->out[0].type, step);
    size_t n = list_axes(e, m, roles[2], 3, step, false, axes);
    ajp_copy(sizeof(float), n, axes, r->out[0].data, place[2]);
}

static aj_status run(const ajp_op_run *r)
{
    equation e;
    matrices m;
    concrete(&e, r->node, r->in);
    if (r->out[0].n == 0) return AJ_OK;
    if (as_matrices(&e, r->in, &m) && m.n[INNER] > 0)
        run_matrices(r, &e, &m);
    else
        run_each(r, &e);
    return AJ_OK;
}

/* A multiplication for every input but the first, at every place of all labels, where there is a sum. */
static uint64_t macs(const ajp_node *node, const ajp_type *in, uint64_t n_out)
{
    equation e;
    const ajp_type *types[MAX_TERMS];
    uint64_t places = 1;
    if (node->n_in < 2 || node->n_in > MAX_TERMS) return 0;
    for (size_t k = 0; k < node->n_in; k++) types[k] = &in[k];
    if (!read_equation(&e, ((const params *)node->params)->equation, node->n_in, types)) return 0;
    for (size_t l = 0; l < e.n_labels; l++)
        if (__builtin_mul_overflow(places, e.labels[l].n, &places)) return UINT64_MAX;
    return places == n_out || __builtin_mul_overflow(places, node->n_in - 1, &places) ? 0 : places;
}

extern const ajp_op ajp_op_einsum;
const ajp_op ajp_op_einsum = {.any_sample_axis = true,
                              .min_in = 1,
                              .max_in = SIZE_MAX,
                              .max_out = 1,
                              .flops_per_element = 1,
                              .params_size = sizeof(params),
                              .attributes = attributes,
                              .parse = parse,
                              .infer = infer,
                              .scratch = scratch,
                              .run = run,
                              .macs = macs};
