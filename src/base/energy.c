/* energy.c: the energy account: disjoint causes, boundaries as sums, undescribed stays NaN. */
#include "internal.h"

#include <math.h>

#define MISSING ((double)NAN)

const char *aj_cause_name(aj_cause cause)
{
    static const char *const names[] = {
#define ROW(name, text, covers) text,
        AJ_CAUSE_LIST(ROW)
#undef ROW
    };
    return (unsigned)cause < AJ_N_CAUSES ? names[cause] : "unknown";
}

const char *aj_cause_covers(aj_cause cause)
{
    static const char *const texts[] = {
#define ROW(name, text, covers) covers,
        AJ_CAUSE_LIST(ROW)
#undef ROW
    };
    return (unsigned)cause < AJ_N_CAUSES ? texts[cause] : "unknown";
}

const char *aj_boundary_name(aj_boundary boundary)
{
    return boundary == AJ_OPTICAL ? "optical" : boundary == AJ_ACCELERATOR ? "accelerator" : "system";
}

aj_energy aj_energy_none(void)
{
    aj_energy energy = {.optical_joules = MISSING, .applies = 0};
    for (int cause = 0; cause < AJ_N_CAUSES; cause++) energy.cause_joules[cause] = MISSING;
    return energy;
}

void aj_energy_set(aj_energy *energy, aj_cause cause, double joules)
{
    energy->cause_joules[cause] = joules;
    energy->applies |= 1u << cause;
}

void aj_energy_add(aj_energy *energy, aj_cause cause, double joules)
{
    bool there = (energy->applies >> cause & 1u) != 0;
    aj_energy_set(energy, cause, there ? energy->cause_joules[cause] + joules : joules);
}

static double sum_causes(const aj_energy *energy, aj_cause last, bool skip_missing)
{
    double sum = 0.0;
    bool any = false;
    for (int cause = 0; cause <= (int)last; cause++) {
        if ((energy->applies >> cause & 1u) == 0) continue;
        if (skip_missing && isnan(energy->cause_joules[cause])) continue;
        sum += energy->cause_joules[cause];
        any = true;
    }
    return any ? sum : MISSING;
}

double aj_energy_boundary(const aj_energy *energy, aj_boundary boundary)
{
    switch (boundary) {
    case AJ_OPTICAL:
        return energy->optical_joules;
    case AJ_ACCELERATOR:
        return sum_causes(energy, AJ_CAUSE_STATIC, false);
    case AJ_SYSTEM:
        return sum_causes(energy, AJ_CAUSE_FACILITY, false);
    case AJ_N_BOUNDARIES:
        break;
    }
    return MISSING;
}

double aj_energy_described(const aj_energy *energy)
{
    return sum_causes(energy, AJ_CAUSE_FACILITY, true);
}

double aj_energy_judged(const aj_energy *energy, aj_boundary *boundary)
{
    static const aj_boundary order[] = {AJ_ACCELERATOR, AJ_SYSTEM, AJ_OPTICAL};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        double joules = aj_energy_boundary(energy, order[i]);
        if (isnan(joules)) continue;
        *boundary = order[i];
        return joules;
    }
    *boundary = AJ_N_BOUNDARIES;
    return MISSING;
}

aj_cause aj_energy_largest(const aj_energy *energy, double *share_ratio)
{
    double sum = 0.0, most = 0.0;
    aj_cause largest = AJ_N_CAUSES;
    for (int cause = 0; cause < AJ_CAUSE_FACILITY; cause++) {
        double joules = energy->cause_joules[cause];
        if ((energy->applies >> cause & 1u) == 0 || isnan(joules)) continue;
        sum += joules;
        if (joules <= most) continue;
        most = joules;
        largest = (aj_cause)cause;
    }
    *share_ratio = largest == AJ_N_CAUSES ? MISSING : most / sum;
    return largest;
}
