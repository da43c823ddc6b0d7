/* Any bytes as an ONNX file: load, plan, run two samples exactly and with every product computed elsewhere,
 * run it on tensors, within 64 MiB. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nn/executor.h"

enum {
    HEADER = 64,
    MAX_MEMORY = 64 << 20,
    MAX_ALLOCATIONS = 1 << 19,
    MAX_FEATURES = 1 << 18,
    MAX_MACS = 1 << 24
};
enum { N_SAMPLES = 2, MAX_PORTS = 8, MAX_PRODUCTS = 64 };

typedef struct {
    size_t bytes, n;
} allocations;

/* Counts what is handed out and says no beyond the limit, as a machine does that has run out; a loop that
 * never ends runs out of allocations. */
static void *limited_alloc(void *user, size_t size)
{
    allocations *used = user;
    if (size > MAX_MEMORY - used->bytes || ++used->n > MAX_ALLOCATIONS) return NULL;
    unsigned char *block = aligned_alloc(HEADER, (size + HEADER + HEADER - 1) / HEADER * HEADER);
    if (block == NULL) return NULL;
    memcpy(block, &size, sizeof size);
    used->bytes += size;
    return block + HEADER;
}

static void limited_free(void *user, void *pointer)
{
    allocations *used = user;
    size_t size;
    unsigned char *block = (unsigned char *)pointer - HEADER;
    memcpy(&size, block, sizeof size);
    used->bytes -= size;
    free(block);
}

/* ---- products elsewhere: each row of each group once ------------------------------------------------------
 */

typedef struct {
    size_t n_rows[MAX_PRODUCTS];
} seen;

static aj_status watch(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *err)
{
    seen *s = user;
    (void)err;
    if (call->group >= step->groups) abort();
    if (call->product < MAX_PRODUCTS) s->n_rows[call->product] += call->n_rows;
    for (size_t i = 0; i < call->n_rows; i++) {
        if (ajp_product_row(&call->rows, i) >= N_SAMPLES * step->reps) abort();
        for (size_t o = 0; o < step->rows; o++)
            call->y[i * call->y_row + o] = call->x[i * call->x_row + o % step->cols];
    }
    return AJ_OK;
}

static aj_status watch_dynamic(void *user, const ajp_product_step *step, const ajp_dynamic_call *call,
                               aj_error *err)
{
    seen *s = user;
    (void)err;
    if (call->matrix >= step->groups || call->sample >= N_SAMPLES) abort();
    if (call->first_row + call->n_rows > step->reps) abort();
    if (call->product < MAX_PRODUCTS) s->n_rows[call->product] += call->n_rows;
    for (size_t i = 0; i < call->n_rows; i++)
        for (size_t o = 0; o < step->rows; o++)
            call->y[i * call->y_row + o] = call->x[i * call->x_row] + call->weights[o * step->cols];
    return AJ_OK;
}

static void run_elsewhere(aj_context *context, const aj_model *model, const float *x, float *y)
{
    ajp_plan *plan = NULL;
    ajp_workspace *workspace = NULL;
    seen s = {{0}};
    ajp_product_hook hook = {watch, &s, watch_dynamic};
    if (ajp_plan_create(&plan, context, model, N_SAMPLES, NULL) == AJ_OK &&
        ajp_plan_max_chunk(plan) >= N_SAMPLES && ajp_workspace_create(&workspace, plan, NULL) == AJ_OK &&
        ajp_plan_run(plan, workspace, x, N_SAMPLES, y, &hook, NULL, NULL) == AJ_OK)
        for (size_t i = 0; i < ajp_plan_n_products(plan) && i < MAX_PRODUCTS; i++) {
            const ajp_product_step *step = ajp_plan_product(plan, i);
            if (s.n_rows[i] != N_SAMPLES * step->groups * step->reps) abort();
        }
    ajp_workspace_destroy(workspace);
    ajp_plan_destroy(plan);
}

/* ---- rows -------------------------------------------------------------------------------------------------
 */

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = (float)((int)(i * 7 % 11) - 3);
}

static void run_rows(aj_context *context, const aj_model *model)
{
    aj_session *session = NULL;
    aj_model_info info = aj_model_describe(model);
    if (info.n_input_features > MAX_FEATURES || info.n_output_features > MAX_FEATURES) return;
    float *x = calloc(N_SAMPLES * info.n_input_features + 1, sizeof *x),
          *y = calloc(N_SAMPLES * info.n_output_features + 1, sizeof *y);
    if (x != NULL && y != NULL) {
        fill(x, N_SAMPLES * info.n_input_features);
        if (aj_session_create(&session, context, model, N_SAMPLES, NULL) == AJ_OK)
            (void)!aj_session_run(session, x, N_SAMPLES, y, NULL);
        run_elsewhere(context, model, x, y);
    }
    aj_session_destroy(session);
    free(x);
    free(y);
}

/* ---- tensors ----------------------------------------------------------------------------------------------
 */

static bool make_input(const aj_port_info *port, aj_tensor *out)
{
    size_t n = 1, size = aj_type_bytes(port->type);
    *out = (aj_tensor){port->type, port->rank, {0}, NULL};
    if (!port->has_shape || size == 0) return false;
    for (size_t d = 0; d < port->rank; d++) {
        out->dims[d] = port->dims[d] == AJ_OPEN_DIMENSION ? N_SAMPLES : port->dims[d];
        if (out->dims[d] > MAX_FEATURES || (n *= out->dims[d]) > MAX_FEATURES) return false;
    }
    unsigned char *bytes = calloc(n + 1, size);
    out->data = bytes;
    if (bytes == NULL) return false;
    for (size_t i = 0; i < n; i++) {
        float value = (float)(int)(i * 5 % 4);
        if (port->type == AJ_TYPE_FLOAT32)
            memcpy(bytes + i * size, &value, sizeof value);
        else
            bytes[i * size] = (unsigned char)(port->type == AJ_TYPE_BOOL ? i % 2 : i % 4);
    }
    return true;
}

static void run_tensors(aj_context *context, const aj_model *model)
{
    aj_session *session = NULL;
    aj_tensor in[MAX_PORTS] = {{0}}, out[MAX_PORTS];
    size_t n_in = aj_model_n_inputs(model), n_out = aj_model_n_outputs(model);
    bool good = n_in <= MAX_PORTS && n_out <= MAX_PORTS;
    for (size_t k = 0; good && k < n_in; k++) {
        aj_port_info port = aj_model_input(model, k);
        good = make_input(&port, &in[k]);
    }
    volatile unsigned char last = 0;
    if (good && aj_session_create(&session, context, model, N_SAMPLES, NULL) == AJ_OK &&
        aj_session_run_tensors(session, in, n_in, out, n_out, NULL) == AJ_OK)
        for (size_t k = 0; k < n_out; k++) { /* the last byte is there */
            size_t n = aj_type_bytes(out[k].type);
            for (size_t d = 0; d < out[k].rank; d++) n *= out[k].dims[d];
            if (n > 0) last = ((unsigned char *)out[k].data)[n - 1];
        }
    (void)last;
    aj_session_destroy(session);
    for (size_t k = 0; k < MAX_PORTS; k++) free(in[k].data);
}

static void use(aj_context *context, const aj_model *model)
{
    uint64_t macs = 0;
    for (size_t i = 0; i < aj_model_n_layers(model); i++) {
        uint64_t layer = aj_model_layer(model, i).macs_per_inference;
        macs = layer > MAX_MACS ? MAX_MACS + 1 : macs + layer;
        if (macs > MAX_MACS) return;
    }
    if (aj_model_ready(model, NULL) == AJ_OK) run_rows(context, model);
    run_tensors(context, model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    allocations used = {0, 0};
    aj_context *context = NULL;
    aj_model *model = NULL;
    aj_error err;
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    options.allocator = (aj_allocator){limited_alloc, limited_free, &used};
    if (aj_context_create(&context, &options, NULL) != AJ_OK) return 0;
    if (aj_model_load_memory(&model, context, data, size, "fuzz.onnx", &err) == AJ_OK) use(context, model);
    aj_model_destroy(model);
    aj_context_destroy(context);
    if (used.bytes != 0) abort(); /* something was not given back */
    return 0;
}
