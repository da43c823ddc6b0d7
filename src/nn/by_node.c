/* by_node.c: a run in which every shape is worked out when its inputs are there. */
#include "by_node.h"

aj_status ajp_run_by_node(const ajp_program *base, const ajp_type *types, const aj_tensor *inputs,
                          ajp_arena *arena, const ajp_tensor **results, aj_error *err)
{
    ajp_graph g = base->file;
    ajp_tensor *tensors = ajp_arena_array(arena, g.n_inputs + 1, sizeof *tensors);
    if (tensors == NULL || !ajp_graph_fork(&g, arena)) return ajp_no_memory(err, g.path);
    g.most_bytes = g.context->memory_limit_bytes > 0 ? g.context->memory_limit_bytes : SIZE_MAX;
    for (size_t k = 0; k < g.n_inputs; k++) {
        ajp_value *value = &g.values[g.inputs[k]];
        tensors[k] = (ajp_tensor){types[k], 0, inputs[k].data};
        (void)ajp_type_elements(&types[k], &tensors[k].n); /* checked by the caller */
        value->constant = &tensors[k];
        value->type = types[k];
        value->typed = true;
    }
    AJ_TRY(ajp_graph_infer_as(&g, NULL, err));
    for (size_t k = 0; k < g.n_outputs; k++) {
        const ajp_value *value = &g.values[g.outputs[k]];
        results[k] = value->constant;
        if (results[k] == NULL)
            return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s: output \"%s\" is not a tensor of numbers", g.path,
                            value->name);
    }
    return AJ_OK;
}
