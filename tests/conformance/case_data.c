#include "case_data.h"

#include <stdio.h>
#include <string.h>

void data_set_open(data_set *set, aj_context *context)
{
    memset(set, 0, sizeof *set);
    set->context = context;
    ajp_arena_init(&set->arena, context);
}

size_t data_set_read(data_set *set, const char *folder, const char *kind, ajp_tensor *tensors,
                     size_t n_wanted)
{
    aj_error err;
    size_t n = 0;
    ajp_tensor_source source = {folder, NULL, set->context, &set->arena, NULL};
    for (; n < n_wanted; n++) {
        char path[4096];
        const ajp_onnx_tensor *proto;
        ajp_file_map *map = &set->maps[set->n_maps];
        snprintf(path, sizeof path, "%s/%s_%zu.pb", folder, kind, n);
        if (ajp_file_map_open(map, set->context, path, &err) != AJ_OK) break;
        set->n_maps++;
        /* sequences and optionals are other messages under the same name; the model is refused before they
         * matter */
        if (ajp_onnx_read_tensor(&proto, &set->arena, map->data, map->size, path, &err) != AJ_OK ||
            ajp_tensor_from_onnx(&tensors[n], &source, proto, &err) != AJ_OK)
            break;
    }
    return n;
}

void data_set_close(data_set *set)
{
    for (size_t i = 0; i < set->n_maps; i++) ajp_file_map_close(&set->maps[i], set->context);
    ajp_arena_free(&set->arena);
}
