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

static aj_status compile(aj_model *model, const void *bytes, size_t size, const char *name,
                         const char *folder, aj_error *err)
{
    ajp_program *p = &model->program;
    AJ_TRY(ajp_graph_build(&p->graph, model->context, &model->arena, bytes, size, name, folder, err));
    AJ_TRY(ajp_program_compile(p, err));
    model->file->bytes = bytes;
    model->file->size = size;
    model->info = (aj_model_info){.path = name,
                                  .sha256 = model->file->sha256,
                                  .producer = p->graph.model->producer_name,
                                  .ir_version = p->graph.model->ir_version,
                                  .opset = p->graph.opset,
                                  .n_nodes = p->graph.n_nodes,
                                  .n_parameters = p->graph.n_parameters,
                                  .n_input_features = p->n_input_features,
                                  .n_output_features = p->n_output_features,
                                  .input_name = p->graph.values[p->inputs[0].value].name,
                                  .output_name = p->graph.values[p->outputs[0].value].name};
    return AJ_OK;
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
    aj_model *model = NULL;
    *out = NULL;
    AJ_TRY(new_model(&model, context, err));
    char *name = ajp_arena_strdup(&model->arena, path), *folder = folder_of(&model->arena, path);
    aj_status st = name == NULL || folder == NULL ? ajp_no_memory(err, path) : AJ_OK;
    if (st == AJ_OK) st = ajp_file_map_open(&model->file->map, context, path, err);
    if (st == AJ_OK) st = compile(model, model->file->map.data, model->file->map.size, name, folder, err);
    return finish(out, model, st);
}

aj_status aj_model_load_memory(aj_model **out, aj_context *context, const void *bytes, size_t size,
                               const char *name, aj_error *err)
{
    aj_model *model = NULL;
    *out = NULL;
    AJ_TRY(new_model(&model, context, err));
    char *copy = ajp_arena_strdup(&model->arena, name);
    aj_status st = copy == NULL ? ajp_no_memory(err, name) : compile(model, bytes, size, copy, NULL, err);
    return finish(out, model, st);
}

void aj_model_destroy(aj_model *model)
{
    if (model == NULL) return;
    ajp_graph_close(&model->program.graph);
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
