/* by_node.h: networks whose shapes depend on data run node by node. */
#ifndef AJP_BY_NODE_H
#define AJP_BY_NODE_H

#include "program.h"

/* Runs all nodes on tensors of these types; everything that is made lives in `arena`.  results: one an output
 * of the network, in the arena or (weights, inputs) borrowed. */
aj_status ajp_run_by_node(const ajp_program *base, const ajp_type *types, const aj_tensor *inputs,
                          ajp_arena *arena, const ajp_tensor **results, aj_error *err);

#endif
