/* model.c: a file, loaded and compiled. */
#include <pthread.h>
#include <string.h>

#include "../base/file.h"
#include "program.h"

/* The hash is computed when it is first asked for: it takes longer than everything else about loading. */
struct ajp_model_file {
    ajp_file_map map;
    const void *bytes;
    size_t size;
    pthread_mutex_t lock; /* a model may be shared by threads */
    char sha256[65];      /* "" until then */
};

static aj_status new_model(aj_model **out, aj_context *context, aj_error *err)
{
    aj_model *model = ajp_calloc(context, 1, sizeof *model);
    if (model == NULL) return ajp_no_memory(err, "model");
    model->context = context;
    ajp_arena_init(&model->arena, context);
    model->file = ajp_arena_alloc(&model->arena, sizeof *model->file);
    if (model->file == NULL || pthread_mutex_init(&model->file->lock, NULL) != 0) {
        ajp_arena_free(&model->arena);
        ajp_free(context, model);
        return ajp_no_memory(err, "model");
    }
    *out = model;
    return AJ_OK;
}

/* The folder of a path, for external data: "." when it names none. */
static char *folder_of(ajp_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return ajp_arena_strdup(arena, ".");
    return slash == path ? ajp_arena_strdup(arena, "/")
                         : ajp_arena_strndup(arena, path, (size_t)(slash - path));
}

/* Of one sample: without the axis that counts samples (and axes of 1 before it), or, where the network is
 * taken as a whole, without a first axis of 1. */
static void describe_output(aj_model_info *info, const ajp_port *output)
{
    const ajp_type *type = &output->type;
    size_t first = 0, rank = 0;
    if (type->batch_axis >= 0)
        first = (size_t)type->batch_axis + (type->dims[type->batch_axis] == 1);
    else if (type->rank > 1 && type->dims[0] == 1)
        first = 1;
    for (size_t i = first; i < type->rank; i++) info->output_shape[rank++] = type->dims[i];
    if (rank == 0) info->output_shape[rank++] = output->n;
    info->output_rank = rank;
}

static void describe(aj_model *model, const char *name)
{
    const ajp_program *p = &model->program;
    const ajp_graph *g = &p->file;
    model->info = (aj_model_info){.path = name,
                                  .sha256 = model->file->sha256,
                                  .producer = g->model->producer_name,
                                  .ir_version = g->model->ir_version,
                                  .opset = g->opset,
                                  .n_nodes = g->n_nodes,
                                  .n_parameters = g->n_parameters,
                                  .n_input_features = p->n_input_features,
                                  .n_output_features = p->n_output_features,
                                  .input_name = g->n_inputs > 0 ? g->values[g->inputs[0]].name : "",
                                  .output_name = g->n_outputs > 0 ? g->values[g->outputs[0]].name : ""};
    if (p->n_output_features > 0) describe_output(&model->info, &p->outputs[0]);
}

static aj_status copy_dimensions(aj_model *model, const aj_model_options *options, aj_error *err)
{
    ajp_graph *g = &model->program.file;
    ajp_fixed_dim *dims = ajp_arena_array(&model->arena, options->n_dimensions + 1, sizeof *dims);
    if (dims == NULL) return ajp_no_memory(err, g->path);
    for (size_t i = 0; i < options->n_dimensions; i++) {
        dims[i] = (ajp_fixed_dim){ajp_arena_strdup(&model->arena, options->dimensions[i].name),
                                  options->dimensions[i].size};
        if (dims[i].name == NULL) return ajp_no_memory(err, g->path);
    }
    g->fixed_dims = dims;
    g->n_fixed_dims = options->n_dimensions;
    return ajp_graph_check_dims(g, err);
}

/* Dimensions that are open behind the first axis leave the program to those who know them. */
static aj_status find_open(aj_model *model, aj_error *err)
{
    ajp_graph *g = &model->program.file;
    ajp_type *types = ajp_arena_array(&model->arena, g->n_inputs + 1, sizeof *types);
    if (types == NULL) return ajp_no_memory(err, g->path);
    for (size_t i = 0; i < g->n_inputs; i++)
        if (g->values[g->inputs[i]].why_untyped != NULL) return AJ_OK; /* compiling says so */
    if (g->n_inputs == 0) {
        model->is_open = true;
        (void)ajp_fail(&model->why_open, AJ_UNSUPPORTED, 0,
                       "%s: the network has no inputs; it runs on tensors only", g->path);
        return AJ_OK;
    }
    model->is_open = ajp_graph_declared_types(g, true, types, &model->why_open) != AJ_OK;
    return AJ_OK;
}

static aj_status compile(aj_model *model, const void *bytes, size_t size, const char *name,
                         const char *folder, const aj_model_options *options, aj_error *err)
{
    ajp_program *p = &model->program;
    AJ_TRY(ajp_graph_build(&p->file, model->context, &model->arena, bytes, size, name, folder, err));
    if (options != NULL) AJ_TRY(copy_dimensions(model, options, err));
    AJ_TRY(find_open(model, err));
    if (!model->is_open) {
        aj_status st = ajp_program_compile(p, &model->why_open);
        model->by_node = st != AJ_OK && p->graph.needs_data;
        model->is_open = model->by_node || (st != AJ_OK && p->no_rows);
        if (st != AJ_OK && err != NULL && !model->is_open) *err = model->why_open;
        if (st != AJ_OK && !model->is_open) return st;
        if (model->is_open) p->n_steps = p->n_layers = p->n_input_features = p->n_output_features = 0;
    }
    model->file->bytes = bytes;
    model->file->size = size;
    describe(model, name);
    return AJ_OK;
}

aj_status aj_model_ready(const aj_model *model, aj_error *err)
{
    if (!model->is_open) return AJ_OK;
    if (err != NULL) *err = model->why_open;
    return model->why_open.status;
}

static aj_status finish(aj_model **out, aj_model *model, aj_status st)
{
    if (st == AJ_OK)
        *out = model;
    else
        aj_model_destroy(model);
    return st;
}

aj_status aj_model_load(aj_model **out, aj_context *context, const char *path, aj_error *err)
{
    return aj_model_load_with(out, context, path, NULL, err);
}

aj_status aj_model_load_with(aj_model **out, aj_context *context, const char *path,
                             const aj_model_options *options, aj_error *err)
{
    aj_model *model = NULL;
    *out = NULL;
    if (options != NULL && options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "model options: struct_size %zu; use AJ_MODEL_OPTIONS_INIT",
                        options->struct_size);
    AJ_TRY(new_model(&model, context, err));
    char *name = ajp_arena_strdup(&model->arena, path), *folder = folder_of(&model->arena, path);
    aj_status st = name == NULL || folder == NULL ? ajp_no_memory(err, path) : AJ_OK;
    if (st == AJ_OK) st = ajp_file_map_open(&model->file->map, context, path, err);
    if (st == AJ_OK)
        st = compile(model, model->file->map.data, model->file->map.size, name, folder, options, err);
    return finish(out, model, st);
}

aj_status aj_model_load_memory(aj_model **out, aj_context *context, const void *bytes, size_t size,
                               const char *name, aj_error *err)
{
    aj_model *model = NULL;
    *out = NULL;
    AJ_TRY(new_model(&model, context, err));
    char *copy = ajp_arena_strdup(&model->arena, name);
    aj_status st =
        copy == NULL ? ajp_no_memory(err, name) : compile(model, bytes, size, copy, NULL, NULL, err);
    return finish(out, model, st);
}

void aj_model_destroy(aj_model *model)
{
    if (model == NULL) return;
    ajp_graph_close(&model->program.file);
    ajp_file_map_close(&model->file->map, model->context);
    pthread_mutex_destroy(&model->file->lock);
    ajp_arena_free(&model->arena);
    ajp_free(model->context, model);
}

aj_model_info aj_model_describe(const aj_model *model)
{
    struct ajp_model_file *file = model->file;
    pthread_mutex_lock(&file->lock);
    if (file->sha256[0] == '\0') ajp_sha256_hex(file->bytes, file->size, file->sha256);
    pthread_mutex_unlock(&file->lock);
    return model->info;
}

size_t aj_model_n_layers(const aj_model *model)
{
    return model->program.n_layers;
}

aj_layer_info aj_model_layer(const aj_model *model, size_t i)
{
    return i < model->program.n_layers ? model->program.layers[i]
                                       : (aj_layer_info){.name = "", .op_type = ""};
}

/* ---- ports ----------------------------------------------------------------------------------------------
 */

size_t aj_model_n_inputs(const aj_model *model)
{
    return model->program.file.n_inputs;
}

size_t aj_model_n_outputs(const aj_model *model)
{
    return model->program.file.n_outputs;
}

static aj_port_info port_of(const ajp_graph *g, const ajp_onnx_value *declared)
{
    aj_port_info port = {.name = declared->name};
    const ajp_onnx_tensor_type *type = declared->type != NULL ? declared->type->tensor_type : NULL;
    if (type == NULL) return port;
    if (type->elem_type > 0 && type->elem_type <= AJP_BFLOAT16 &&
        ajp_dtype_size((ajp_dtype)type->elem_type) > 0)
        port.type = (aj_type)type->elem_type;
    if (type->shape == NULL || type->shape->n_dim > AJ_MAX_RANK) return port;
    port.has_shape = true;
    port.rank = type->shape->n_dim;
    for (size_t d = 0; d < port.rank; d++) {
        const ajp_onnx_dimension *dim = &type->shape->dim[d];
        port.dims[d] = ajp_graph_dim(g, declared->name, d, dim);
        port.dim_names[d] = dim->dim_param;
    }
    return port;
}

static const ajp_onnx_value *find_port(const ajp_onnx_value *ports, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(ports[i].name, name) == 0) return &ports[i];
    return NULL;
}

static aj_port_info info_of(const aj_model *model, size_t value, bool output)
{
    const ajp_graph *g = &model->program.file;
    const ajp_onnx_graph *p = g->model->graph;
    const ajp_onnx_value *declared = output ? find_port(p->output, p->n_output, g->values[value].name)
                                            : find_port(p->input, p->n_input, g->values[value].name);
    return declared != NULL ? port_of(g, declared) : (aj_port_info){.name = g->values[value].name};
}

aj_port_info aj_model_input(const aj_model *model, size_t i)
{
    const ajp_graph *g = &model->program.file;
    return i < g->n_inputs ? info_of(model, g->inputs[i], false) : (aj_port_info){.name = ""};
}

aj_port_info aj_model_output(const aj_model *model, size_t i)
{
    const ajp_graph *g = &model->program.file;
    return i < g->n_outputs ? info_of(model, g->outputs[i], true) : (aj_port_info){.name = ""};
}

const char *aj_type_name(aj_type type)
{
    return ajp_dtype_name((ajp_dtype)type);
}

size_t aj_type_bytes(aj_type type)
{
    return ajp_dtype_size((ajp_dtype)type);
}
