/* counter.h: the one difference of two readings of an energy counter, and what it can mean. */
#ifndef AJP_METER_COUNTER_H
#define AJP_METER_COUNTER_H

#include "base/internal.h"

/* after - before of a counter that returns to 0 at `modulus` (0: at 2^64).  Sees at most one wrap.  False: a
 * reading is outside the counter's range. */
bool ajp_counter_delta(uint64_t before, uint64_t after, uint64_t modulus, uint64_t *delta);

typedef struct {
    uint64_t modulus;       /* 0 = never wraps: 64 bits of these units outlive the machine */
    double unit_joules;     /* of one count */
    double plausible_watts; /* more than the zone can ever draw */
    double update_seconds;  /* a reading may hold energy from so long before the previous one */
} ajp_counter;

typedef enum {
    AJP_STEP_FORWARD,   /* one possible difference, no wrap */
    AJP_STEP_WRAP,      /* one possible difference, with a wrap */
    AJP_STEP_RESET,     /* began again at 0: the joules since are a lower bound */
    AJP_STEP_AMBIGUOUS, /* the number of wraps is not known */
    AJP_STEP_JUMP,      /* forward by more than the zone can draw: somebody else moved it */
} ajp_step_kind;

typedef struct {
    ajp_step_kind kind;
    double joules;                  /* best value */
    double low_joules, high_joules; /* what is possible */
} ajp_step;

/* What happened between two readings `elapsed_seconds` apart.  CORRUPT: a reading outside the range. */
aj_status ajp_counter_step(const ajp_counter *counter, uint64_t before, uint64_t after,
                           double elapsed_seconds, ajp_step *out, aj_error *err);

#endif
