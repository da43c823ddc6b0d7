/* meter: a trace read, and marks taken, while every allocation gets its turn to fail: NO_MEMORY and nothing
 * half-made, or the whole result. */
#include "check.h"

#include "attojoule/meter.h"

/* Stands in for the C library's: allocation number `countdown` and all later ones fail. */
static long countdown = -1;
void *aligned_alloc(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size)
{
    void *pointer = NULL;
    if (countdown == 0) return NULL;
    if (countdown > 0) countdown--;
    return posix_memalign(&pointer, alignment, size) == 0 ? pointer : NULL;
}

static const char text[] =
    "{\"attojoule_trace\": 1, \"host\": \"n1\", \"zones\": [{\"source\": \"powercap\", \"name\": "
    "\"package-0\", "
    "\"kind\": \"package\", \"role\": \"counted\", \"origin\": \"measured\", \"error_ratio\": 0}]}\n"
    "{\"seconds\": 0, \"joules\": [0]}\n{\"seconds\": 1, \"mark\": \"begin a\"}\n"
    "{\"seconds\": 2, \"joules\": [10]}\n{\"seconds\": 2, \"mark\": \"end a\"}\n"
    "{\"seconds\": 2, \"mark\": \"epoch 1 of 2\"}\n{\"seconds\": 2, \"end\": {}}\n";
static aj_error err;

static void reading(void)
{
    long n = 0;
    aj_status st = AJ_NO_MEMORY;
    for (; st != AJ_OK && n < 10000; n++) {
        aj_trace_record record;
        countdown = n;
        st = aj_trace_read_bytes(&record, text, sizeof text - 1, "trace", &err);
        countdown = -1;
        CHECK(st == AJ_OK || (st == AJ_NO_MEMORY && record.memory == NULL && record.n_points == 0));
        if (st == AJ_OK) CHECK(record.n_points == 2 && record.phases[0].energy_joules.value == 10);
        aj_trace_record_destroy(&record);
    }
    CHECK(st == AJ_OK && n > 8);
}

static void marking(void)
{
    static const char *const lines[] = {"begin a\n", "mark b\n", "epoch 1 of 3\n", "end a\n"};
    for (long n = 0; n < 40; n++) {
        aj_trace *trace = NULL;
        aj_status st;
        countdown = n;
        st = aj_trace_open(&trace, NULL, NULL, NULL, NULL, &err);
        CHECK(st == AJ_OK || (st == AJ_NO_MEMORY && trace == NULL));
        for (int i = 0; st == AJ_OK && i < 4; i++) {
            st = aj_trace_feed(trace, lines[i], strlen(lines[i]), &err);
            CHECK(st == AJ_OK || st == AJ_NO_MEMORY);
        }
        CHECK(n < 39 || st == AJ_OK);
        countdown = -1;
        CHECK_OK(aj_trace_close(trace, NULL, &err), err);
    }
}

int main(void)
{
    reading();
    marking();
    return check_report();
}
