/* run.h: runs inside the room: memory, checks, samples as bytes, lines of JSON. */
#ifndef AJP_LEDGER_RUN_H
#define AJP_LEDGER_RUN_H

#include "attojoule/ledger.h"
#include "base/internal.h"

/* A run with memory of its own, everything missing; strings and arrays come from the arena. */
aj_status ajp_run_begin(aj_run *run, ajp_arena **arena, aj_error *err);
/* NO_MEMORY (and the run destroyed) when the arena ran out. */
aj_status ajp_run_finish(aj_run *run, ajp_arena *arena, aj_error *err);
bool ajp_is_uid(const char *text); /* 32 lower-case hex digits */
/* BAD_ARGUMENT with `name` and the key for what cannot be: negative energies, intervals without their value.
 */
aj_status ajp_run_check(const aj_run *run, const char *name, aj_error *err);
const char *ajp_figure_unit(const aj_figure *figure);

/* zlib streams.  Samples: times then values as IEEE 754 doubles, byte planes apart (the first bytes of all
 * numbers, the second ...), least significant first: neighbours in time differ in the low planes only. */
typedef struct {
    unsigned char *bytes; /* free with ajp_free(NULL, ...) */
    size_t size;
} ajp_packed;
aj_status ajp_pack(ajp_packed *out, const void *bytes, size_t size, aj_error *err);
aj_status ajp_pack_samples(ajp_packed *out, const aj_run_samples *samples, aj_error *err);
/* CORRUPT when the bytes are not what packing made.  The result lives in the arena. */
aj_status ajp_unpack(ajp_arena *arena, const void *packed, size_t packed_size, size_t size, void **out,
                     aj_error *err);
aj_status ajp_unpack_samples(ajp_arena *arena, const void *packed, size_t packed_size, size_t n,
                             aj_run_samples *out, aj_error *err);

/* RFC 4648 base64 with padding. */
char *ajp_base64_encode(const unsigned char *bytes, size_t size); /* ajp_free(NULL, ...); NULL: no memory */
bool ajp_base64_decode(ajp_arena *arena, const char *text, unsigned char **bytes, size_t *size);

#endif
