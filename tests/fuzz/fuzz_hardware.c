/* Any bytes as a hardware description: loaded and looked through, or a sentence; no crash. */
#include "attojoule/hardware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    aj_context *context = NULL;
    aj_hardware *hardware = NULL, *copy = NULL;
    aj_error err;
    if (aj_context_create(&context, &options, &err) != AJ_OK) return 0;
    if (aj_hardware_load_text(&hardware, context, (const char *)data, size, "fuzz", &err) == AJ_OK) {
        (void)!aj_hardware_check(hardware, &err);
        for (size_t i = 0; i < aj_hardware_n_parameters(hardware); i++) {
            aj_parameter parameter = aj_hardware_parameter(hardware, i);
            /* the file itself as a value: every parser of words, numbers and units */
            char text[64] = "";
            for (size_t at = 0; at + 1 < sizeof text && at < size; at++) text[at] = (char)data[at];
            (void)!aj_hardware_set(hardware, parameter.key, text, &err);
        }
        (void)!aj_hardware_clone(&copy, hardware, &err);
    }
    aj_hardware_destroy(copy);
    aj_hardware_destroy(hardware);
    aj_context_destroy(context);
    return 0;
}
