/* op_integer_matmul.c: MatMulInteger, QLinearMatMul: numpy's matmul of 8-bit integers. */
#include "integer.h"
#include "op_product.h"

static const char *const attributes[] = {NULL};
static const ajp_product_params plain = {.alpha = 1};

/* Where the inputs of the two operators are; SIZE_MAX: there is none. */
typedef struct {
    size_t b, a_scale, a_zero, b_scale, b_zero, y_scale, y_zero;
} places;
static const places integer_places = {1, SIZE_MAX, 2, SIZE_MAX, 3, SIZE_MAX, SIZE_MAX};
static const places quantized_places = {3, 1, 2, 4, 5, 6, 7};

static aj_status infer(const ajp_op_infer *i, const places *p)
{
    const ajp_type *pair[2] = {i->in[0], i->in[p->b]};
    ajp_op_infer product = *i;
    product.in = pair;
    AJ_TRY(ajp_integer_want(i, 0));
    AJ_TRY(ajp_integer_want(i, p->b));
    AJ_TRY(ajp_matmul_infer(&product, &i->out[0]));
    ajp_matrices s = ajp_matmul_matrices(&plain, pair[0], pair[1]);
    /* one zero point for each row counts rows of every matrix: samples may not be among them */
    size_t rows = pair[0]->batch_axis >= 0 ? 1 : s.m;
    AJ_TRY(ajp_integer_check(i, p->a_scale, AJP_FLOAT32, rows));
    AJ_TRY(ajp_integer_check(i, p->a_zero, pair[0]->dtype, rows));
    AJ_TRY(ajp_integer_check(i, p->b_scale, AJP_FLOAT32, s.n));
    return ajp_integer_check(i, p->b_zero, pair[1]->dtype, s.n);
}

static aj_status infer_integer(const ajp_op_infer *i)
{
    i->out[0].dtype = AJP_INT32;
    return infer(i, &integer_places);
}

static aj_status infer_quantized(const ajp_op_infer *i)
{
    AJ_TRY(ajp_integer_want(i, 7));
    i->out[0].dtype = i->in[7]->dtype;
    AJ_TRY(ajp_integer_check(i, 6, AJP_FLOAT32, 1));
    AJ_TRY(ajp_integer_check(i, 7, i->in[7]->dtype, 1));
    return infer(i, &quantized_places);
}

/* Scratch: a and b as floats without their zero points, the room of the product, the sums. */
static size_t scratch_of(const ajp_tensor *a, const ajp_tensor *b)
{
    ajp_matrices s = ajp_matmul_matrices(&plain, &a->type, &b->type);
    size_t room = ajp_integer_room(s.m, s.n, s.k);
    if (room == SIZE_MAX) return SIZE_MAX;
    return (s.m * s.k + s.k * s.n + room + s.m * s.n) * sizeof(float);
}

static size_t scratch_integer(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)node, (void)out;
    return scratch_of(&in[0], &in[1]);
}

static size_t scratch_quantized(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)node, (void)out;
    return scratch_of(&in[0], &in[3]);
}

/* Subtracts one zero point for each row (of a) or column (of b). */
static void shift(const ajp_op_run *r, const ajp_matrices *s, const places *p, size_t of_a, size_t of_b,
                  float *a, float *b)
{
    const ajp_tensor *in_a = &r->in[0], *in_b = &r->in[p->b];
    const char *from_a = (const char *)in_a->data + of_a * s->m * s->k;
    const char *from_b = (const char *)in_b->data + of_b * s->k * s->n;
    for (size_t i = 0; i < s->m; i++)
        ajp_integer_shift(in_a->type.dtype, from_a + i * s->k, s->k, ajp_integer_at(r, p->a_zero, i, 0),
                          a + i * s->k);
    ajp_integer_shift(in_b->type.dtype, from_b, s->k * s->n, 0, b);
    for (size_t j = 0; j < s->n; j++) {
        float zero = ajp_integer_at(r, p->b_zero, j, 0);
        for (size_t k = 0; k < s->k; k++) b[k * s->n + j] -= zero;
    }
}

static void requantize(const ajp_op_run *r, const ajp_matrices *s, const places *p, const int32_t *sums,
                       size_t o)
{
    const ajp_tensor *y = &r->out[0];
    float y_scale = ajp_integer_at(r, p->y_scale, 0, 1), zero = ajp_integer_at(r, p->y_zero, 0, 0);
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < s->n; j++) {
            float scale = ajp_integer_at(r, p->a_scale, i, 1) * ajp_integer_at(r, p->b_scale, j, 1) / y_scale;
            ajp_integer_store(y->type.dtype, y->data, (o * s->m + i) * s->n + j,
                              (float)sums[i * s->n + j] * scale, zero);
        }
}

static aj_status run(const ajp_op_run *r, const places *p)
{
    ajp_matrices s = ajp_matmul_matrices(&plain, &r->in[0].type, &r->in[p->b].type);
    float *a = r->scratch, *b = a + s.m * s.k, *room = b + s.k * s.n;
    if (r->out[0].n == 0) return AJ_OK;
    int32_t *sums = (int32_t *)(void *)(room + ajp_integer_room(s.m, s.n, s.k));
    for (size_t o = 0; o < s.n_pairs; o++) {
        size_t of_a, of_b;
        ajp_matmul_pair(&s, o, &of_a, &of_b);
        shift(r, &s, p, of_a, of_b, a, b);
        int32_t *c = p->y_scale == SIZE_MAX ? (int32_t *)r->out[0].data + o * s.m * s.n : sums;
        ajp_integer_multiply(
            &(ajp_integer_product){r->kernels, r->pool, s.m, s.n, s.k, a, b, false, c, room});
        if (p->y_scale != SIZE_MAX) requantize(r, &s, p, sums, o);
    }
    return AJ_OK;
}

static aj_status run_integer(const ajp_op_run *r)
{
    return run(r, &integer_places);
}
static aj_status run_quantized(const ajp_op_run *r)
{
    return run(r, &quantized_places);
}

static uint64_t macs(const ajp_node *node, const ajp_type *in, uint64_t n_out)
{
    (void)node;
    return n_out * in[0].dims[in[0].rank - 1];
}

extern const ajp_op ajp_op_matmul_integer, ajp_op_qlinear_matmul;
const ajp_op ajp_op_matmul_integer = {.min_in = 2,
                                      .max_in = 4,
                                      .max_out = 1,
                                      .flops_per_element = 2,
                                      .attributes = attributes,
                                      .infer = infer_integer,
                                      .scratch = scratch_integer,
                                      .run = run_integer,
                                      .macs = macs};
const ajp_op ajp_op_qlinear_matmul = {.min_in = 8,
                                      .max_in = 8,
                                      .max_out = 1,
                                      .flops_per_element = 3,
                                      .attributes = attributes,
                                      .infer = infer_quantized,
                                      .scratch = scratch_quantized,
                                      .run = run_quantized,
                                      .macs = macs};
