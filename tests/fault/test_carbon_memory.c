/* carbon: every allocation of opening the tables gets its turn to fail: NO_MEMORY and nothing kept, or all of
 * them. */
#include "attojoule/carbon.h"

#include "check.h"

typedef struct {
    long countdown, n_held;
} heap;

static void *take(void *user, size_t size)
{
    heap *h = user;
    void *pointer = NULL;
    if (h->countdown == 0) return NULL;
    if (h->countdown > 0) h->countdown--;
    if (posix_memalign(&pointer, 64, size) != 0) return NULL;
    h->n_held++;
    return pointer;
}

static void give(void *user, void *pointer)
{
    heap *h = user;
    if (pointer != NULL) h->n_held--;
    free(pointer);
}

int main(void)
{
    heap h = {-1, 0};
    aj_error err = {AJ_OK, 0, ""};
    aj_context *context = NULL;
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    options.allocator = (aj_allocator){take, give, &h};
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    if (context == NULL) return 1;
    long n_before = h.n_held, n = 0;
    for (aj_status st = AJ_NO_MEMORY; st != AJ_OK && n < 100000; n++) {
        aj_carbon *carbon = NULL;
        h.countdown = n;
        st = aj_carbon_open(&carbon, context, NULL, NULL, &err);
        h.countdown = -1;
        CHECK(st == AJ_OK ? aj_carbon_n_factors(carbon) == 324 : st == AJ_NO_MEMORY && carbon == NULL);
        aj_carbon_close(carbon);
        CHECK_INT(h.n_held, n_before);
    }
    CHECK(n > 10);
    aj_context_destroy(context);
    CHECK_INT(h.n_held, 0);
    return check_report();
}
