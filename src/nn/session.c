/* session.c: runs any number of samples, spread over the context's threads in chunks that do not matter. */
#include "by_node.h"
#include "session.h"

#include <string.h>

/* Less work than this (about 10 microseconds) stays on the caller's thread.  A few samples share the weights
 * of each product best when threads share the product; where one sample uses a weight often anyway (OFTEN
 * times, a convolution), every thread takes samples of its own. */
enum { MIN_MACS_TO_SPREAD = 1 << 20, MIN_SAMPLES_A_THREAD = 16, OFTEN = 16, DEFAULT_CHUNK = 128 };

struct aj_session {
    aj_context *context;
    const aj_model *model;
    size_t max_chunk; /* 0 = chosen */
    ajp_plan *plan;   /* from rows of floats; made when it is first needed where there are several inputs */
    unsigned n_threads, n_workspaces;
    ajp_workspace **workspaces; /* one a thread */
    ajp_failure *failures;      /* one a thread: the first chunk that failed on it */
    double macs;                /* of one sample */
    ajp_variants variants;      /* from tensors */
    bool has_variants;
    bool by_node; /* shapes depend on data */
    ajp_arena results;
};

static ajp_plan_options plan_options(const aj_session *session)
{
    size_t chunk = session->max_chunk > 0 ? session->max_chunk : DEFAULT_CHUNK;
    return (ajp_plan_options){.max_chunk = chunk, .choose = true};
}

static aj_status make_plan(aj_session *session, aj_error *err)
{
    ajp_plan_options options = plan_options(session);
    AJ_TRY(aj_model_ready(session->model, err));
    if (session->plan == NULL)
        AJ_TRY(
            ajp_plan_create_for(&session->plan, session->context, &session->model->program, &options, err));
    for (; session->n_workspaces < session->n_threads; session->n_workspaces++)
        AJ_TRY(ajp_workspace_create(&session->workspaces[session->n_workspaces], session->plan, err));
    return AJ_OK;
}

aj_status aj_session_create(aj_session **out, aj_context *context, const aj_model *model, size_t max_chunk,
                            aj_error *err)
{
    *out = NULL;
    aj_session *session = ajp_calloc(context, 1, sizeof *session);
    if (session == NULL) return ajp_no_memory(err, "session");
    session->context = context;
    session->model = model;
    session->max_chunk = max_chunk;
    session->n_threads = aj_context_threads(context);
    session->by_node = model->by_node;
    ajp_arena_init(&session->results, context);
    session->workspaces = ajp_calloc(context, session->n_threads, sizeof *session->workspaces);
    session->failures = ajp_calloc(context, session->n_threads, sizeof *session->failures);
    for (size_t i = 0; i < aj_model_n_layers(model); i++)
        session->macs += (double)aj_model_layer(model, i).macs_per_inference;
    aj_status st =
        session->workspaces == NULL || session->failures == NULL ? ajp_no_memory(err, "session") : AJ_OK;
    if (st == AJ_OK && !model->is_open && aj_model_n_inputs(model) == 1) st = make_plan(session, err);
    if (st != AJ_OK) {
        aj_session_destroy(session);
        return st;
    }
    *out = session;
    return AJ_OK;
}

void aj_session_destroy(aj_session *session)
{
    if (session == NULL) return;
    for (unsigned i = 0; i < session->n_workspaces; i++) ajp_workspace_destroy(session->workspaces[i]);
    ajp_free(session->context, session->workspaces);
    ajp_free(session->context, session->failures);
    ajp_plan_destroy(session->plan);
    if (session->has_variants) ajp_variants_free(&session->variants);
    ajp_arena_free(&session->results);
    ajp_free(session->context, session);
}

/* ---- chunks over threads ----------------------------------------------------------------------------------
 */

static void run_chunk(void *user, size_t task, unsigned thread)
{
    const ajp_spread *s = user;
    ajp_failure *failed = &s->failures[thread];
    aj_error err = {0};
    size_t first = task * s->chunk;
    aj_status st = s->run(s, first, ajp_min_size(s->chunk, s->n - first), thread, NULL, &err);
    if (st != AJ_OK && (failed->status == AJ_OK || task < failed->task))
        *failed = (ajp_failure){st, task, err};
}

/* Samples a thread that are worth a thread. */
static size_t least_samples(const aj_session *session, double macs)
{
    return macs >= OFTEN * (double)session->model->program.file.n_parameters ? 1 : MIN_SAMPLES_A_THREAD;
}

/* Samples first; a few samples of a large network run one after the other with their products split. */
aj_status ajp_spread_run(ajp_spread *s, size_t max_chunk, double macs, aj_error *err)
{
    ajp_pool *pool = s->context->pool;
    size_t n_threads = aj_context_threads(s->context);
    bool small = (double)s->n * macs < MIN_MACS_TO_SPREAD;
    s->chunk = max_chunk;
    if (n_threads == 1 || small || s->n < s->least * n_threads) {
        for (size_t first = 0; first < s->n; first += s->chunk)
            AJ_TRY(s->run(s, first, ajp_min_size(s->chunk, s->n - first), 0,
                          n_threads > 1 && !small ? pool : NULL, err));
        return AJ_OK;
    }
    /* as many rounds as chunks of max_chunk need, with the same number of samples for every thread */
    size_t n_rounds = (s->n + n_threads * max_chunk - 1) / (n_threads * max_chunk),
           n_chunks = n_threads * n_rounds;
    s->chunk = ajp_min_size(max_chunk, (s->n + n_chunks - 1) / n_chunks);
    for (size_t i = 0; i < n_threads; i++) s->failures[i].status = AJ_OK;
    ajp_pool_run(pool, (s->n + s->chunk - 1) / s->chunk, run_chunk, s);
    const ajp_failure *first = NULL;
    for (size_t i = 0; i < n_threads; i++) {
        const ajp_failure *f = &s->failures[i];
        if (f->status != AJ_OK && (first == NULL || f->task < first->task)) first = f;
    }
    if (first == NULL) return AJ_OK;
    if (err != NULL) *err = first->err;
    return first->status;
}

/* ---- rows of floats
 * ---------------------------------------------------------------------------------------- */

typedef struct {
    ajp_spread spread;
    aj_session *session;
    const float *inputs;
    float *outputs;
} rows;

static aj_status run_rows(const ajp_spread *s, size_t first, size_t n, unsigned thread, ajp_pool *pool,
                          aj_error *err)
{
    const rows *r = (const rows *)(const void *)s;
    const ajp_plan *plan = r->session->plan;
    return ajp_plan_run(plan, r->session->workspaces[thread],
                        r->inputs + first * ajp_plan_input_features(plan), n,
                        r->outputs + first * ajp_plan_output_features(plan), NULL, pool, err);
}

aj_status aj_session_run(aj_session *session, const float *inputs, size_t n, float *outputs, aj_error *err)
{
    AJ_TRY(make_plan(session, err));
    rows r = {{run_rows, session->context, session->failures, n, least_samples(session, session->macs), 0},
              session,
              inputs,
              outputs};
    return ajp_spread_run(&r.spread, ajp_plan_max_chunk(session->plan), session->macs, err);
}

/* ---- tensors
 * ------------------------------------------------------------------------------------------------ */

typedef struct {
    ajp_spread spread;
    const ajp_variant *variant;
    const aj_tensor *inputs;
} tensors;

static size_t sample_bytes(const ajp_port *port)
{
    return port->type.batch_axis < 0 ? 0 : port->n * ajp_dtype_size(port->type.dtype);
}

static aj_status run_variant(const ajp_spread *s, size_t first, size_t n, unsigned thread, ajp_pool *pool,
                             aj_error *err)
{
    const tensors *t = (const tensors *)(const void *)s;
    const ajp_program *p = &t->variant->program;
    ajp_workspace *workspace = t->variant->workspaces[thread];
    for (size_t k = 0; k < p->n_inputs; k++)
        workspace->ports[k] = (unsigned char *)t->inputs[k].data + first * sample_bytes(&p->inputs[k]);
    for (size_t k = 0; k < p->n_outputs; k++)
        workspace->ports[p->n_inputs + k] =
            (unsigned char *)t->variant->outputs[k] + first * sample_bytes(&p->outputs[k]);
    return ajp_plan_run_tensors(t->variant->plan, workspace, n, NULL, pool, err);
}

static aj_status take_types(aj_session *session, const aj_tensor *inputs, size_t n_inputs, ajp_type *types,
                            aj_error *err)
{
    const ajp_graph *g = &session->model->program.file;
    if (n_inputs != g->n_inputs)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %zu tensors for %zu inputs", g->path, n_inputs,
                        g->n_inputs);
    for (size_t k = 0; k < n_inputs; k++) {
        size_t n;
        types[k] = (ajp_type){(ajp_dtype)inputs[k].type, -1, inputs[k].rank, {0}};
        if (inputs[k].rank > AJP_MAX_RANK)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: tensor %zu has %zu dimensions; at most %d", g->path,
                            k, inputs[k].rank, AJP_MAX_RANK);
        memcpy(types[k].dims, inputs[k].dims, inputs[k].rank * sizeof *types[k].dims);
        if (!ajp_type_elements(&types[k], &n))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: tensor %zu has more than 2^40 elements", g->path,
                            k);
        AJ_TRY(ajp_graph_check_type(g, k, &types[k], err));
    }
    return AJ_OK;
}

/* Memory of the outputs, and what the caller is told of them. */
static aj_status give_outputs(aj_session *session, ajp_variant *variant, size_t n, aj_tensor *outputs,
                              size_t n_outputs, aj_error *err)
{
    const ajp_program *p = &variant->program;
    for (size_t k = 0; k < p->n_outputs; k++) {
        const ajp_port *out = &p->outputs[k];
        size_t bytes = 0, samples = out->type.batch_axis < 0 ? 1 : n;
        if (!ajp_size_mul(out->n, ajp_dtype_size(out->type.dtype), &bytes) ||
            !ajp_size_mul(bytes, samples, &bytes))
            return ajp_no_memory(err, p->graph.path);
        if (variant->outputs[k] == NULL || bytes > variant->output_bytes[k]) {
            ajp_free(session->context, variant->outputs[k]);
            variant->outputs[k] = ajp_alloc(session->context, bytes);
            variant->output_bytes[k] = bytes;
            if (variant->outputs[k] == NULL) return ajp_no_memory(err, p->graph.path);
        }
        if (k >= n_outputs) continue;
        outputs[k] = (aj_tensor){(aj_type)out->type.dtype, out->type.rank, {0}, variant->outputs[k]};
        memcpy(outputs[k].dims, out->type.dims, out->type.rank * sizeof *outputs[k].dims);
        if (out->type.batch_axis >= 0) outputs[k].dims[out->type.batch_axis] *= n;
    }
    return AJ_OK;
}

static aj_status run_by_node(aj_session *session, const ajp_type *types, const aj_tensor *inputs,
                             aj_tensor *outputs, size_t n_outputs, aj_error *err)
{
    const ajp_graph *g = &session->model->program.file;
    ajp_arena_free(&session->results);
    ajp_arena_init(&session->results, session->context);
    const ajp_tensor **results = ajp_arena_array(&session->results, g->n_outputs + 1, sizeof *results);
    if (results == NULL) return ajp_no_memory(err, g->path);
    AJ_TRY(ajp_run_by_node(&session->model->program, types, inputs, &session->results, results, err));
    for (size_t k = 0; k < n_outputs; k++) {
        outputs[k] =
            (aj_tensor){(aj_type)results[k]->type.dtype, results[k]->type.rank, {0}, results[k]->data};
        memcpy(outputs[k].dims, results[k]->type.dims, outputs[k].rank * sizeof *outputs[k].dims);
    }
    return AJ_OK;
}

static aj_status run_types(aj_session *session, const ajp_type *types, const aj_tensor *inputs,
                           aj_tensor *outputs, size_t n_outputs, aj_error *err)
{
    size_t n;
    ajp_variant *variant;
    aj_error why = {0};
    aj_status st =
        session->by_node ? AJ_UNSUPPORTED : ajp_variants_find(&session->variants, types, &variant, &n, &why);
    if (st != AJ_OK && !session->by_node) session->by_node = session->variants.needs_data;
    if (session->by_node) return run_by_node(session, types, inputs, outputs, n_outputs, err);
    if (st != AJ_OK) {
        if (err != NULL) *err = why;
        return st;
    }
    aj_tensor *given = variant->given;
    AJ_TRY(give_outputs(session, variant, n, given, variant->program.n_outputs, err));
    tensors t = {
        {run_variant, session->context, session->failures, n, least_samples(session, variant->macs), 0},
        variant,
        inputs};
    AJ_TRY(ajp_spread_run(&t.spread, ajp_plan_max_chunk(variant->plan), variant->macs, err));
    memcpy(outputs, given, n_outputs * sizeof *outputs);
    return AJ_OK;
}

aj_status aj_session_run_tensors(aj_session *session, const aj_tensor *inputs, size_t n_inputs,
                                 aj_tensor *outputs, size_t n_outputs, aj_error *err)
{
    const ajp_graph *g = &session->model->program.file;
    ajp_plan_options options = plan_options(session);
    if (n_outputs > g->n_outputs)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %zu outputs asked for, the network has %zu", g->path,
                        n_outputs, g->n_outputs);
    if (!session->has_variants)
        ajp_variants_init(&session->variants, session->context, session->model, options.max_chunk,
                          options.choose);
    session->has_variants = true;
    ajp_type *types = ajp_calloc(session->context, g->n_inputs + 1, sizeof *types);
    if (types == NULL) return ajp_no_memory(err, g->path);
    aj_status st = take_types(session, inputs, n_inputs, types, err);
    if (st == AJ_OK) st = run_types(session, types, inputs, outputs, n_outputs, err);
    ajp_free(session->context, types);
    return st;
}
