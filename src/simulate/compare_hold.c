/* compare_hold.c: what all rows of a comparison have in common, in words: it is printed with them. */
#include "compare.h"

#include <math.h>
#include <string.h>

typedef struct {
    ajp_arena *arena;
    aj_held_constant rows[16];
    size_t n;
} held_rows;

static void hold(held_rows *held, const char *what, const char *value)
{
    if (held->n < sizeof held->rows / sizeof *held->rows)
        held->rows[held->n++] = (aj_held_constant){what, value};
}

static const char *calibration_words(const ajp_comparing *all)
{
    const aj_evaluate_options *options = &all->options->evaluate;
    const aj_dataset *set = options->calibration != NULL ? options->calibration : all->study->dataset;
    aj_dataset_info info = aj_dataset_describe(set);
    size_t n = options->n_calibration > 0 ? options->n_calibration : AJP_CALIBRATION_SAMPLES;
    return ajp_arena_printf(all->arena,
                            "the first %zu samples of %s, split %s, where a hardware calibrates itself",
                            ajp_min_size(n, info.n_samples), info.name, info.split);
}

static const char *fallback_words(const ajp_comparing *all)
{
    const aj_hardware *fallback = all->options->evaluate.fallback;
    return ajp_arena_printf(all->arena, "%s, for every product that a hardware does not take",
                            fallback != NULL ? aj_hardware_describe(fallback).name : "digital-45nm");
}

aj_status ajp_compare_hold(ajp_comparing *all, aj_error *err)
{
    const aj_evaluate_options *options = &all->options->evaluate;
    aj_model_info model = aj_model_describe(all->study->model);
    const aj_dataset_info *data = &all->study->data;
    ajp_arena *arena = all->arena;
    held_rows held = {.arena = arena};
    hold(
        &held, "model",
        ajp_arena_printf(arena, "%s, SHA-256 %.12s…, the same weights everywhere", model.path, model.sha256));
    hold(&held, "data",
         ajp_arena_printf(arena, "%s, split %s, %zu samples, the same in every trial", data->name,
                          data->split, data->n_samples));
    hold(&held, "clean reference",
         ajp_arena_printf(arena, "%.2f %% in exact arithmetic (float32)",
                          100.0 * all->study->clean_accuracy_ratio));
    hold(&held, "calibration", calibration_words(all));
    hold(&held, "batch", ajp_arena_printf(arena, "%u", options->batch));
    hold(&held, "mode",
         options->mode == AJ_MODE_LATENCY
             ? "latency: one request at a time, static power for its whole latency"
             : "throughput: pipeline full, static power divided by inferences per second");
    if (ajp_study_dynamic(all->study) != NULL)
        hold(&held, "products of two activations", ajp_study_dynamic(all->study));
    hold(&held, "fallback", fallback_words(all));
    hold(&held, "random numbers",
         ajp_arena_printf(arena, "common: seed %llu in every search, %llu in every confirmation",
                          (unsigned long long)all->comparison.search_seed,
                          (unsigned long long)all->comparison.seed));
    aj_held_constant *rows = ajp_arena_array(arena, held.n, sizeof *rows);
    if (rows == NULL) return ajp_no_memory(err, "comparison");
    for (size_t i = 0; i < held.n; i++) {
        rows[i].what = ajp_arena_strdup(arena, held.rows[i].what);
        rows[i].value = held.rows[i].value != NULL ? ajp_arena_strdup(arena, held.rows[i].value) : NULL;
        if (rows[i].what == NULL || rows[i].value == NULL) return ajp_no_memory(err, "comparison");
    }
    all->comparison.held = rows;
    all->comparison.n_held = held.n;
    return AJ_OK;
}
