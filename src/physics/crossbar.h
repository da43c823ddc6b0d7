/* crossbar.h: a resistive crossbar as physics: wires, encodings of weights, noise of a column.
 *
 * Geometry: input i drives row i at V_i volts; output j is the current that leaves column j into a virtual
 * ground.  conductances[i * n_outputs + j] in siemens joins them (so it is the transpose of a network's
 * weight matrix, which has outputs first).  A read in the other direction is another network: hand over the
 * transpose with the wires of rows and columns exchanged. */
#ifndef AJP_CROSSBAR_H
#define AJP_CROSSBAR_H

#include "../base/internal.h"

/* ---- wires: IR drop --------------------------------------------------------------------------- */

typedef enum { AJP_END_FIRST, AJP_END_LAST, AJP_END_BOTH } ajp_wire_end;

/* Row i is a chain of n_outputs nodes, one a cell, joined by row_segment_ohms.  It is driven beyond its first
 * node (that of output 0), beyond its last, or at both ends, through one more segment and source_ohms in
 * series. Column j is a chain of n_inputs nodes joined by column_segment_ohms and grounded likewise through
 * one more segment and sense_ohms; with both ends its output is the sum of the two currents.  Every
 * resistance is >= 0, and 0 is exact: no small stand-in. The usual convention (rows from the first column,
 * columns grounded after the last row) is {AJP_END_FIRST, AJP_END_LAST}; with output 0 next to the drivers
 * and the last input next to the ground. */
typedef struct {
    double row_segment_ohms, column_segment_ohms, source_ohms, sense_ohms;
    ajp_wire_end row_drive, column_sense;
} ajp_crossbar_wires;

/* Doubles that ajp_effective_conductances needs as workspace; 0 when the number does not fit a size. */
size_t ajp_crossbar_workspace(size_t n_inputs, size_t n_outputs);

/* The network is linear, I_j = sum_i effective[i][j] V_i for every input: one elimination gives the matrix
 * for all of them (n_inputs driven one at a time is what it means, not how it is computed).  Direct and
 * without subtraction of large numbers: relative error about 1e-14 for conductive wires, and equal to
 * `conductances`, bit for bit, where all resistances are 0. Cost: about 7/3 n m^3 + n^2 m^2 flops for the
 * smaller dimension m, the larger n: 0.9 GFLOP for 128 x 128. effective[n_inputs][n_outputs] may be
 * `conductances` itself. BAD_ARGUMENT: an empty array, a conductance or resistance that is negative or not
 * finite, a network whose solution is not finite or not passive (a row that yields more than its own
 * conductances): never a doubtful result. Solved for linear devices only: with nonlinear ones it is a first
 * approximation. */
aj_status ajp_effective_conductances(size_t n_inputs, size_t n_outputs, const double *conductances,
                                     const ajp_crossbar_wires *wires, double *effective, double *workspace,
                                     aj_error *err);

#endif
