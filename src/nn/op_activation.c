/* op_activation.c: Relu, LeakyRelu, Sigmoid, Tanh: one function of each element. */
#include "op.h"
#include "op_number.h"

typedef struct {
    float alpha; /* first: fusion reads it as the activation's parameter */
} params;

static const char *const no_attributes[] = {"consumed_inputs", NULL};
static const char *const leaky_attributes[] = {"alpha", "consumed_inputs", NULL};

static aj_status parse_leaky(const ajp_op_parse *p, void *out)
{
    params *q = out;
    return ajp_op_float(p, "alpha", 0.01f, &q->alpha);
}

static aj_status infer(const ajp_op_infer *i)
{
    AJ_TRY(ajp_op_want(i, 0, AJP_FLOAT32));
    i->out[0] = *i->in[0];
    return AJ_OK;
}

/* Whole numbers with a sign as well. */
static aj_status infer_relu(const ajp_op_infer *i)
{
    ajp_dtype dtype = i->in[0]->dtype;
    bool whole = dtype == AJP_INT8 || dtype == AJP_INT16 || dtype == AJP_INT32 || dtype == AJP_INT64;
    if (!whole) return infer(i);
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static aj_status apply(const ajp_op_run *r, ajp_map map)
{
    const params *q = r->node->params;
    r->kernels->map(map, r->in[0].data, r->out[0].data, r->in[0].n, q->alpha, 0);
    return AJ_OK;
}

static aj_status run_relu(const ajp_op_run *r)
{
    if (r->in[0].type.dtype != AJP_FLOAT32) {
        for (size_t i = 0; i < r->in[0].n; i++) {
            ajp_number x = ajp_number_load(&r->in[0], i);
            if (x.i < 0) x.i = 0;
            ajp_number_store(&r->out[0], i, &x);
        }
        return AJ_OK;
    }
    return apply(r, AJP_MAP_RELU);
}
static aj_status run_leaky(const ajp_op_run *r)
{
    return apply(r, AJP_MAP_LEAKY_RELU);
}
static aj_status run_sigmoid(const ajp_op_run *r)
{
    return apply(r, AJP_MAP_SIGMOID);
}
static aj_status run_tanh(const ajp_op_run *r)
{
    return apply(r, AJP_MAP_TANH);
}

#define ACTIVATION(id, kind, flops, names, parse_function, infer_function, run_function) \
    extern const ajp_op ajp_op_##id;                                                     \
    const ajp_op ajp_op_##id = {.widening = AJP_WIDEN_FLOATS,                            \
                                .layout = AJP_LAYOUT_ELEMENTS,                           \
                                .any_sample_axis = true,                                 \
                                .min_in = 1,                                             \
                                .max_in = 1,                                             \
                                .max_out = 1,                                            \
                                .role = AJP_ROLE_ACTIVATION,                             \
                                .activation = kind,                                      \
                                .flops_per_element = flops,                              \
                                .params_size = sizeof(params),                           \
                                .attributes = names,                                     \
                                .parse = parse_function,                                 \
                                .infer = infer_function,                                 \
                                .run = run_function};
ACTIVATION(relu, AJP_ACTIVATION_RELU, 1, no_attributes, NULL, infer_relu, run_relu)
ACTIVATION(leaky_relu, AJP_ACTIVATION_LEAKY_RELU, 1, leaky_attributes, parse_leaky, infer, run_leaky)
ACTIVATION(sigmoid, AJP_ACTIVATION_SIGMOID, 4, no_attributes, NULL, infer, run_sigmoid)
ACTIVATION(tanh, AJP_ACTIVATION_TANH, 4, no_attributes, NULL, infer, run_tanh)
