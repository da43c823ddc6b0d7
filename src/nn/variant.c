/* variant.c: programs for the shapes that runs bring along. */
#include "variant.h"

#include <string.h>

void ajp_variants_init(ajp_variants *out, aj_context *context, const aj_model *model, size_t max_chunk,
                       bool choose_chunk)
{
    *out = (ajp_variants){.context = context,
                          .model = model,
                          .max_chunk = max_chunk,
                          .choose_chunk = choose_chunk,
                          .store = {context, NULL}};
}

static void destroy(ajp_variants *v, ajp_variant *variant)
{
    if (variant == NULL) return;
    unsigned n_threads = aj_context_threads(v->context);
    for (unsigned i = 0; variant->workspaces != NULL && i < n_threads; i++)
        ajp_workspace_destroy(variant->workspaces[i]);
    for (size_t k = 0; variant->outputs != NULL && k < variant->program.n_outputs; k++)
        ajp_free(v->context, variant->outputs[k]);
    ajp_plan_destroy(variant->plan);
    ajp_arena_free(&variant->arena);
    ajp_free(v->context, variant);
}

void ajp_variants_free(ajp_variants *variants)
{
    for (size_t i = 0; i < AJP_MAX_VARIANTS; i++) destroy(variants, variants->variants[i]);
}

/* ---- making
 * ------------------------------------------------------------------------------------------------ */

static aj_status add_memory(ajp_variants *v, ajp_variant *variant, aj_error *err)
{
    unsigned n_threads = aj_context_threads(v->context);
    const ajp_program *p = &variant->program;
    variant->workspaces = ajp_arena_array(&variant->arena, n_threads, sizeof *variant->workspaces);
    variant->outputs = ajp_arena_array(&variant->arena, p->n_outputs + 1, sizeof *variant->outputs);
    variant->output_bytes = ajp_arena_array(&variant->arena, p->n_outputs + 1, sizeof *variant->output_bytes);
    variant->given = ajp_arena_array(&variant->arena, p->n_outputs + 1, sizeof *variant->given);
    if (variant->given == NULL) return ajp_no_memory(err, p->graph.path);
    if (variant->workspaces == NULL || variant->outputs == NULL || variant->output_bytes == NULL)
        return ajp_no_memory(err, p->graph.path);
    /* a network that runs as a whole runs on one thread, with its products spread */
    for (unsigned i = 0; i < (p->graph.whole ? 1 : n_threads); i++)
        AJ_TRY(ajp_workspace_create(&variant->workspaces[i], variant->plan, err));
    for (size_t i = 0; i < p->n_layers; i++) variant->macs += (double)p->layers[i].macs_per_inference;
    return AJ_OK;
}

static aj_status make(ajp_variants *v, const ajp_type *types, ajp_variant **out, aj_error *err)
{
    const ajp_program *base = &v->model->program;
    ajp_variant *variant = ajp_calloc(v->context, 1, sizeof *variant);
    if (variant == NULL) return ajp_no_memory(err, base->file.path);
    ajp_arena_init(&variant->arena, v->context);
    ajp_plan_options options = {.max_chunk = v->max_chunk, .choose = v->choose_chunk, .store = &v->store};
    ajp_program_derive(&variant->program, base, &variant->arena);
    variant->program.tensors = true;
    aj_status st = ajp_program_compile_as(&variant->program, types, err);
    v->needs_data = st != AJ_OK && variant->program.graph.needs_data;
    if (st == AJ_OK) st = ajp_plan_create_for(&variant->plan, v->context, &variant->program, &options, err);
    if (st == AJ_OK) st = add_memory(v, variant, err);
    if (st != AJ_OK) {
        destroy(v, variant);
        return st;
    }
    *out = variant;
    return AJ_OK;
}

/* ---- finding
 * ----------------------------------------------------------------------------------------------- */

static bool is_for(const ajp_variant *variant, const ajp_type *types)
{
    const ajp_program *p = &variant->program;
    for (size_t k = 0; k < p->n_inputs; k++)
        if (!ajp_type_same_shape(&p->inputs[k].type, &types[k])) return false;
    return true;
}

static aj_status find_or_make(ajp_variants *v, const ajp_type *types, ajp_variant **out, aj_error *err)
{
    size_t oldest = 0;
    *out = NULL;
    for (size_t i = 0; i < AJP_MAX_VARIANTS && *out == NULL; i++) {
        if (v->variants[i] != NULL && is_for(v->variants[i], types)) *out = v->variants[i];
        uint64_t used = v->variants[i] == NULL ? 0 : v->variants[i]->last_used;
        uint64_t least = v->variants[oldest] == NULL ? 0 : v->variants[oldest]->last_used;
        if (used < least) oldest = i;
    }
    if (*out == NULL) {
        AJ_TRY(make(v, types, out, err));
        destroy(v, v->variants[oldest]);
        v->variants[oldest] = *out;
    }
    (*out)->last_used = ++v->clock;
    return AJ_OK;
}

/* The number of samples when every input has as many along its first axis, and that axis is open in the file.
 */
static size_t common_samples(const ajp_variants *v, const ajp_type *types)
{
    const ajp_graph *g = &v->model->program.file;
    if (g->n_inputs == 0 || !ajp_graph_open_samples(g)) return 0;
    for (size_t k = 0; k < g->n_inputs; k++)
        if (types[k].rank == 0 || types[k].dims[0] != types[0].dims[0]) return 0;
    return types[0].dims[0];
}

aj_status ajp_variants_find(ajp_variants *variants, const ajp_type *types, ajp_variant **out, size_t *n,
                            aj_error *err)
{
    const ajp_graph *g = &variants->model->program.file;
    size_t samples = variants->one_by_one ? 0 : common_samples(variants, types);
    if (samples > 0) {
        ajp_type *each = ajp_alloc(variants->context, (g->n_inputs + 1) * sizeof *each);
        if (each == NULL) return ajp_no_memory(err, g->path);
        for (size_t k = 0; k < g->n_inputs; k++) {
            each[k] = types[k];
            each[k].batch_axis = 0;
            each[k].dims[0] = 1;
        }
        aj_error why = {0};
        aj_status st = find_or_make(variants, each, out, &why);
        ajp_free(variants->context, each);
        *n = samples;
        if (st == AJ_NO_MEMORY && err != NULL) *err = why;
        if (st == AJ_OK || st == AJ_NO_MEMORY) return st;
    }
    *n = 1;
    AJ_TRY(find_or_make(variants, types, out, err));
    if (samples > 0) variants->one_by_one = true; /* only now: the shapes themselves were good */
    return AJ_OK;
}
