/* attribution.c: who used the joules. */
#include "attribution.h"

#include <math.h>

ajp_split ajp_split_joules(double measured_joules, double idle_joules, double tree_seconds,
                           double busy_seconds)
{
    double measured = fmax(measured_joules, 0);
    double idle = fmin(fmax(idle_joules, 0), measured);
    /* Ticks are coarse: a tree may seem to have used more than the whole machine. */
    double share = tree_seconds > 0 && busy_seconds > 0 ? fmin(tree_seconds / busy_seconds, 1) : 0;
    double attributed = (measured - idle) * share;
    ajp_split split = {attributed, idle, fmax(measured - idle - attributed, 0)};
    return split;
}
