/* network.c: the memory of a network being trained, its first weights, and the way out. */
#include "trainer.h"

#include <math.h>
#include <string.h>

#include "step.h"

/* A stride that is an odd number of 16-float lines: columns of a batch then fall into different sets of the
 * caches. */
static size_t row_floats(size_t width)
{
    size_t lines = (width + AJP_LANES - 1) / AJP_LANES;
    return AJP_LANES * (lines % 2 == 0 ? lines + 1 : lines);
}

/* n zeroed floats of the arena; *failed is set when there is no room. */
static float *floats(ajp_trainer *t, size_t rows, size_t cols, bool *failed)
{
    size_t n = 0;
    float *memory = ajp_size_mul(rows, cols, &n) ? ajp_arena_array(&t->arena, n, sizeof(float)) : NULL;
    if (memory == NULL) *failed = true;
    return memory;
}

static bool plan_layer(ajp_trainer *t, size_t l)
{
    ajp_layer *layer = &t->layers[l];
    bool failed = false;
    layer->n_in = t->options.widths[l];
    layer->n_out = t->options.widths[l + 1];
    layer->n_padded = ajp_round_up(layer->n_out, AJP_LANES);
    layer->row = row_floats(layer->n_out);
    size_t n_moments = t->options.optimizer == AJ_OPTIMIZER_ADAM ? 2 : 1;
    layer->weights = floats(t, layer->n_padded, layer->n_in, &failed);
    layer->bias = floats(t, 1, layer->n_padded, &failed);
    for (size_t i = 0; i < n_moments; i++) {
        layer->weight_moments[i] = floats(t, layer->n_padded, layer->n_in, &failed);
        layer->bias_moments[i] = floats(t, 1, layer->n_padded, &failed);
    }
    if (l > 0) {
        layer->transposed_row = row_floats(layer->n_in);
        layer->transposed = floats(t, layer->n_out, layer->transposed_row, &failed);
    }
    layer->out = floats(t, t->rows, layer->row, &failed);
    layer->error = floats(t, t->rows, layer->row, &failed);
    return !failed;
}

/* Row j of layer l is drawn as "sample" j: a weight's first value is a function of its place. */
static aj_status draw_layer(ajp_trainer *t, size_t l, float *row, aj_error *err)
{
    ajp_layer *layer = &t->layers[l];
    const aj_train_initialization kind = t->options.initialization;
    const bool he = kind == AJ_INITIALIZATION_HE || kind == AJ_INITIALIZATION_HE_UNIFORM;
    const bool uniform = kind == AJ_INITIALIZATION_GLOROT_UNIFORM || kind == AJ_INITIALIZATION_HE_UNIFORM;
    const double variance = 2.0 / (double)(he ? layer->n_in : layer->n_in + layer->n_out);
    const float size = (float)sqrt(uniform ? 3.0 * variance : variance);
    ajp_stream stream;
    AJ_TRY(ajp_stream_make(&stream, t->options.seed, AJP_PURPOSE_INIT, l, 0, 0, err));
    for (size_t j = 0; j < layer->n_out; j++) {
        float *packed = layer->weights + j / AJP_LANES * AJP_LANES * layer->n_in + j % AJP_LANES;
        if (uniform)
            t->kernels->uniforms(&stream, j, 0, 0, layer->n_in, row);
        else
            t->kernels->normals(&stream, j, 0, 0, layer->n_in, row);
        for (size_t i = 0; i < layer->n_in; i++)
            packed[i * AJP_LANES] = size * (uniform ? 2.0F * row[i] - 1.0F : row[i]);
    }
    if (layer->transposed != NULL) ajp_transpose_block(layer, 0, layer->n_in, 0, layer->n_padded);
    return AJ_OK;
}

static aj_status create(ajp_trainer *t, aj_error *err)
{
    const aj_train_options *o = &t->options;
    bool failed = false;
    size_t widest = 0;
    for (size_t l = 0; l < t->n_layers; l++) {
        if (!plan_layer(t, l)) return ajp_no_memory(err, "training");
        if (o->widths[l] > widest) widest = o->widths[l];
    }
    t->input_row = row_floats(o->widths[0]);
    t->input = floats(t, t->rows, t->input_row, &failed);
    t->gradients = floats(t, ajp_pool_threads(t->context->pool), AJP_BLOCK_FLOATS, &failed);
    float *row = floats(t, 1, ajp_round_up(widest, AJP_LANES), &failed);
    if (failed) return ajp_no_memory(err, "training");
    for (size_t l = 0; l < t->n_layers; l++) AJ_TRY(draw_layer(t, l, row, err));
    return AJ_OK;
}

aj_status ajp_trainer_create(ajp_trainer **out, const aj_context *context, const aj_train_options *options,
                             aj_error *err)
{
    static const ajp_activation activations[AJ_N_ACTIVATIONS] = {
        [AJ_ACTIVATION_RELU] = AJP_ACTIVATION_RELU,
        [AJ_ACTIVATION_LEAKY_RELU] = AJP_ACTIVATION_LEAKY_RELU,
        [AJ_ACTIVATION_SIGMOID] = AJP_ACTIVATION_SIGMOID,
        [AJ_ACTIVATION_TANH] = AJP_ACTIVATION_TANH};
    ajp_trainer *t = ajp_calloc(context, 1, sizeof *t);
    if (t == NULL) return ajp_no_memory(err, "training");
    t->context = context;
    t->kernels = ajp_kernels_for(context->isa);
    t->options = *options;
    t->n_layers = options->n_layers;
    t->rows = options->batch > AJP_EVALUATION_ROWS ? options->batch : AJP_EVALUATION_ROWS;
    t->activation = activations[options->activation];
    t->activation_parameter = (float)options->leaky_slope;
    t->beta1_power = t->beta2_power = 1.0;
    ajp_arena_init(&t->arena, context);
    aj_status st = create(t, err);
    if (st == AJ_OK) {
        *out = t;
        t = NULL;
    }
    ajp_trainer_destroy(t);
    return st;
}

void ajp_trainer_destroy(ajp_trainer *trainer)
{
    if (trainer == NULL) return;
    ajp_arena_free(&trainer->arena);
    ajp_free(trainer->context, trainer);
}

void ajp_trainer_export(const ajp_trainer *trainer, size_t l, float *weights, float *biases)
{
    const ajp_layer *layer = &trainer->layers[l];
    ajp_unpack_out_in(layer->weights, layer->n_out, layer->n_in, weights, layer->n_in);
    memcpy(biases, layer->bias, layer->n_out * sizeof(float));
}
