/* Any bytes as a line of an export: a run that can be written and read again, or a sentence; no crash. */
#include <stdlib.h>
#include <string.h>

#include "attojoule/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aj_error err;
    aj_run run, again;
    char *text = NULL, *second = NULL;
    if (aj_run_from_json(&run, (const char *)data, size, "fuzz", &err) != AJ_OK) return 0;
    if (aj_run_to_json(&run, &text, &err) == AJ_OK) {
        if (aj_run_from_json(&again, text, strlen(text), "fuzz", &err) != AJ_OK ||
            aj_run_to_json(&again, &second, &err) != AJ_OK || strcmp(text, second) != 0)
            abort(); /* what was accepted must survive its own export */
        aj_run_destroy(&again);
    }
    aj_text_free(text);
    aj_text_free(second);
    aj_run_destroy(&run);
    return 0;
}
