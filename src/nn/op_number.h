/* op_number.h: an element of any type as a double or an integer of 64 bits, for operators whose speed does
 * not matter; rounded once when it is stored. */
#ifndef AJP_OP_NUMBER_H
#define AJP_OP_NUMBER_H

#include "tensor.h"

typedef struct {
    enum { AJP_REAL, AJP_SIGNED, AJP_UNSIGNED } kind; /* bool is unsigned */
    double d;
    int64_t i;
    uint64_t u;
} ajp_number;

ajp_number ajp_number_load(const ajp_tensor *t, size_t at);
void ajp_number_store(const ajp_tensor *t, size_t at, const ajp_number *v);
double ajp_number_real(const ajp_number *v);

/* Of two numbers of one kind; integers wrap. */
bool ajp_number_less(const ajp_number *a, const ajp_number *b);
bool ajp_number_equal(const ajp_number *a, const ajp_number *b); /* NaN equals nothing */
int ajp_number_order(const ajp_number *a, const ajp_number *b);  /* -1, 0, 1; NaN is above all and itself */
ajp_number ajp_number_add(const ajp_number *a, const ajp_number *b);
ajp_number ajp_number_multiply(const ajp_number *a, const ajp_number *b);
ajp_number ajp_number_max(const ajp_number *a, const ajp_number *b); /* NaN wins */
ajp_number ajp_number_min(const ajp_number *a, const ajp_number *b);

#endif
