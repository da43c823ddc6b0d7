/* counter.c: differences of wrapping counters. */
#include "counter.h"

#include <inttypes.h>
#include <math.h>

bool ajp_counter_delta(uint64_t before, uint64_t after, uint64_t modulus, uint64_t *delta)
{
    if (modulus != 0 && (before >= modulus || after >= modulus)) return false;
    *delta = after >= before ? after - before : modulus - before + after;
    return true;
}

/* Which numbers of further wraps are possible: delta, delta + range, ... up to the largest. */
static ajp_step between_wraps(double joules, double range_joules, double largest_joules, bool wrapped)
{
    double n_more = floor((largest_joules - joules) / range_joules);
    if (!(n_more > 0)) {
        ajp_step one = {wrapped ? AJP_STEP_WRAP : AJP_STEP_FORWARD, joules, joules, joules};
        return one;
    }
    double high = joules + n_more * range_joules;
    ajp_step many = {AJP_STEP_AMBIGUOUS, 0.5 * (joules + high), joules, high};
    return many;
}

aj_status ajp_counter_step(const ajp_counter *counter, uint64_t before, uint64_t after,
                           double elapsed_seconds, ajp_step *out, aj_error *err)
{
    uint64_t delta;
    if (!ajp_counter_delta(before, after, counter->modulus, &delta))
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "a counter with the range %" PRIu64 " reads %" PRIu64 " after %" PRIu64,
                        counter->modulus, after, before);
    double joules = (double)delta * counter->unit_joules;
    double since_zero = (double)after * counter->unit_joules;
    double largest = counter->plausible_watts * (fmax(elapsed_seconds, 0) + counter->update_seconds) +
                     counter->unit_joules;
    bool backwards = after < before;
    if (counter->modulus != 0 && joules <= largest) {
        *out = between_wraps(joules, (double)counter->modulus * counter->unit_joules, largest, backwards);
    } else if (counter->modulus == 0 && !backwards && joules <= largest) {
        *out = (ajp_step){AJP_STEP_FORWARD, joules, joules, joules};
    } else if (backwards) {
        double low = fmin(since_zero, largest);
        *out = (ajp_step){AJP_STEP_RESET, low, low, largest};
    } else {
        *out = (ajp_step){AJP_STEP_JUMP, 0, 0, largest};
    }
    return AJ_OK;
}
