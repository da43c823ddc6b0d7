/* mapping.c: what of a network runs where on one hardware, and the frozen part of a trial. */
#include "study.h"

#include <math.h>
#include <string.h>

static aj_status map_product(ajp_mapping *mapping, size_t i, const ajp_calibration *calibrations,
                             aj_error *err)
{
    const ajp_product_step *step = ajp_plan_product(mapping->study->plan, i);
    ajp_mapped_product *mapped = &mapping->products[i];
    mapped->product = (ajp_product){.name = step->name,
                                    .rows = step->rows,
                                    .cols = step->cols,
                                    .reps = step->reps,
                                    .weights = step->dynamic ? AJP_OPERAND_DYNAMIC : AJP_OPERAND_CONSTANT,
                                    .layer = i,
                                    .groups = step->groups,
                                    .n_distinct_inputs = step->n_distinct_inputs,
                                    .is_last = i + 1 == mapping->study->n_products,
                                    .has_bias = step->bias != NULL,
                                    .other_activation = step->activation != AJP_ACTIVATION_NONE &&
                                                        step->activation != AJP_ACTIVATION_RELU};
    mapped->first_frozen = mapping->n_frozen;
    if (!ajp_size_add(mapping->n_frozen, step->groups, &mapping->n_frozen))
        return ajp_no_memory(err, "mapping");
    mapped->calibration = ajp_calibration_none();
    if (calibrations != NULL) mapped->calibration = calibrations[i];
    if (step->dynamic && mapping->study->dynamic == AJ_DYNAMIC_DIGITAL)
        mapped->why_not = "both operands are activations, and those were asked to run digitally";
    else
        mapped->on_hardware = mapping->ops->supports(mapping->params, &mapped->product, &mapped->why_not);
    mapped->tile_cols = step->cols;
    if (mapped->on_hardware) mapped->tile_cols = mapping->ops->tile_cols(mapping->params, &mapped->product);
    if (mapped->tile_cols < 1 || mapped->tile_cols > step->cols) mapped->tile_cols = step->cols;
    mapped->n_tiles = (step->cols + mapped->tile_cols - 1) / mapped->tile_cols;
    if (!mapped->on_hardware) return AJ_OK;
    if (mapped->n_tiles > 65535 / step->groups)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "product \"%s\": %zu tiles of %zu columns in each of %zu groups; at most 65535 in "
                        "all, raise tile_cols",
                        step->name, mapped->n_tiles, mapped->tile_cols, step->groups);
    /* the place of a random number holds element / 4 in 32 bits */
    size_t n_elements;
    if (!ajp_size_mul(ajp_round_up(step->rows, 64), step->reps, &n_elements) || n_elements / 4 > UINT32_MAX)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "product \"%s\": %zu repetitions of %zu outputs are more than one sample can have "
                        "random numbers for",
                        step->name, step->reps, step->rows);
    return AJ_OK;
}

/* The preparation of parameters that are the same as far as it depends on them, or a new one. */
static aj_status find_preparation(ajp_mapping *mapping, aj_error *err)
{
    ajp_study *study = mapping->study;
    const ajp_hardware_ops *ops = mapping->ops;
    for (ajp_preparation *p = study->preparations; p != NULL; p = p->next) {
        if (p->ops != ops) continue;
        bool same = ops->same_preparation != NULL ? ops->same_preparation(p->params, mapping->params)
                                                  : memcmp(p->params, mapping->params, ops->params_size) == 0;
        if (!same) continue;
        mapping->preparation = p;
        return AJ_OK;
    }
    ajp_preparation *made = ajp_arena_alloc(&study->arena, sizeof *made);
    void *params = ajp_arena_alloc(&study->arena, ops->params_size);
    void **caches = ajp_arena_array(&study->arena, mapping->n_frozen, sizeof *caches);
    if (made == NULL || params == NULL || caches == NULL) return ajp_no_memory(err, "preparation");
    memcpy(params, mapping->params, ops->params_size);
    *made = (ajp_preparation){study->preparations, ops, params, caches};
    study->preparations = made;
    mapping->preparation = made;
    return AJ_OK;
}

aj_status ajp_mapping_create(ajp_mapping *out, ajp_study *study, const aj_hardware *hardware,
                             const ajp_calibration *calibrations, aj_error *err)
{
    *out = (ajp_mapping){.study = study, .hardware = hardware};
    out->ops = ajp_hardware_get_ops(hardware);
    out->params = ajp_hardware_get_params(hardware);
    ajp_arena_init(&out->arena, study->context);
    aj_status st = AJ_OK;
    out->products = ajp_arena_array(&out->arena, study->n_products, sizeof *out->products);
    if (out->products == NULL) st = ajp_no_memory(err, "mapping");
    for (size_t i = 0; i < study->n_products && st == AJ_OK; i++) st = map_product(out, i, calibrations, err);
    if (st == AJ_OK && out->ops->prepare != NULL) st = find_preparation(out, err);
    if (st != AJ_OK) ajp_mapping_destroy(out);
    return st;
}

void ajp_mapping_destroy(ajp_mapping *mapping)
{
    ajp_arena_free(&mapping->arena);
    mapping->products = NULL;
}

static const float *pack_squares(ajp_arena *arena, const float *weights, size_t rows, size_t cols)
{
    float *packed = ajp_matrix_pack(arena, weights, rows, cols);
    for (size_t i = 0; i < ajp_packed_size(rows, cols) && packed != NULL; i++) packed[i] *= packed[i];
    return packed;
}

/* One matrix, packed as the network has it. */
typedef struct {
    size_t product, group;
    const float *weights, *packed;
} matrix;

/* What all trials share of a matrix of constants, made once. */
static aj_status prepare_matrix(const ajp_trial *trial, const matrix *m, ajp_freeze_request *request,
                                aj_error *err)
{
    const ajp_mapping *mapping = trial->mapping;
    const ajp_mapped_product *mapped = &mapping->products[m->product];
    if (mapping->ops->prepare == NULL || request->product.weights == AJP_OPERAND_DYNAMIC) return AJ_OK;
    void **cache = &mapping->preparation->caches[mapped->first_frozen + m->group];
    if (*cache == NULL)
        AJ_TRY(mapping->ops->prepare(mapping->params, request, &mapping->study->arena, cache, err));
    request->cache = *cache;
    return AJ_OK;
}

static aj_status freeze_matrix(const ajp_trial *trial, const matrix *m, ajp_arena *arena,
                               ajp_frozen_product *frozen, aj_error *err)
{
    const ajp_mapping *mapping = trial->mapping;
    const ajp_mapped_product *mapped = &mapping->products[m->product];
    const ajp_product *product = &mapped->product;
    frozen->request = (ajp_freeze_request){.product = *product,
                                           .weights = m->weights,
                                           .n_tiles = mapped->n_tiles,
                                           .tile_cols = mapped->tile_cols,
                                           .first_tile = m->group * mapped->n_tiles,
                                           .calibration = mapped->calibration,
                                           .seed = trial->seed,
                                           .trial = trial->trial,
                                           .arena = arena};
    frozen->request.product.groups = 1;
    AJ_TRY(prepare_matrix(trial, m, &frozen->request, err));
    AJ_TRY(mapping->ops->freeze(mapping->params, &frozen->request, &frozen->frozen, err));
    if (frozen->frozen.law == AJP_LAW_PLANES) return ajp_planes_pack(frozen, m->packed, err);
    const float *effective = frozen->frozen.weights;
    frozen->packed =
        effective == NULL ? m->packed : ajp_matrix_pack(arena, effective, product->rows, product->cols);
    if (effective == NULL) effective = frozen->request.weights;
    if (frozen->frozen.excess_ratio > 0.0)
        frozen->packed_squares = pack_squares(arena, effective, product->rows, product->cols);
    if (frozen->packed == NULL || (frozen->frozen.excess_ratio > 0.0 && frozen->packed_squares == NULL))
        return ajp_no_memory(err, "trial");
    return AJ_OK;
}

static aj_status freeze_product(ajp_trial *trial, size_t i, aj_error *err)
{
    const ajp_mapped_product *mapped = &trial->mapping->products[i];
    const ajp_product_step *step = ajp_plan_product(trial->mapping->study->plan, i);
    if (!mapped->on_hardware || step->dynamic) return AJ_OK;
    for (size_t group = 0; group < step->groups; group++) {
        matrix m = {i, group, ajp_product_weights(step, group), ajp_product_packed(step, group)};
        AJ_TRY(freeze_matrix(trial, &m, &trial->arena, &trial->products[mapped->first_frozen + group], err));
    }
    return AJ_OK;
}

aj_status ajp_trial_freeze_matrix(const ajp_trial *trial, const ajp_dynamic_call *call, ajp_arena *arena,
                                  ajp_frozen_product *out, aj_error *err)
{
    matrix m = {call->product, call->matrix, call->weights, call->packed};
    *out = (ajp_frozen_product){0};
    return freeze_matrix(trial, &m, arena, out, err);
}

aj_status ajp_trial_freeze(ajp_trial *out, const ajp_mapping *mapping, uint64_t seed, uint32_t number,
                           aj_error *err)
{
    *out = (ajp_trial){.mapping = mapping, .seed = seed, .trial = number};
    ajp_arena_init(&out->arena, mapping->study->context);
    aj_status st = AJ_OK;
    out->products = ajp_arena_array(&out->arena, mapping->n_frozen, sizeof *out->products);
    if (out->products == NULL) st = ajp_no_memory(err, "trial");
    for (size_t i = 0; i < mapping->study->n_products && st == AJ_OK; i++) st = freeze_product(out, i, err);
    if (st != AJ_OK) ajp_trial_destroy(out);
    return st;
}

void ajp_trial_destroy(ajp_trial *trial)
{
    ajp_arena_free(&trial->arena);
    trial->products = NULL;
}
