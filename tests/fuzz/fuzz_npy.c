/* fuzz_npy.c: any bytes as a .npy file (gzip allowed), then as the labels of a data set. */
#include "data/array.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    aj_context *context;
    ajp_source source;
    ajp_array array;
    if (aj_context_create(&context, &options, NULL) != AJ_OK) return 0;
    if (ajp_source_open_memory(&source, context, "fuzz.npy", bytes, size, NULL) == AJ_OK) {
        if (ajp_npy_read(&array, &source, NULL) == AJ_OK) {
            int32_t *labels;
            size_t n_classes;
            if (ajp_labels_from_array(&labels, &n_classes, &array, 0, context, "fuzz.npy", NULL) == AJ_OK)
                ajp_free(context, labels);
            ajp_array_free(&array, context);
        }
        ajp_source_close(&source);
    }
    aj_context_destroy(context);
    return 0;
}
