/* meter: opening the model, every allocation gets its turn to fail: NO_MEMORY and no meter, or the whole one.
 */
#include "meter_tree.h"

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

static void put_machine(const meter_tree *t)
{
    meter_tree_put(t, "proc/cpuinfo",
                   "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n"
                   "stepping\t: 1\nflags\t\t: fpu hypervisor\n\n");
    meter_tree_put(t, "proc/stat", "cpu  10 0 10 100 0 0 0 0\ncpu0 5 0 5 50\ncpu1 5 0 5 50\n");
    meter_tree_put(t, "proc/meminfo", "MemTotal: 8000000 kB\n");
}

int main(void)
{
    meter_tree t;
    long n = 0;
    meter_tree_begin(&t);
    put_machine(&t);
    /* A sensor that is refused besides: its remedy is told, which needs memory too. */
    meter_tree_zone(&t, "intel-rapl:0", "package-0", AMD_RANGE, 0);
    t.failing = "energy_uj";
    t.error = EACCES;
    for (aj_status st = AJ_NO_MEMORY; st != AJ_OK; n++) {
        aj_meter *meter = NULL;
        aj_error err = {AJ_OK, 0, ""};
        countdown = n;
        st = ajp_meter_open_tree(&meter, NULL, NULL, &t.tree, &err);
        countdown = -1;
        CHECK(st == AJ_OK || (st == AJ_NO_MEMORY && meter == NULL && err.message[0] != '\0'));
        if (st == AJ_OK) CHECK_CONTAINS(meter_tree_get(meter, "package").message, "chmod a+r");
        aj_meter_close(meter);
        if (n > 100000) break;
    }
    CHECK(n > 10 && n <= 100000);
    printf("%ld allocations\n", n - 1);
    fixture_remove();
    return check_report();
}
