/* context.c: the context, its memory and the arena. */
#include "internal.h"
#include "pool.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    if (size > SIZE_MAX - 64) return NULL;
    return aligned_alloc(64, ajp_round_up(size, 64));
}

static void default_free(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static unsigned usable_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 256 ? 256 : (unsigned)n;
}

static aj_isa best_isa(void)
{
    if (aj_isa_supported(AJ_ISA_AVX512)) return AJ_ISA_AVX512;
    if (aj_isa_supported(AJ_ISA_AVX2)) return AJ_ISA_AVX2;
    return AJ_ISA_SCALAR;
}

aj_status aj_context_create(aj_context **out, const aj_context_options *options, aj_error *err)
{
    aj_context_options defaults = AJ_CONTEXT_OPTIONS_INIT;
    *out = NULL;
    if (options == NULL) options = &defaults;
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "context options: struct_size %zu; use AJ_CONTEXT_OPTIONS_INIT",
                        options->struct_size);
    if (!aj_isa_supported(options->isa))
        return ajp_fail(err, AJ_UNSUPPORTED, 0, "instruction set %s is not on this machine; use auto",
                        aj_isa_name(options->isa));
    if (options->n_threads > 1024)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%u threads asked for; use 1 to 1024", options->n_threads);
    aj_allocator allocator = options->allocator;
    if (allocator.alloc == NULL) allocator = (aj_allocator){default_alloc, default_free, NULL};
    aj_context *context = allocator.alloc(allocator.user, sizeof *context);
    if (context == NULL) return ajp_no_memory(err, "context");
    *context = (aj_context){.allocator = allocator,
                            .progress = options->progress,
                            .memory_limit_bytes = options->memory_limit_bytes};
    context->isa = options->isa == AJ_ISA_AUTO ? best_isa() : options->isa;
    aj_status st = AJ_OK;
    if (options->data_root != NULL && (context->data_root = ajp_strdup(context, options->data_root)) == NULL)
        st = ajp_no_memory(err, "context");
    unsigned n_threads = options->n_threads != 0 ? options->n_threads : usable_processors();
    if (st == AJ_OK) st = ajp_pool_create(&context->pool, &context->allocator, n_threads, err);
    if (st != AJ_OK) {
        aj_context_destroy(context);
        return st;
    }
    *out = context;
    return AJ_OK;
}

void aj_context_destroy(aj_context *context)
{
    if (context == NULL) return;
    ajp_pool_destroy(context->pool);
    ajp_free(context, context->data_root);
    aj_allocator allocator = context->allocator;
    allocator.free(allocator.user, context);
}

unsigned aj_context_threads(const aj_context *context)
{
    return ajp_pool_threads(context->pool);
}

aj_isa aj_context_isa(const aj_context *context)
{
    return context->isa;
}

void *ajp_alloc(const aj_context *context, size_t size)
{
    if (size == 0) size = 1;
    return context == NULL ? default_alloc(NULL, size)
                           : context->allocator.alloc(context->allocator.user, size);
}

void *ajp_calloc(const aj_context *context, size_t n, size_t size)
{
    size_t total;
    if (!ajp_size_mul(n, size, &total)) return NULL;
    void *pointer = ajp_alloc(context, total);
    if (pointer != NULL) memset(pointer, 0, total);
    return pointer;
}

void ajp_free(const aj_context *context, void *pointer)
{
    if (pointer == NULL) return;
    if (context == NULL)
        free(pointer);
    else
        context->allocator.free(context->allocator.user, pointer);
}

char *ajp_strdup(const aj_context *context, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = ajp_alloc(context, size);
    if (copy != NULL) memcpy(copy, text, size);
    return copy;
}

aj_status ajp_no_memory(aj_error *err, const char *what)
{
    return ajp_fail(err, AJ_NO_MEMORY, 0, "%s: memory ran out; use a smaller model, chunk or sample count",
                    what);
}

aj_status ajp_grow(const aj_context *context, void **array, size_t *n_capacity, size_t n_wanted,
                   size_t element_size, const char *what, aj_error *err)
{
    if (n_wanted <= *n_capacity) return AJ_OK;
    size_t n = *n_capacity < 8 ? 8 : *n_capacity, size;
    while (n < n_wanted)
        if (!ajp_size_mul(n, 2, &n)) return ajp_no_memory(err, what);
    if (!ajp_size_mul(n, element_size, &size)) return ajp_no_memory(err, what);
    void *bigger = ajp_alloc(context, size);
    if (bigger == NULL) return ajp_no_memory(err, what);
    if (*n_capacity > 0) memcpy(bigger, *array, *n_capacity * element_size);
    ajp_free(context, *array);
    *array = bigger;
    *n_capacity = n;
    return AJ_OK;
}

/* ---- arena ---- */
struct ajp_arena_block {
    ajp_arena_block *next;
    size_t used, size; /* of the bytes behind the 64-byte header */
};
enum { ARENA_HEADER = 64, ARENA_BLOCK = 16384 };

void ajp_arena_init(ajp_arena *arena, const aj_context *context)
{
    *arena = (ajp_arena){context, NULL, false};
}

void *ajp_arena_alloc(ajp_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) return NULL;
    size = ajp_round_up(size == 0 ? 1 : size, 64);
    ajp_arena_block *block = arena->head;
    if (block == NULL || block->size - block->used < size) {
        size_t n_bytes = size > ARENA_BLOCK ? size : ARENA_BLOCK;
        block = ajp_alloc(arena->context, ARENA_HEADER + n_bytes);
        if (block == NULL) {
            arena->failed = true;
            return NULL;
        }
        *block = (ajp_arena_block){arena->head, 0, n_bytes};
        arena->head = block;
    }
    void *pointer = (unsigned char *)block + ARENA_HEADER + block->used;
    block->used += size;
    memset(pointer, 0, size);
    return pointer;
}

void *ajp_arena_array(ajp_arena *arena, size_t n, size_t size)
{
    size_t total;
    return ajp_size_mul(n, size, &total) ? ajp_arena_alloc(arena, total) : NULL;
}

char *ajp_arena_strndup(ajp_arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX) return NULL;
    char *copy = ajp_arena_alloc(arena, length + 1);
    if (copy != NULL) memcpy(copy, text, length);
    return copy;
}

char *ajp_arena_strdup(ajp_arena *arena, const char *text)
{
    return ajp_arena_strndup(arena, text, strlen(text));
}

char *ajp_arena_printf(ajp_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) return NULL;
    char *text = ajp_arena_alloc(arena, (size_t)length + 1);
    if (text == NULL) return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void ajp_arena_reset(ajp_arena *arena)
{
    size_t size = 0;
    if (arena->head == NULL) return;
    for (const ajp_arena_block *block = arena->head; block != NULL; block = block->next) size += block->size;
    if (arena->head->next != NULL) {
        ajp_arena_free(arena);
        (void)ajp_arena_alloc(arena, size); /* without it the next objects get blocks of their own again */
    }
    if (arena->head != NULL) arena->head->used = 0;
    arena->failed = false;
}

void ajp_arena_free(ajp_arena *arena)
{
    for (ajp_arena_block *block = arena->head, *next; block != NULL; block = next) {
        next = block->next;
        ajp_free(arena->context, block);
    }
    arena->head = NULL;
}
