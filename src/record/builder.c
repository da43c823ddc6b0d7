/* builder.c: the memory behind a record. */
#include "builder.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MISSING ((double)NAN)

/* What aj_evaluation.memory points at. */
typedef struct {
    ajp_arena arena;
    bool failed;
} record_memory;

aj_summary ajp_summary_none(void)
{
    return (aj_summary){MISSING, MISSING, MISSING, MISSING, 0};
}

aj_layer_record ajp_layer_record_none(void)
{
    return (aj_layer_record){
        .macs = MISSING,
        .weight_symbols = MISSING,
        .input_symbols = MISSING,
        .samples = MISSING,
        .distinct_inputs = MISSING,
        .sram_bytes = MISSING,
        .dram_bytes = MISSING,
        .photons_incident = MISSING,
        .photons_launched = MISSING,
        .weight_crest_ratio = MISSING,
        .input_crest_ratio = MISSING,
        .signal_to_noise_ratio = MISSING,
        .clipped_ratio = MISSING,
        .latency_seconds = MISSING,
        .energy = aj_energy_none(),
        .n_planes = MISSING,
        .input_full_scale = MISSING,
        .input_bits = MISSING,
        .reading_bits = MISSING,
        .reading_low = MISSING,
        .reading_high = MISSING,
        .reading_percentile_ratio = MISSING,
    };
}

aj_status ajp_record_begin(aj_evaluation *record, aj_error *err)
{
    *record = (aj_evaluation){0};
    record_memory *memory = ajp_calloc(NULL, 1, sizeof *memory);
    if (memory == NULL) return ajp_no_memory(err, "record");
    ajp_arena_init(&memory->arena, NULL);
    *record = (aj_evaluation){
        .memory = memory,
        .preprocessing.scale = MISSING,
        .clean_accuracy_ratio = MISSING,
        .clean_loss = MISSING,
        .accuracy_ratio = ajp_summary_none(),
        .accuracy_ci95_dataset_low = MISSING,
        .accuracy_ci95_dataset_high = MISSING,
        .clean_top5_accuracy_ratio = MISSING,
        .top5_accuracy_ratio = ajp_summary_none(),
        .loss = ajp_summary_none(),
        .macs_per_inference = MISSING,
        .flops_per_inference = MISSING,
        .photons_per_mac = MISSING,
        .energy = aj_energy_none(),
        .energy_stddev_joules = MISSING,
        .latency_seconds = MISSING,
        .throughput_per_second = MISSING,
        .measured_energy_joules = {MISSING, MISSING, AJ_MEASURED},
        .duration_seconds = MISSING,
    };
    return AJ_OK;
}

void aj_evaluation_destroy(aj_evaluation *evaluation)
{
    if (evaluation == NULL) return;
    record_memory *memory = evaluation->memory;
    *evaluation = (aj_evaluation){0};
    if (memory == NULL) return;
    ajp_arena_free(&memory->arena);
    ajp_free(NULL, memory);
}

void aj_evaluations_free(aj_evaluation *records, size_t n)
{
    for (size_t i = 0; records != NULL && i < n; i++) aj_evaluation_destroy(&records[i]);
    ajp_free(NULL, records);
}

static void *checked(aj_evaluation *record, void *pointer)
{
    if (pointer == NULL) ((record_memory *)record->memory)->failed = true;
    return pointer;
}

static ajp_arena *arena_of(aj_evaluation *record)
{
    return &((record_memory *)record->memory)->arena;
}

const char *ajp_record_string(aj_evaluation *record, const char *text)
{
    return text == NULL ? NULL : checked(record, ajp_arena_strdup(arena_of(record), text));
}

const char *ajp_record_format(aj_evaluation *record, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : ajp_arena_alloc(arena_of(record), (size_t)length + 1);
    if (checked(record, text) == NULL) return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void *ajp_record_array(aj_evaluation *record, size_t n, size_t size)
{
    return n == 0 ? NULL : checked(record, ajp_arena_array(arena_of(record), n, size));
}

void *ajp_record_copy(aj_evaluation *record, const void *values, size_t n, size_t size)
{
    void *copy = ajp_record_array(record, n, size);
    if (copy != NULL) memcpy(copy, values, n * size);
    return copy;
}

/* Lists of sentences are short: each addition copies the pointers. */
static void add_sentence(aj_evaluation *record, const char *const **list, size_t *n, const char *text)
{
    const char *copy = ajp_record_string(record, text);
    const char **longer = ajp_record_array(record, *n + 1, sizeof *longer);
    if (copy == NULL || longer == NULL) return;
    if (*n > 0) memcpy(longer, *list, *n * sizeof *longer);
    longer[*n] = copy;
    *list = longer;
    (*n)++;
}

void ajp_record_note(aj_evaluation *record, const char *text)
{
    add_sentence(record, &record->notes, &record->n_notes, text);
}

void ajp_record_fallback(aj_evaluation *record, const char *text)
{
    add_sentence(record, &record->digital_fallback, &record->n_digital_fallback, text);
}

aj_status ajp_record_finish(aj_evaluation *record, aj_error *err)
{
    if (!((record_memory *)record->memory)->failed) return AJ_OK;
    aj_evaluation_destroy(record);
    return ajp_no_memory(err, "record");
}
