/* internal.h: errors, memory and arithmetic helpers that every room uses. */
#ifndef AJP_INTERNAL_H
#define AJP_INTERNAL_H

#include "attojoule/base.h"

/* Fills err (NULL allowed) and returns status, so that a failure is one line:
 *   return ajp_fail(err, AJ_NOT_FOUND, errno, "%s: cannot open; check the path", path); */
aj_status ajp_fail(aj_error *err, aj_status status, int system_errno, const char *format, ...)
    AJ_PRINTF(4, 5);
/* Status that fits an errno: ENOENT -> NOT_FOUND, EACCES -> DENIED, ENOMEM -> NO_MEMORY, else IO. */
aj_status ajp_status_from_errno(int system_errno);

#define AJ_TRY(expression)              \
    do {                                \
        aj_status try_ = (expression);  \
        if (try_ != AJ_OK) return try_; \
    } while (0)
/* Same for functions with one exit: sets `st` and jumps to done. */
#define AJ_TRY_DONE(expression)     \
    do {                            \
        st = (expression);          \
        if (st != AJ_OK) goto done; \
    } while (0)

/* ---- memory: everything goes through the context's allocator, aligned to 64 bytes.
 * A NULL context stands for the C library's allocator: records outlive the context they were made with. ----
 */
struct ajp_pool;
struct aj_context {
    aj_allocator allocator;
    aj_progress progress;
    aj_isa isa; /* resolved: never AUTO */
    struct ajp_pool *pool;
    char *data_root;           /* or NULL */
    size_t memory_limit_bytes; /* 0 = none */
};

void *ajp_alloc(const aj_context *context, size_t size);            /* NULL when out of memory; size 0 -> 1 */
void *ajp_calloc(const aj_context *context, size_t n, size_t size); /* zeroed; NULL on overflow too */
void ajp_free(const aj_context *context, void *pointer);            /* NULL allowed */
char *ajp_strdup(const aj_context *context, const char *text);
aj_status ajp_no_memory(aj_error *err, const char *what);
/* Grows an array to hold at least n_wanted elements (doubling); on failure the old array stays valid. */
aj_status ajp_grow(const aj_context *context, void **array, size_t *n_capacity, size_t n_wanted,
                   size_t element_size, const char *what, aj_error *err);

static inline bool ajp_size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool ajp_size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline size_t ajp_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}
static inline size_t ajp_round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* ---- arena: many small objects with one lifetime ---------------------------------------------- */
typedef struct ajp_arena_block ajp_arena_block;
typedef struct {
    const aj_context *context;
    ajp_arena_block *head;
    bool failed; /* memory ran out once: what was built may have gaps */
} ajp_arena;
void ajp_arena_init(ajp_arena *arena, const aj_context *context);
void *ajp_arena_alloc(ajp_arena *arena, size_t size); /* zeroed, 64-byte aligned; NULL when out of memory */
void *ajp_arena_array(ajp_arena *arena, size_t n, size_t size); /* NULL on overflow too */
char *ajp_arena_strdup(ajp_arena *arena, const char *text);
char *ajp_arena_strndup(ajp_arena *arena, const char *text, size_t length);
char *ajp_arena_printf(ajp_arena *arena, const char *format, ...) AJ_PRINTF(2, 3);
/* Forgets everything and keeps the memory, in one block: doing the same again allocates nothing. */
void ajp_arena_reset(ajp_arena *arena);
void ajp_arena_free(ajp_arena *arena); /* frees everything; the arena can be used again */

/* ---- time -------------------------------------------------------------------------------------- */
double ajp_now_seconds(void); /* monotonic clock */

/* A piece of work that reports.  begin, then step(n_done) as often as you like (it throttles), then finish.
 */
typedef struct {
    const aj_context *context;
    const char *what, *unit;
    uint64_t n_total, n_start;
    double started_seconds, last_seconds;
} ajp_work;
/* n_start: what an earlier run had done already (resumed work), left out of the rate. */
void ajp_work_begin(ajp_work *work, const aj_context *context, const char *what, const char *unit,
                    uint64_t n_total, uint64_t n_start);
/* false = the user wants to stop. */
bool ajp_work_step(ajp_work *work, uint64_t n_done, const char *note);
void ajp_work_finish(ajp_work *work, uint64_t n_done, const char *note);

#endif
