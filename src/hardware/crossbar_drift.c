/* crossbar_drift.c: drift compensation: results are multiplied by what a reference read of every input line
 * gave just after programming over what it gives now.
 *
 * The read drives one line at a time and adds magnitudes (the identity as inputs, as in aihwkit's global and
 * per-column compensation), so that weights of both signs do not cancel. */
#include <math.h>

#include "crossbar_family.h"

static double seen_weight(const ajp_crossbar_array *a, const double *factors, const double *conductance,
                          size_t input, size_t output)
{
    const ajp_crossbar_layout *layout = &a->layout;
    const double *lines = conductance + input * a->n_lines;
    double sum = 0.0;
    for (size_t slice = 0; slice < layout->n_slices; slice++) {
        const double *own = lines + (output * layout->n_slices + slice) * layout->n_sides;
        double value = own[0];
        if (layout->n_sides == 2) value -= own[1];
        if (layout->reference > 0) value -= lines[a->n_lines - layout->reference + slice];
        sum += factors[slice] * value;
    }
    return fabs(sum);
}

aj_status ajp_crossbar_compare(const ajp_crossbar_array *array, const ajp_crossbar *p, double *room,
                               double *then, double *now, aj_error *err)
{
    double factors[CROSSBAR_MAX_SLICES];
    for (size_t slice = 0; slice < array->layout.n_slices; slice++) {
        ajp_encoding encoding = ajp_crossbar_encoding(p, 1.0);
        factors[slice] = ajp_decode_factor(&encoding, (unsigned)slice);
    }
    AJ_TRY(ajp_crossbar_wire(array, p, array->programmed, room, err));
    for (size_t input = 0; input < array->n_cols; input++)
        for (size_t output = 0; output < array->n_rows; output++) {
            then[array->first_row + output] += seen_weight(array, factors, room, input, output);
            now[array->first_row + output] += seen_weight(array, factors, array->effective, input, output);
        }
    return AJ_OK;
}

void ajp_crossbar_gains(const ajp_crossbar *p, const double *then, const double *now, size_t rows,
                        double *gain)
{
    bool own = ajp_crossbar_is(p->drift_compensation, CROSSBAR_PER_COLUMN);
    ajp_compensation_factors(own ? AJP_COMPENSATION_OUTPUT : AJP_COMPENSATION_GLOBAL, rows, 1, then, now,
                             gain);
}

bool ajp_crossbar_compensates(const ajp_crossbar *p)
{
    return !ajp_crossbar_is(p->drift_compensation, CROSSBAR_UNCOMPENSATED) &&
           ajp_crossbar_device_of(p).drifts;
}
