/* hardware.h: described accelerators: a family of laws plus one preset of parameters, every number with its
 * source. */
#ifndef ATTOJOULE_HARDWARE_H
#define ATTOJOULE_HARDWARE_H

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aj_hardware aj_hardware;

/* What a preset describes. */
#define AJ_EVIDENCE_LIST(X) \
    X(LIMIT, "limit") X(PROJECTED, "projected") X(SIMULATED, "simulated") X(MEASURED, "measured")
typedef enum {
#define AJ_EVIDENCE_ENUM(name, text) AJ_EVIDENCE_##name,
    AJ_EVIDENCE_LIST(AJ_EVIDENCE_ENUM)
#undef AJ_EVIDENCE_ENUM
        AJ_N_EVIDENCES
} aj_evidence;
AJ_API const char *aj_evidence_name(aj_evidence evidence);

/* Loads a preset that ships with the library by name ("homodyne", "digital-45nm"), or a YAML file when the
 * text has a slash or ends in .yaml/.yml.  Errors name file, line and key: unknown key, unit that does not
 * fit, impossible value, a value without source. On failure *out is NULL. */
AJ_API AJ_MUST_USE aj_status aj_hardware_load(aj_hardware **out, aj_context *context,
                                              const char *name_or_path, aj_error *err);
/* From text (`name` stands in messages). */
AJ_API AJ_MUST_USE aj_status aj_hardware_load_text(aj_hardware **out, aj_context *context, const char *yaml,
                                                   size_t size, const char *name, aj_error *err);
/* An independent copy. */
AJ_API AJ_MUST_USE aj_status aj_hardware_clone(aj_hardware **out, const aj_hardware *hardware, aj_error *err);
AJ_API void aj_hardware_destroy(aj_hardware *hardware);

/* Sets one parameter: an SI number ("1e-15"), a number with unit ("1fF", "1550 nm", "0.2"), one of a choice's
 * words
 * ("sample"), or "none" for not described.  Its source becomes "set by the user".  The combination is checked
 * by aj_hardware_check (aj_evaluate does it). */
AJ_API AJ_MUST_USE aj_status aj_hardware_set(aj_hardware *hardware, const char *key, const char *text,
                                             aj_error *err);
AJ_API AJ_MUST_USE aj_status aj_hardware_set_number(aj_hardware *hardware, const char *key, double value,
                                                    aj_error *err);
/* The same with the words that say where the number is from ("measured by ..."); they are copied. */
AJ_API AJ_MUST_USE aj_status aj_hardware_set_sourced(aj_hardware *hardware, const char *key, double value,
                                                     const char *source, aj_error *err);
/* Ranges were checked at set; this checks the keys against each other. */
AJ_API AJ_MUST_USE aj_status aj_hardware_check(const aj_hardware *hardware, aj_error *err);
/* Whether its gains or ranges come from samples of the data. */
AJ_API bool aj_hardware_needs_calibration(const aj_hardware *hardware);

typedef struct {
    const char *name, *family, *family_summary;
    aj_evidence evidence;
    int year;
    const char *node, *cite, *summary;
    const char *latency_of; /* one sentence: what its latency is the latency of */
} aj_hardware_info;
AJ_API aj_hardware_info aj_hardware_describe(const aj_hardware *hardware); /* borrowed until destroy */

typedef struct {
    const char *key, *unit; /* SI unit; "" for a ratio, a count or a word */
    double value;           /* NaN = not described */
    const char *word;       /* of a choice, else NULL */
    const char *source;     /* never NULL; "default: ..." where the preset does not name the key */
    const char *help;
    double minimum, maximum;
} aj_parameter;
AJ_API size_t aj_hardware_n_parameters(const aj_hardware *hardware);
AJ_API aj_parameter aj_hardware_parameter(const aj_hardware *hardware, size_t i);
/* false when the family has no such key. */
AJ_API bool aj_hardware_find(const aj_hardware *hardware, const char *key, aj_parameter *out);

/* Shipped presets and families by number, NULL at the end. */
AJ_API const char *aj_hardware_preset_name(size_t i);
AJ_API const char *aj_hardware_family_name(size_t i);

#ifdef __cplusplus
}
#endif
#endif
