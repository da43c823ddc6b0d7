/* mesh.h: the columns of a mesh. */
#ifndef AJP_MESH_H
#define AJP_MESH_H

#include "attojoule/physics.h"

/* Interferometers of column c stand on the ports c % 2, c % 2 + 2, ... below this number. */
static inline size_t ajp_mesh_ports_end(aj_mesh_kind kind, size_t n_ports, size_t column)
{
    if (kind == AJ_MESH_CLEMENTS) return n_ports - 1;
    size_t rest = 2 * n_ports - 4 - column;
    return (column < rest ? column : rest) + 1;
}

#endif
