/* session.c: runs any number of samples, spread over the context's threads in chunks that do not matter. */
#include "executor.h"

/* Less work than this (about 10 microseconds) stays on the caller's thread.  A few samples share the weights
 * of each product best when threads share the product; where one sample uses a weight often anyway (OFTEN
 * times, a convolution), every thread takes samples of its own. */
enum { MIN_MACS_TO_SPREAD = 1 << 20, MIN_SAMPLES_A_THREAD = 16, OFTEN = 16, DEFAULT_CHUNK = 128 };

typedef struct {
    aj_status status;
    size_t task;
    aj_error err;
} failure;

struct aj_session {
    aj_context *context;
    ajp_plan *plan;
    unsigned n_workspaces;
    ajp_workspace **workspaces; /* one a thread */
    failure *failures;          /* one a thread: the first chunk that failed on it */
    double macs;                /* of one sample */
    size_t least;               /* samples a thread that are worth a thread */
};

aj_status aj_session_create(aj_session **out, aj_context *context, const aj_model *model, size_t max_chunk,
                            aj_error *err)
{
    *out = NULL;
    max_chunk = ajp_model_chunk(model, max_chunk != 0 ? max_chunk : DEFAULT_CHUNK);
    unsigned n_threads = aj_context_threads(context);
    aj_session *session = ajp_calloc(context, 1, sizeof *session);
    if (session == NULL) return ajp_no_memory(err, "session");
    session->context = context;
    session->workspaces = ajp_calloc(context, n_threads, sizeof *session->workspaces);
    session->failures = ajp_calloc(context, n_threads, sizeof *session->failures);
    for (size_t i = 0; i < aj_model_n_layers(model); i++)
        session->macs += (double)aj_model_layer(model, i).macs_per_inference;
    double n_parameters = (double)aj_model_describe(model).n_parameters;
    session->least = session->macs >= OFTEN * n_parameters ? 1 : MIN_SAMPLES_A_THREAD;
    aj_status st =
        session->workspaces == NULL || session->failures == NULL ? ajp_no_memory(err, "session") : AJ_OK;
    if (st == AJ_OK) st = ajp_plan_create(&session->plan, context, model, max_chunk, err);
    while (st == AJ_OK && session->n_workspaces < n_threads) {
        st = ajp_workspace_create(&session->workspaces[session->n_workspaces], session->plan, err);
        if (st == AJ_OK) session->n_workspaces++;
    }
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
    ajp_free(session->context, session);
}

typedef struct {
    aj_session *session;
    const float *inputs;
    float *outputs;
    size_t n, chunk;
} spread;

static aj_status run_samples(const spread *s, size_t first, unsigned thread, ajp_pool *pool, aj_error *err)
{
    const ajp_plan *plan = s->session->plan;
    return ajp_plan_run(plan, s->session->workspaces[thread],
                        s->inputs + first * ajp_plan_input_features(plan),
                        ajp_min_size(s->chunk, s->n - first),
                        s->outputs + first * ajp_plan_output_features(plan), NULL, pool, err);
}

static void run_chunk(void *user, size_t task, unsigned thread)
{
    const spread *s = user;
    failure *failed = &s->session->failures[thread];
    aj_error err = {0};
    aj_status st = run_samples(s, task * s->chunk, thread, NULL, &err);
    if (st != AJ_OK && (failed->status == AJ_OK || task < failed->task)) *failed = (failure){st, task, err};
}

/* Samples first; a few samples of a large network run one after the other with their products split. */
aj_status aj_session_run(aj_session *session, const float *inputs, size_t n, float *outputs, aj_error *err)
{
    ajp_pool *pool = session->context->pool;
    size_t n_threads = session->n_workspaces, max_chunk = ajp_plan_max_chunk(session->plan);
    spread s = {session, inputs, outputs, n, max_chunk};
    bool small = (double)n * session->macs < MIN_MACS_TO_SPREAD;
    if (n_threads == 1 || small || n < session->least * n_threads) {
        for (size_t first = 0; first < n; first += s.chunk)
            AJ_TRY(run_samples(&s, first, 0, n_threads > 1 && !small ? pool : NULL, err));
        return AJ_OK;
    }
    /* as many rounds as chunks of max_chunk need, with the same number of samples for every thread */
    size_t n_rounds = (n + n_threads * max_chunk - 1) / (n_threads * max_chunk),
           n_chunks = n_threads * n_rounds;
    s.chunk = ajp_min_size(max_chunk, (n + n_chunks - 1) / n_chunks);
    for (size_t i = 0; i < n_threads; i++) session->failures[i].status = AJ_OK;
    ajp_pool_run(pool, (n + s.chunk - 1) / s.chunk, run_chunk, &s);
    const failure *first = NULL;
    for (size_t i = 0; i < n_threads; i++) {
        const failure *f = &session->failures[i];
        if (f->status != AJ_OK && (first == NULL || f->task < first->task)) first = f;
    }
    if (first == NULL) return AJ_OK;
    if (err != NULL) *err = first->err;
    return first->status;
}
