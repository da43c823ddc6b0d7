/* fields.h: the numbers of a record as tables, so that writing, reading and checking cannot disagree. */
#ifndef AJP_RECORD_FIELDS_H
#define AJP_RECORD_FIELDS_H

#include "attojoule/record.h"
#include "base/internal.h"

typedef enum {
    AJP_FIELD_ANY,      /* any finite number */
    AJP_FIELD_POSITIVE, /* >= 0 */
    AJP_FIELD_RATIO,    /* 0 ... 1 */
    AJP_FIELD_AT_LEAST_1,
    AJP_FIELD_UNBOUNDED /* >= 0; infinity (an exact product's signal to noise) is written as null */
} ajp_field_range;

typedef struct {
    const char *key;
    size_t offset; /* of a double in its struct */
    ajp_field_range range;
} ajp_field;

/* Ends with key NULL. */
extern const ajp_field
    ajp_evaluation_fields[]; /* plain numbers at the top of the document, after `energy_...` */
extern const ajp_field ajp_layer_fields[];

/* NaN is in every range; infinities are in none. */
bool ajp_field_holds(ajp_field_range range, double value);
const char *ajp_field_range_text(ajp_field_range range);

/* BAD_ARGUMENT with `name` and the key, when a number of the record cannot be: accuracy above 1, negative
 * energy, energy per MAC outside 1e-27 ... 1e-3 J (optical) or 1e-23 ... 1e-3 J (other boundaries). */
aj_status ajp_record_check(const aj_evaluation *record, const char *name, aj_error *err);
/* Boundary / MACs; NaN without MACs. */
double ajp_record_per_mac(const aj_evaluation *record, aj_boundary boundary);

#endif
