/* Any bytes as a CSV file: a grid or a sentence, no crash; every cell can be read as a number or refused. */
#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aj_error err;
    ajp_arena arena;
    ajp_csv csv;
    ajp_arena_init(&arena, NULL);
    if (ajp_csv_parse(&csv, &arena, (const char *)data, size, "fuzz", &err) == AJ_OK) {
        for (size_t i = 0; i < csv.n_rows; i++)
            for (size_t k = 0; k < csv.n_columns; k++) {
                double value;
                (void)!ajp_csv_number(&csv, i, k, 0, 1e9, k % 2 == 0, &value, &err);
            }
    }
    ajp_arena_free(&arena);
    return 0;
}
