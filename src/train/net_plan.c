/* net_plan.c: the memory of a network of any layers, its tables and its first weights. */
#include "net.h"

#include <math.h>
#include <string.h>

#include "step.h"

enum {
    COLUMNS_FLOATS = 1 << 15, /* errors on their way from windows to the image: stays in the second cache */
    LEAST_PART = 8,           /* samples of one part of a gradient ... */
    MOST_PARTS = 16,          /* ... of so many at most, ... */
    PARTS_FLOATS = 1 << 21,   /* ... and less where the weights are many */
    BLOCK_FLOATS = 1 << 17,   /* values of one task's samples: about the second-level cache */
    MOST_BLOCK = 16
};

bool ajp_node_has_matrix(const ajp_node *node)
{
    return node->layer->kind == AJ_LAYER_CONV || node->layer->kind == AJ_LAYER_DENSE;
}

static bool is_activation(aj_train_layer_kind kind)
{
    return kind == AJ_LAYER_RELU || kind == AJ_LAYER_LEAKY_RELU || kind == AJ_LAYER_SIGMOID ||
           kind == AJ_LAYER_TANH;
}

static float *floats(ajp_net *t, size_t rows, size_t cols)
{
    const size_t limit = t->context->memory_limit_bytes;
    size_t n = 0;
    t->n_bytes += (double)rows * (double)cols * sizeof(float);
    t->over_limit = t->over_limit || (limit > 0 && t->n_bytes > (double)limit);
    if (t->over_limit) t->arena.failed = true;
    if (t->arena.failed) return NULL;
    float *memory = ajp_size_mul(rows, cols, &n) ? ajp_arena_array(&t->arena, n, sizeof(float)) : NULL;
    if (memory == NULL) t->arena.failed = true; /* also where the size alone says so */
    return memory;
}

/* ---- values -------------------------------------------------------------------------------------- */

static void link_nodes(ajp_net *t)
{
    for (size_t i = 0; i < t->n_nodes; i++) {
        const aj_train_layer *layer = &t->options->network[i];
        ajp_node *node = &t->nodes[i];
        node->layer = layer;
        node->index = i;
        node->in = &t->values[layer->from];
        node->out = &t->values[i + 1];
        node->in->n_readers++;
        node->out->wants_error = layer->kind == AJ_LAYER_CONV || layer->kind == AJ_LAYER_DENSE ||
                                 layer->kind == AJ_LAYER_BATCH_NORM || node->in->wants_error;
        if (layer->kind != AJ_LAYER_ADD) continue;
        node->with = &t->values[layer->with];
        node->with->n_readers++;
        node->out->wants_error = node->out->wants_error || node->with->wants_error;
    }
}

/* An activation writes over what it reads where nobody else wants that, neither reader nor maker. */
static void choose_places(ajp_net *t)
{
    static const ajp_activation kinds[AJ_N_LAYERS] = {[AJ_LAYER_RELU] = AJP_ACTIVATION_RELU,
                                                      [AJ_LAYER_LEAKY_RELU] = AJP_ACTIVATION_LEAKY_RELU,
                                                      [AJ_LAYER_SIGMOID] = AJP_ACTIVATION_SIGMOID,
                                                      [AJ_LAYER_TANH] = AJP_ACTIVATION_TANH};
    for (size_t i = 0; i < t->n_nodes; i++) {
        ajp_node *node = &t->nodes[i], *maker;
        if (!is_activation(node->layer->kind)) continue;
        node->activation = kinds[node->layer->kind];
        node->activation_parameter = (float)node->layer->leaky_slope;
        if (node->layer->from == 0 || node->in->n_readers > 1) continue;
        maker = &t->nodes[node->layer->from - 1];
        if (is_activation(maker->layer->kind) || maker->layer->kind == AJ_LAYER_DROPOUT) continue;
        node->in_place = true;
        if (!ajp_node_has_matrix(maker) && maker->layer->kind != AJ_LAYER_BATCH_NORM) continue;
        node->in_store = true;
        maker->activation = node->activation;
        maker->activation_parameter = node->activation_parameter;
    }
}

static void set_borders(ajp_net *t)
{
    for (size_t i = t->n_nodes; i-- > 0;) {
        ajp_node *node = &t->nodes[i];
        for (int a = 0; a < 2; a++) {
            size_t wanted = node->layer->kind == AJ_LAYER_CONV ? node->layer->padding[a] : 0;
            if (node->in_place) wanted = node->out->border[a];
            if (wanted > node->in->border[a]) node->in->border[a] = wanted;
        }
    }
}

/* A stride of an odd number of lines of the caches: the same place of many samples falls into different sets.
 */
static size_t odd_lines(size_t n)
{
    return (ajp_round_up(n, AJP_LANES) / AJP_LANES | 1) * AJP_LANES;
}

static void plan_value(ajp_net *t, ajp_value *v, const ajp_node *maker)
{
    v->row = v->image.width * v->image.channels;
    v->line = v->row + 2 * v->border[1] * v->image.channels;
    v->inner = v->border[0] * v->line + v->border[1] * v->image.channels;
    v->sample = odd_lines((v->image.height + 2 * v->border[0]) * v->line);
    if (maker != NULL && maker->in_place) {
        v->out = maker->in->out;
        v->error = maker->in->error;
        return;
    }
    size_t n_rows = t->rows + 1; /* products read whole vectors beyond the last value */
    v->out = floats(t, n_rows, v->sample);
    if (v->wants_error) v->error = floats(t, n_rows, v->sample);
}

/* Going back, the last reader of a value comes first: it sets the error, the others add to it. */
static void choose_sums(ajp_net *t)
{
    for (size_t i = t->n_nodes; i-- > 0;) {
        ajp_node *node = &t->nodes[i];
        bool with_seen = false;
        for (size_t k = i + 1; k < t->n_nodes; k++) {
            const ajp_node *later = &t->nodes[k];
            node->adds_in = node->adds_in || later->in == node->in || later->with == node->in;
            with_seen = with_seen || later->in == node->with || later->with == node->with;
        }
        node->adds_with = node->with != NULL && (with_seen || node->with == node->in);
    }
}

/* ---- layers --------------------------------------------------------------------------------------- */

static void plan_vector(ajp_net *t, ajp_vector *v, size_t n, bool of_samples)
{
    v->n = n;
    v->values = floats(t, 1, ajp_round_up(n, AJP_LANES) + AJP_LANES); /* any group is read in whole vectors */
    for (int i = 0; i < (t->options->optimizer == AJ_OPTIMIZER_ADAM ? 2 : 1); i++)
        v->moments[i] = floats(t, 1, ajp_round_up(n, AJP_LANES));
    if (of_samples) v->gradients = floats(t, t->rows, ajp_round_up(n, AJP_LANES));
}

static size_t part_samples(const ajp_net *t, size_t n_floats)
{
    size_t least = (t->options->batch + MOST_PARTS - 1) / MOST_PARTS, n_parts = PARTS_FLOATS / n_floats;
    if (n_parts < 1) n_parts = 1;
    size_t samples = (t->options->batch + n_parts - 1) / n_parts;
    if (samples < least) samples = least;
    return samples < LEAST_PART ? LEAST_PART : samples;
}

static void plan_matrix(ajp_net *t, ajp_node *node)
{
    ajp_matrix *m = &node->matrix;
    const bool conv = node->layer->kind == AJ_LAYER_CONV;
    m->groups = conv && !node->depthwise ? node->groups : 1;
    m->n_in = conv ? node->kernel[0] * node->kernel[1] * (node->in->image.channels / node->groups)
                   : node->in->image.channels;
    m->n_out = node->layer->n_outputs / m->groups;
    m->packed = ajp_packed_size(m->n_out, m->n_in);
    m->weights = floats(t, m->groups, m->packed);
    for (int i = 0; i < (t->options->optimizer == AJ_OPTIMIZER_ADAM ? 2 : 1); i++)
        m->moments[i] = floats(t, m->groups, m->packed);
    if (node->in->wants_error && !node->depthwise) {
        m->transposed_row = odd_lines(m->n_in);
        m->transposed = floats(t, m->groups * m->n_out, m->transposed_row);
    }
    if (conv) {
        size_t part = part_samples(t, m->groups * m->packed);
        m->n_parts = (t->options->batch + part - 1) / part;
        m->gradients = floats(t, m->n_parts * m->groups, m->packed);
    }
    if (!node->layer->without_bias) plan_vector(t, &node->vectors[0], node->layer->n_outputs, conv);
}

/* What lies together under a window: a row of it (one group of channels), or one place. */
static void plan_window(ajp_net *t, ajp_node *node)
{
    const ajp_value *in = node->in;
    const size_t channels = in->image.channels, part = channels / node->groups;
    const bool whole = node->layer->kind == AJ_LAYER_CONV && node->groups == 1;
    node->run = whole ? node->kernel[1] * channels : part;
    node->n_runs = whole ? node->kernel[0] : node->kernel[0] * node->kernel[1];
    node->jumps = ajp_arena_array(&t->arena, node->n_runs, sizeof *node->jumps);
    node->w_jumps = ajp_arena_array(&t->arena, node->n_runs, sizeof *node->w_jumps);
    node->taps = floats(t, 1, node->n_runs);
    for (size_t r = 0; r < node->n_runs && !t->arena.failed; r++) {
        node->taps[r] = (float)r;
        node->w_jumps[r] = r * AJP_LANES;
        node->jumps[r] =
            whole ? r * in->line : r / node->kernel[1] * in->line + r % node->kernel[1] * channels;
    }
    const size_t n_rows = node->out->image.height;
    node->in_rows = ajp_arena_array(&t->arena, n_rows, sizeof *node->in_rows);
    node->out_rows = ajp_arena_array(&t->arena, n_rows, sizeof *node->out_rows);
    for (size_t y = 0; y < n_rows && node->in_rows != NULL && node->out_rows != NULL; y++) {
        node->in_rows[y] = y * node->stride[0] * in->line;
        node->out_rows[y] = y * node->out->line;
    }
}

static void plan_norm(ajp_net *t, ajp_node *node)
{
    const size_t n = node->in->image.channels;
    for (int i = 0; i < 2; i++) plan_vector(t, &node->vectors[i], n, true);
    node->moments = floats(t, t->rows, 2 * n);
    node->running_mean = floats(t, 1, n);
    node->running_variance = floats(t, 1, n);
    node->inverse = ajp_arena_array(&t->arena, n, sizeof *node->inverse);
    float **constants[4] = {&node->shift, &node->scale, &node->offset, &node->x_scale};
    for (int i = 0; i < 4; i++) *constants[i] = floats(t, 1, node->in->row);
    if (t->arena.failed) return;
    for (size_t c = 0; c < n; c++) node->vectors[0].values[c] = node->running_variance[c] = 1.0F;
}

static void plan_node(ajp_net *t, ajp_node *node)
{
    const aj_train_layer_kind kind = node->layer->kind;
    node->groups = kind == AJ_LAYER_CONV && node->layer->groups > 0 ? node->layer->groups : 1;
    node->depthwise = kind == AJ_LAYER_CONV && node->groups > 1 && node->groups == node->layer->n_outputs &&
                      node->groups == node->in->image.channels;
    if (kind == AJ_LAYER_CONV || kind == AJ_LAYER_MAX_POOL || kind == AJ_LAYER_AVERAGE_POOL ||
        kind == AJ_LAYER_GLOBAL_AVERAGE_POOL) {
        ajp_layer_window(node->layer, &node->in->image, node->kernel, node->stride, node->padding);
        plan_window(t, node);
    }
    if (ajp_node_has_matrix(node)) plan_matrix(t, node);
    if (kind == AJ_LAYER_BATCH_NORM) plan_norm(t, node);
    if (kind != AJ_LAYER_MAX_POOL && kind != AJ_LAYER_DROPOUT) return;
    node->extra_row = ajp_round_up(ajp_image_size(&node->out->image), AJP_LANES);
    node->extra = floats(t, t->rows, node->extra_row);
}

/* ---- moves ---------------------------------------------------------------------------------------- */

static void add_move(ajp_net *t, ajp_move_kind kind, ajp_node *node)
{
    t->moves[t->n_moves++] = (ajp_move){kind, node};
}

static void plan_moves(ajp_net *t)
{
    for (size_t i = 0; i < t->n_nodes; i++) {
        ajp_node *node = &t->nodes[i];
        if (node->layer->kind == AJ_LAYER_BATCH_NORM) {
            add_move(t, AJP_MOVE_MOMENTS, node);
            add_move(t, AJP_MOVE_NORMALIZE, node);
        } else if (!node->in_store) {
            add_move(t, AJP_MOVE_FORWARD, node);
        }
    }
    add_move(t, AJP_MOVE_LOSS, NULL);
    for (size_t i = t->n_nodes; i-- > 0;) {
        ajp_node *node = &t->nodes[i];
        if (!node->out->wants_error) continue;
        bool norm = node->layer->kind == AJ_LAYER_BATCH_NORM;
        add_move(t, norm ? AJP_MOVE_SUMS : AJP_MOVE_BACKWARD, node);
        if (norm) add_move(t, AJP_MOVE_DENORMALIZE, node);
    }
}

/* ---- first weights --------------------------------------------------------------------------------- */

void ajp_net_transpose(ajp_matrix *m, size_t group, size_t i0, size_t i1, size_t j0, size_t j1)
{
    if (m->transposed == NULL) return;
    if (j1 > m->n_out) j1 = m->n_out;
    for (size_t j = j0; j < j1; j++) {
        const float *in =
            m->weights + group * m->packed + j / AJP_LANES * AJP_LANES * m->n_in + j % AJP_LANES;
        float *restrict out = m->transposed + (group * m->n_out + j) * m->transposed_row;
        for (size_t i = i0; i < i1; i++) out[i] = in[i * AJP_LANES];
    }
}

/* As PyTorch counts them: N inputs of one output; N' outputs times places of the window. */
static aj_status draw_matrix(ajp_net *t, ajp_node *node, float *row, aj_error *err)
{
    ajp_matrix *m = &node->matrix;
    const aj_train_initialization kind = t->options->initialization;
    const bool he = kind == AJ_INITIALIZATION_HE || kind == AJ_INITIALIZATION_HE_UNIFORM;
    const bool uniform = kind == AJ_INITIALIZATION_GLOROT_UNIFORM || kind == AJ_INITIALIZATION_HE_UNIFORM;
    const size_t taps = node->layer->kind == AJ_LAYER_CONV ? node->kernel[0] * node->kernel[1] : 1;
    const double n_in = (double)m->n_in, n_out = (double)(m->groups * m->n_out * taps);
    const double variance = 2.0 / (he ? n_in : n_in + n_out);
    const float size = (float)sqrt(uniform ? 3.0 * variance : variance);
    ajp_stream stream;
    AJ_TRY(ajp_stream_make(&stream, t->options->seed, AJP_PURPOSE_INIT, node->index, 0, 0, err));
    for (size_t o = 0; o < m->groups * m->n_out; o++) {
        size_t group = o / m->n_out, j = o % m->n_out;
        float *packed = m->weights + group * m->packed + j / AJP_LANES * AJP_LANES * m->n_in + j % AJP_LANES;
        if (uniform)
            t->kernels->uniforms(&stream, o, 0, 0, m->n_in, row);
        else
            t->kernels->normals(&stream, o, 0, 0, m->n_in, row);
        for (size_t i = 0; i < m->n_in; i++)
            packed[i * AJP_LANES] = size * (uniform ? 2.0F * row[i] - 1.0F : row[i]);
    }
    for (size_t group = 0; group < m->groups; group++) ajp_net_transpose(m, group, 0, m->n_in, 0, m->n_out);
    return AJ_OK;
}

/* ---- all of it -------------------------------------------------------------------------------------- */

static void plan_scratch(ajp_net *t)
{
    size_t widest = ajp_image_size(&t->values[0].image), columns = AJP_BLOCK_FLOATS, all = 0;
    for (size_t i = 0; i < t->n_values; i++) {
        if (t->values[i].row > widest) widest = t->values[i].row;
        all += t->values[i].sample;
    }
    for (size_t i = 0; i < t->n_nodes; i++) {
        const ajp_node *node = &t->nodes[i];
        if (!ajp_node_has_matrix(node)) continue;
        size_t line = ajp_round_up(node->matrix.n_in, AJP_LANES) * node->out->image.width;
        if (line < COLUMNS_FLOATS) line = COLUMNS_FLOATS;
        if (node->layer->kind == AJ_LAYER_CONV && line > columns) columns = line;
        if (node->matrix.n_in > widest) widest = node->matrix.n_in;
    }
    t->row_floats = ajp_round_up(widest, AJP_LANES);
    t->columns_floats = columns;
    t->scratch_row = 3 * t->row_floats + columns;
    t->scratch = floats(t, ajp_pool_threads(t->context->pool), t->scratch_row);
    t->block = BLOCK_FLOATS / (all + 1);
    if (t->block < 1) t->block = 1;
    if (t->block > MOST_BLOCK) t->block = MOST_BLOCK;
}

static aj_status no_room(const ajp_net *t, aj_error *err)
{
    if (!t->over_limit) return ajp_no_memory(err, "training");
    return ajp_fail(err, AJ_NO_MEMORY, 0,
                    "training %zu samples at a time takes more than the limit of %.3g GB; use a smaller "
                    "'batch' or a higher limit",
                    t->rows, (double)t->context->memory_limit_bytes * 1e-9);
}

static aj_status create(ajp_net *t, aj_error *err)
{
    ajp_image shapes[AJ_TRAIN_MAX_NETWORK + 1];
    AJ_TRY(ajp_net_check(t->options, "", shapes, err));
    t->n_nodes = t->options->n_network;
    t->n_values = t->n_nodes + 1;
    t->nodes = ajp_arena_array(&t->arena, t->n_nodes, sizeof *t->nodes);
    t->values = ajp_arena_array(&t->arena, t->n_values, sizeof *t->values);
    t->moves = ajp_arena_array(&t->arena, 4 * t->n_nodes + 1, sizeof *t->moves);
    if (t->arena.failed) return ajp_no_memory(err, "training");
    for (size_t i = 0; i < t->n_values; i++) t->values[i].image = shapes[i];
    link_nodes(t);
    choose_places(t);
    set_borders(t);
    choose_sums(t);
    for (size_t i = 0; i < t->n_values; i++) plan_value(t, &t->values[i], i > 0 ? &t->nodes[i - 1] : NULL);
    for (size_t i = 0; i < t->n_nodes && !t->arena.failed; i++) plan_node(t, &t->nodes[i]);
    plan_moves(t);
    plan_scratch(t);
    if (t->arena.failed) return no_room(t, err);
    for (size_t i = 0; i < t->n_nodes; i++)
        if (ajp_node_has_matrix(&t->nodes[i])) AJ_TRY(draw_matrix(t, &t->nodes[i], t->scratch, err));
    return AJ_OK;
}

aj_status ajp_net_create(ajp_net **out, const aj_context *context, const aj_train_options *options,
                         aj_error *err)
{
    ajp_net *t = ajp_calloc(context, 1, sizeof *t);
    *out = NULL;
    if (t == NULL) return ajp_no_memory(err, "training");
    t->context = context;
    t->kernels = ajp_kernels_for(context->isa);
    t->options = options;
    t->rows = options->batch;
    t->beta1_power = t->beta2_power = 1.0;
    ajp_arena_init(&t->arena, context);
    aj_status st = create(t, err);
    if (st == AJ_OK) {
        *out = t;
        t = NULL;
    }
    ajp_net_destroy(t);
    return st;
}

void ajp_net_destroy(ajp_net *net)
{
    if (net == NULL) return;
    ajp_arena_free(&net->arena);
    ajp_free(net->context, net);
}
