/* case_data.h: the stored inputs and outputs of a case of the ONNX project. */
#ifndef AJ_CASE_DATA_H
#define AJ_CASE_DATA_H

#include "base/file.h"
#include "nn/graph.h"

enum { MAX_PORTS = 16 };

typedef struct {
    aj_context *context;
    ajp_arena arena;
    ajp_file_map maps[2 * MAX_PORTS];
    size_t n_maps;
    size_t n_in, n_out;
    ajp_tensor in[MAX_PORTS], out[MAX_PORTS];
} data_set;

void data_set_open(data_set *set, aj_context *context);
/* "input" or "output" number 0 ... of a folder; how many there are. */
size_t data_set_read(data_set *set, const char *folder, const char *kind, ajp_tensor *tensors,
                     size_t n_wanted);
void data_set_close(data_set *set);

#endif
