/* bench_crossbar: what the exact effective conductances of a crossbar cost, in processor time of one thread:
 * the least of a few runs. The aim is 1 s for 128 x 128. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "physics/crossbar.h"

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void measure(size_t n, size_t m, int rounds)
{
    double *g = malloc(n * m * sizeof *g), *effective = malloc(n * m * sizeof *g);
    double *work = malloc(ajp_crossbar_workspace(n, m) * sizeof *work), best = 1e9;
    if (g == NULL || effective == NULL || work == NULL) exit(1);
    for (size_t i = 0; i < n * m; i++) g[i] = 25e-6 * (double)(i * 2654435761U % 1000) / 1000.0;
    ajp_crossbar_wires wires = {1.0, 1.0, 0.0, 0.0, AJP_END_FIRST, AJP_END_LAST};
    for (int r = 0; r < rounds; r++) {
        double started = processor_seconds();
        if (ajp_effective_conductances(n, m, g, &wires, effective, work, NULL) != AJ_OK) exit(1);
        double spent = processor_seconds() - started;
        if (spent < best) best = spent;
    }
    printf("%4zu x %-4zu  %8.4f s\n", n, m, best);
    free(g);
    free(effective);
    free(work);
}

int main(void)
{
    measure(64, 64, 20);
    measure(128, 128, 10);
    measure(256, 256, 2);
    measure(1152, 256, 1);
    return 0;
}
