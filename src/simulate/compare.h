/* compare.h: what the files of a comparison share. */
#ifndef AJP_COMPARE_H
#define AJP_COMPARE_H

#include "../record/builder.h"
#include "search.h"
#include "study.h"

typedef struct {
    aj_context *context;
    const aj_compare_options *options;
    ajp_study *study;
    aj_comparison comparison;
    ajp_arena *arena; /* the comparison's own */
    ajp_work work;
    uint64_t n_done;  /* samples computed */
    aj_error refusal; /* of the last value that could not be described */
} ajp_comparing;

/* The grid of a knob: 20 steps a decade, or whole numbers. */
size_t ajp_knob_points(const ajp_knob *knob);
double ajp_knob_value(const ajp_knob *knob, size_t i);

/* compare_hold.c: what is the same for all rows, into the comparison. */
aj_status ajp_compare_hold(ajp_comparing *all, aj_error *err);

#endif
