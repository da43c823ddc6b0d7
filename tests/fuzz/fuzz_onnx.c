/* Any bytes as an ONNX file: load, plan, run two samples, within 64 MiB. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/nn.h"

enum { HEADER = 64, MAX_MEMORY = 64 << 20 };

/* Counts what is handed out and says no beyond the limit, as a machine does that has run out. */
static void *limited_alloc(void *user, size_t size)
{
    size_t *used = user;
    if (size > MAX_MEMORY - *used) return NULL;
    unsigned char *block = aligned_alloc(HEADER, (size + HEADER + HEADER - 1) / HEADER * HEADER);
    if (block == NULL) return NULL;
    memcpy(block, &size, sizeof size);
    *used += size;
    return block + HEADER;
}

static void limited_free(void *user, void *pointer)
{
    size_t *used = user, size;
    unsigned char *block = (unsigned char *)pointer - HEADER;
    memcpy(&size, block, sizeof size);
    *used -= size;
    free(block);
}

static void use(aj_context *context, const aj_model *model)
{
    aj_session *session = NULL;
    aj_model_info info = aj_model_describe(model);
    volatile uint64_t sum = 0;
    for (size_t i = 0; i < aj_model_n_layers(model); i++) sum += aj_model_layer(model, i).macs_per_inference;
    if (info.n_input_features > 1 << 20 || info.n_output_features > 1 << 20 || sum > 1 << 26) return;
    float *x = calloc(2 * info.n_input_features, sizeof *x),
          *y = calloc(2 * info.n_output_features, sizeof *y);
    if (x != NULL && y != NULL && aj_session_create(&session, context, model, 2, NULL) == AJ_OK)
        (void)!aj_session_run(session, x, 2, y, NULL);
    aj_session_destroy(session);
    free(x);
    free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t used = 0;
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
    if (used != 0) abort(); /* something was not given back */
    return 0;
}
