/* [threads] base: errors, arena, pool, files, statistics, Philox. */
#include "check.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"

static void statistics(void)
{
    double values[1000];
    for (int i = 0; i < 1000; i++) values[i] = i;
    CHECK_CLOSE(aj_sum(values, 1000), 499500.0, 0);
    double five[5] = {1, 2, 3, 4, 10};
    aj_summary s = aj_summarize(five, 5);
    CHECK_CLOSE(s.mean, 4.0, 1e-15);
    CHECK_CLOSE(s.stddev, sqrt(12.5), 1e-15);
    /* Student t, 4 degrees, 97.5 %: 2.7764451051977987 (any table) */
    CHECK_CLOSE(s.ci95_high - s.mean, 2.7764451051977987 * sqrt(12.5 / 5), 1e-10);
    CHECK_CLOSE(aj_student_quantile(0.95, 1), 12.706204736174698, 1e-9);
    CHECK_CLOSE(aj_student_quantile(0.95, 1e6), 1.959966, 1e-5);
    CHECK_CLOSE(aj_normal_quantile(0.975), 1.959963984540054, 1e-12);
    CHECK_CLOSE(aj_normal_cdf(aj_normal_quantile(1e-10)), 1e-10, 1e-12);
    CHECK(isnan(aj_summarize(five, 1).stddev) && isnan(aj_summarize(five, 1).ci95_low));
    CHECK(isnan(aj_summarize(five, 0).mean));
}

static void energy(void)
{
    aj_energy e = aj_energy_none();
    CHECK(isnan(aj_energy_boundary(&e, AJ_SYSTEM)) && isnan(aj_energy_described(&e)));
    aj_energy_set(&e, AJ_CAUSE_ADC, 2.0);
    aj_energy_add(&e, AJ_CAUSE_DRAM, 3.0);
    aj_energy_add(&e, AJ_CAUSE_DRAM, 1.0);
    CHECK_CLOSE(aj_energy_boundary(&e, AJ_ACCELERATOR), 2.0, 0);
    CHECK_CLOSE(aj_energy_boundary(&e, AJ_SYSTEM), 6.0, 0);
    aj_energy_set(&e, AJ_CAUSE_LASER, (double)NAN);
    CHECK(isnan(aj_energy_boundary(&e, AJ_SYSTEM)) && isnan(aj_energy_boundary(&e, AJ_ACCELERATOR)));
    CHECK_CLOSE(aj_energy_described(&e), 6.0, 0);
}

static void count_task(void *user, size_t task, unsigned thread)
{
    (void)thread;
    atomic_fetch_add((atomic_int *)user + task, 1);
}

static void pool(void)
{
    aj_error err;
    for (unsigned n_threads = 1; n_threads <= 7; n_threads += 3) {
        aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
        options.n_threads = n_threads;
        aj_context *context;
        CHECK_OK(aj_context_create(&context, &options, &err), err);
        static atomic_int counts[100];
        for (int i = 0; i < 100; i++) atomic_store(&counts[i], 0);
        for (int round = 0; round < 2000; round++)
            ajp_pool_run(context->pool, (size_t)(round % 100 + 1), count_task, counts);
        for (int i = 0; i < 100; i++) CHECK_INT(atomic_load(&counts[i]), 2000 - 20 * i);
        aj_context_destroy(context);
    }
}

static void files(void)
{
    aj_error err;
    aj_context *context;
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    char folder[] = "/tmp/aj_base_XXXXXX", path[64];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
    ajp_file_writer writer;
    CHECK_OK(ajp_file_writer_open(&writer, context, path, &err), err);
    fputs("abc", writer.stream);
    CHECK(!ajp_file_exists(path));
    CHECK_OK(ajp_file_writer_commit(&writer, &err), err);
    ajp_file_map map;
    CHECK_OK(ajp_file_map_open(&map, context, path, &err), err);
    CHECK_INT(map.size, 3);
    char hex[65];
    ajp_sha256_hex(map.data, map.size, hex);
    CHECK_STRING(hex,
                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); /* FIPS 180-4 example */
    ajp_file_map_close(&map, context);
    CHECK_INT(ajp_file_map_open(&map, context, folder, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(ajp_file_map_open(&map, context, "/nonexistent/x", &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "/nonexistent/x");
    CHECK_OK(ajp_file_writer_open(&writer, context, path, &err), err);
    fputs("longer", writer.stream);
    ajp_file_writer_abort(&writer);
    CHECK_OK(ajp_file_map_open(&map, context, path, &err), err);
    CHECK_INT(map.size, 3); /* the old one is untouched */
    ajp_file_map_close(&map, context);
    char pipe_path[64], got[4] = ""; /* a pipe is written to and stays a pipe */
    snprintf(pipe_path, sizeof pipe_path, "%s/pipe", folder);
    CHECK_INT(mkfifo(pipe_path, 0600), 0);
    int reader = open(pipe_path, O_RDONLY | O_NONBLOCK);
    CHECK_OK(ajp_file_writer_open(&writer, context, pipe_path, &err), err);
    fputs("abc", writer.stream);
    CHECK_OK(ajp_file_writer_commit(&writer, &err), err);
    CHECK_INT(read(reader, got, 3), 3);
    CHECK_STRING(got, "abc");
    struct stat info;
    CHECK(stat(pipe_path, &info) == 0 && S_ISFIFO(info.st_mode));
    close(reader);
    unlink(pipe_path);
    if (ajp_file_exists("/dev/full")) {
        FILE *full = fopen("/dev/full", "wb");
        writer = (ajp_file_writer){full, ajp_strdup(context, path),
                                   ajp_strdup(context, "/tmp/aj_no_such_part"), context};
        fputs("x", writer.stream);
        CHECK_INT(ajp_file_writer_commit(&writer, &err), AJ_IO);
        CHECK_CONTAINS(err.message, path);
    }
    unlink(path);
    CHECK_INT(rmdir(folder), 0); /* nothing left behind */
    ajp_arena arena;
    ajp_arena_init(&arena, context);
    for (int i = 0; i < 1000; i++) {
        unsigned char *p = ajp_arena_alloc(&arena, (size_t)i * 7);
        CHECK(p != NULL && (uintptr_t)p % 64 == 0);
    }
    CHECK(ajp_arena_array(&arena, SIZE_MAX / 2, 4) == NULL);
    CHECK_STRING(ajp_arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
    ajp_arena_free(&arena);
    aj_context_destroy(context);
}

/* What a search of n trials may expect: Dodge et al. 2019 and Tang et al. 2020, and against counting. */
static void searches(void)
{
    static const double v[5] = {.70, .75, .80, .82, .90};
    static const double biased[5] = {.794, .8316, .85112, .86328,
                                     .8717024}; /* the last one is printed .871702 */
    static const double unbiased[5] = {.794, .841, .866, .884, .9};
    for (size_t n = 1; n <= 5; n++) {
        CHECK_CLOSE(aj_expected_best(v, 5, n, false), biased[n - 1], 1e-9);
        CHECK_CLOSE(aj_expected_best(v, 5, n, true), unbiased[n - 1], 1e-9);
        double sum = 0;
        int n_sets = 0;
        for (unsigned set = 0; set < 32; set++) { /* the best of every set of n */
            if (__builtin_popcount(set) != (int)n) continue;
            sum += v[31 - __builtin_clz(set)];
            n_sets++;
        }
        CHECK_CLOSE(aj_expected_best(v, 5, n, true), sum / n_sets, 1e-12);
    }
    CHECK(isnan(aj_expected_best(v, 5, 6, true)) && isnan(aj_expected_best(v, 5, 0, false)));
    CHECK(isnan(aj_expected_best((const double[]){2, 1}, 2, 1, true)));
    double many[2000];
    for (size_t i = 0; i < 2000; i++) many[i] = (double)i;
    CHECK_CLOSE(aj_expected_best(many, 2000, 1000, true), 1000.0 / 1001 * 2001 - 1, 1e-12);
    CHECK_CLOSE(aj_quantile(v, 5, 0.25), 0.75, 1e-15);
    CHECK_CLOSE(aj_quantile(v, 5, 0.9), 0.82 + 0.6 * 0.08, 1e-15);
    CHECK_CLOSE(aj_quantile(v, 1, 0.9), 0.70, 1e-15);
    CHECK(isnan(aj_quantile(v, 0, 0.5)));
    /* Means 1 and 3 around 2: between 4 x 1, total 4 + 0 + 0 + 4. */
    CHECK_CLOSE(aj_variance_share((const double[]){0, 2, 2, 4}, (const size_t[]){7, 7, 3, 3}, 4), 4.0 / 8,
                1e-15);
    CHECK_CLOSE(aj_variance_share((const double[]){1, 3, 1, 3}, (const size_t[]){0, 1, 0, 1}, 4), 1, 1e-15);
    CHECK_CLOSE(1 + aj_variance_share((const double[]){1, 3, 1, 3}, (const size_t[]){0, 0, 1, 1}, 4), 1,
                1e-15);
    CHECK(isnan(aj_variance_share((const double[]){1, 1}, (const size_t[]){0, 1}, 2)));
}

int main(void)
{
    statistics();
    searches();
    energy();
    pool();
    files();
    /* Random123 kat_vectors, philox4x32 10 rounds, first and third line */
    uint32_t out[4];
    aj_philox4x32((const uint32_t[2]){0, 0}, (const uint32_t[4]){0, 0, 0, 0}, out);
    CHECK(out[0] == 0x6627e8d5 && out[1] == 0xe169c58d && out[2] == 0xbc57ac4c && out[3] == 0x9b00dbd8);
    aj_philox4x32((const uint32_t[2]){0xa4093822, 0x299f31d0},
                  (const uint32_t[4]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, out);
    CHECK(out[0] == 0xd16cfe09 && out[1] == 0x94fdcceb && out[2] == 0x5001e420 && out[3] == 0x24126ea1);
    CHECK_STRING(aj_status_name(AJ_CORRUPT), "CORRUPT");
    CHECK_STRING(aj_status_name((aj_status)99), "UNKNOWN");
    char text[200];
    aj_progress_event event = {"sweep", 3, 9, "points", 2.5, 1.2, 5.0, NULL};
    aj_progress_format(&event, text, sizeof text);
    CHECK_STRING(text, "sweep 3/9 points  1.2 points/s  5 s left");
    return check_report();
}
