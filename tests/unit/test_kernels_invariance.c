/* Every function of the kernels has the same bits on every instruction set of this machine: odd sizes,
 * special values, strides, all branches of a read.  (Any NaN equals any NaN: its payload is nobody's
 * promise.) */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels/kernels.h"

enum { N_MOST = 4096 };

static uint64_t state = 7;
static uint32_t random_word(void)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33);
}
static size_t below(size_t n)
{
    return random_word() % n;
}
static float random_float(float scale)
{
    return scale * (float)((double)random_word() / 1073741824.0 - 1.0);
}
static void fill(float *x, size_t n, float scale, bool special)
{
    static const float odd[] = {NAN,     INFINITY, -INFINITY, 0.0F,  -0.0F,   1e-40F,
                                -1e-44F, 3e38F,    -3e38F,    88.7F, -103.9F, 0.625F};
    for (size_t i = 0; i < n; i++)
        x[i] = special && below(6) == 0 ? odd[below(sizeof odd / sizeof odd[0])] : random_float(scale);
}

static bool equal(const float *a, const float *b, size_t n, size_t *where)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof(float)) != 0 && !(isnan(a[i]) && isnan(b[i]))) {
            *where = i;
            return false;
        }
    return true;
}

/* What a case writes: the whole buffer is compared, so that writes out of bounds show as well. */
typedef struct {
    float out[N_MOST];
} result;
static const ajp_kernels *tables[3];
static int n_tables;

static void compare(const char *what, const result *r)
{
    for (int t = 1; t < n_tables; t++) {
        size_t where = 0;
        check_count++;
        if (!equal(r[0].out, r[t].out, N_MOST, &where)) {
            check_failures++;
            fprintf(stderr, "%s: float %zu is %.9g (%a) on %s, %.9g (%a) on %s\n", what, where,
                    r[0].out[where], r[0].out[where], aj_isa_name(tables[0]->isa), r[t].out[where],
                    r[t].out[where], aj_isa_name(tables[t]->isa));
        }
    }
}
static result results[3];
static void clear(void)
{
    for (int t = 0; t < 3; t++)
        for (int i = 0; i < N_MOST; i++) results[t].out[i] = 12345.0F;
}

static float in1[N_MOST], in2[N_MOST], in3[N_MOST], in4[N_MOST];

static void test_maps(void)
{
    for (int round = 0; round < 400; round++) {
        const size_t n = below(200);
        const float scale = powf(10.0F, (float)below(6) - 2.0F);
        fill(in1, n, scale, round % 2 == 0);
        const float low = random_float(3.0F), high = low + 2.0F;
        for (int map = AJP_MAP_RELU; map < AJP_N_MAPS; map++) {
            if (map == AJP_MAP_COS) fill(in1, n, 1e4F, false);
            clear();
            for (int t = 0; t < n_tables; t++)
                tables[t]->map((ajp_map)map, in1, results[t].out + 1, n, low, high);
            compare("map", results);
        }
    }
}

static void test_rows(void)
{
    for (int round = 0; round < 300; round++) {
        const size_t m = 1 + below(6), n = 1 + below(100), in_row = n + below(5), out_row = n + below(5);
        fill(in1, N_MOST, 10.0F, round % 4 == 0);
        for (int logarithm = 0; logarithm < 2; logarithm++) {
            clear();
            for (int t = 0; t < n_tables; t++)
                tables[t]->softmax(in1, in_row, results[t].out, out_row, m, n, logarithm != 0);
            compare("softmax", results);
        }
        clear();
        for (int t = 0; t < n_tables; t++) tables[t]->column_sums(in1, in_row, m, n, results[t].out);
        compare("column_sums", results);
        clear();
        for (int t = 0; t < n_tables; t++)
            tables[t]->moments(in1, m * n, &results[t].out[0], &results[t].out[1]);
        compare("moments", results);
        fill(in2, m * n, 1.0F, false);
        clear();
        for (int t = 0; t < n_tables; t++) {
            results[t].out[2] = tables[t]->sum(in1, m * n);
            tables[t]->normalize(in1, m * n, 1e-5F, in2, in2, results[t].out + 3, results[t].out);
        }
        compare("sum and normalize", results);
        for (const char *op = "+-*/"; *op != '\0'; op++) {
            fill(in2, m * n, 10.0F, round % 4 == 0);
            clear();
            for (int t = 0; t < n_tables; t++) tables[t]->binary(*op, in1, in2, results[t].out, m * n);
            compare("binary", results);
        }
    }
}

/* Sums and maps with a constant a column. */
static void test_columns(void)
{
    for (int round = 0; round < 200; round++) {
        const size_t m = 1 + below(6), n = 1 + below(100), row = n + below(5);
        ajp_column_scale s = {.m = m, .n = n, .x = in1, .x_row = row, .z_row = row, .y_row = row};
        fill(in1, N_MOST, 10.0F, round % 4 == 0);
        fill(in2, N_MOST, 1.0F, round % 4 == 1);
        fill(in3, N_MOST, 1.0F, false);
        s.shift = in3;
        s.scale = s.z_scale = in3 + 200;
        s.offset = in3 + 400;
        s.z = round % 2 == 0 ? in2 : NULL;
        s.accumulate = round % 3 == 0;
        s.activation = (ajp_activation)below(6);
        s.activation_parameter = 0.25F;
        clear();
        for (int t = 0; t < n_tables; t++) {
            s.y = results[t].out + 5;
            tables[t]->scale_columns(&s);
            tables[t]->column_products(in1, row, in3, s.z, row, m, n, results[t].out + 2000);
        }
        compare("scale_columns and column_products", results);
    }
}

/* Windows, there and back. */
static void test_windows(void)
{
    static const float taps[4] = {0.0F, 1.0F, 2.0F, 3.0F};
    for (int round = 0; round < 200; round++) {
        const size_t n = 1 + below(40), n_places = 1 + below(5), jump[4] = {0, n, 5 * n, 6 * n};
        ajp_window_spread s = {.n_places = n_places,
                               .n_channels = n,
                               .n_jumps = 1 + below(4),
                               .jump = jump,
                               .tap = taps,
                               .x = in1,
                               .x_place = 4 * n,
                               .y_place = n * below(3)};
        fill(in1, N_MOST, 10.0F, round % 4 == 0);
        for (int t = 0; t < n_tables; t++) {
            for (size_t i = 0; i < N_MOST; i++) results[t].out[i] = (float)(i % 5);
            s.y = results[t].out;
            tables[t]->add_windows(&s);
            tables[t]->largest_windows(&s, in1, results[t].out + 1000, results[t].out + 2000);
            tables[t]->spread_windows(&s, round % 2 == 0 ? results[t].out + 2000 : NULL, 0.3F);
        }
        compare("windows", results);
        s.n_channels = 1 + below(16);
        for (int t = 0; t < n_tables; t++) {
            for (size_t i = 0; i < N_MOST; i++) results[t].out[i] = (float)(i % 5);
            s.y = results[t].out;
            tables[t]->add_products(&s, in2);
            tables[t]->place_products(&s, results[t].out + 3000);
        }
        compare("channels by themselves", results);
    }
}

static void test_training(void)
{
    for (int round = 0; round < 200; round++) {
        const size_t n = below(300);
        fill(in1, N_MOST, 1.0F, false);
        fill(in2, N_MOST, 1.0F, false);
        for (size_t i = 0; i < N_MOST; i++) in3[i] = in1[i] * in1[i];
        fill(in4, n, 1.0F, round % 5 == 0);
        clear();
        for (int t = 0; t < n_tables; t++) {
            float *w = results[t].out, *v = w + 1000;
            memcpy(w, in1, n * sizeof *w);
            memcpy(v, in2, n * sizeof *w);
            tables[t]->sgd(w, v, in4, n, 0.01F, 0.9F, 1e-3F);
        }
        compare("sgd", results);
        clear();
        for (int t = 0; t < n_tables; t++) {
            float *w = results[t].out, *m = w + 1000, *v = m + 1000;
            memcpy(w, in1, n * sizeof *w);
            memcpy(m, in2, n * sizeof *w);
            memcpy(v, in3, n * sizeof *w);
            tables[t]->adam(w, m, v, in4, n, 1e-3F, 0.9F, 0.999F, 1e-8F, 1e-3F);
        }
        compare("adam", results);
        clear();
        for (int t = 0; t < n_tables; t++) {
            memcpy(results[t].out, in4, n * sizeof(float));
            tables[t]->relu_backward(in2, results[t].out, n, 0.1F);
        }
        compare("relu_backward", results);
    }
}

static void test_random(void)
{
    for (int round = 0; round < 200; round++) {
        aj_error err = {0};
        ajp_stream stream;
        CHECK_OK(ajp_stream_make(&stream, (uint64_t)random_word() << 20, AJP_PURPOSE_READ, below(65536),
                                 below(65536), below(1 << 24), &err),
                 err);
        const size_t element0 = 16 * below(100000), n = below(300);
        const uint64_t sample = random_word();
        clear();
        for (int t = 0; t < n_tables; t++) {
            tables[t]->normals(&stream, sample, 3, element0, n, results[t].out);
            tables[t]->uniforms(&stream, sample, 3, element0, n, results[t].out + 1000);
        }
        compare("normals and uniforms", results);
        if (n < 2) continue;
        /* a cut anywhere at a multiple of 16 gives the same numbers */
        static float whole[300], parts[300];
        const size_t cut = below(n) / 16 * 16;
        tables[0]->normals(&stream, sample, 3, element0, n, whole);
        tables[0]->normals(&stream, sample, 3, element0, cut, parts);
        tables[0]->normals(&stream, sample, 3, element0 + cut, n - cut, parts + cut);
        CHECK(memcmp(whole, parts, n * sizeof(float)) == 0);
    }
}

static void test_gemm(void)
{
    for (int round = 0; round < 400; round++) {
        const size_t m = 1 + below(16), n = 1 + below(100), k = below(30), vectors = (n + 15) / 16;
        fill(in1, N_MOST, 1.0F, round % 10 == 0);
        fill(in2, N_MOST, 1.0F, round % 20 == 0);
        ajp_gemm g = {.m = m,
                      .n = n,
                      .k = k,
                      .a = in1,
                      .a_row = k + 1,
                      .a_col = 1,
                      .b = in2,
                      .b_row = 16,
                      .b_vector = 16 * k,
                      .c_row = n + 3,
                      .c_vector = 16,
                      .bias = below(2) ? in3 : NULL,
                      .activation = (ajp_activation)below(5),
                      .activation_parameter = 0.2F};
        if (round % 2 == 0) {
            g.a_row = 1;
            g.a_col = m;
            g.b_row = 16 * vectors;
            g.b_vector = 16;
        }
        fill(in3, 128, 1.0F, false);
        clear();
        for (int t = 0; t < n_tables; t++) {
            g.c = results[t].out + 16;
            tables[t]->gemm(&g);
        }
        compare("gemm", results);
    }
}

/* A read in all its branches: few counts, extra variance joined or not, phase, squares, clip, accumulate,
 * repetitions. */
static void test_count_read(void)
{
    static float gain[64], total[64], leak[64], decode[64], rows[4][128], squares[N_MOST];
    for (int round = 0; round < 600; round++) {
        const size_t m = 1 + below(30), n = 1 + below(100), k = 5, vectors = (n + 15) / 16;
        fill(in1, N_MOST, 1.0F, false);
        fill(in2, N_MOST, 1.0F, round % 30 == 0);
        fill(in3, N_MOST, 1.0F, false);
        const float light = powf(10.0F, (float)below(5) - 1.0F);
        for (size_t i = 0; i < 64; i++) {
            gain[i] = 0.2F * light * (1.0F + random_float(0.5F));
            total[i] = below(10) == 0 ? 0.0F : light * (1.0F + random_float(0.5F));
            leak[i] = random_float(0.1F * light);
            decode[i] = random_float(1.0F);
        }
        for (int a = 0; a < 4; a++)
            for (size_t j = 0; j < 128; j++)
                rows[a][j] = (a == 1 ? light : 1.0F) * (1.0F + random_float(0.5F));
        for (size_t i = 0; i < N_MOST; i++) squares[i] = fabsf(random_float(2.0F));
        uint32_t clipped[3][64] = {{0}};
        ajp_count_read read = {.sample0 = random_word(),
                               .n_reps = 1 + below(4),
                               .rep_stride = 128,
                               .element0 = 16 * below(9),
                               .draw_base = 8 * (unsigned)below(4),
                               .sample_gain = gain,
                               .sample_total = total,
                               .sample_leak = below(2) ? leak : NULL,
                               .sample_decode = decode,
                               .row_gain = rows[0],
                               .row_total = rows[1],
                               .row_leak = below(2) ? rows[2] : NULL,
                               .row_decode = rows[3],
                               .phase_offset = random_float(1.0F),
                               .phase_sigma = below(3) == 0 ? 0.3F : 0.0F,
                               .squares = below(3) == 0 ? squares : NULL,
                               .excess = 0.2F,
                               .clip = below(2) ? INFINITY : 3.0F * light,
                               .accumulate = below(2)};
        static const float extras[] = {0.0F, 0.0F, 0.1F, 0.5F, 7.0F, 161.0F};
        read.extra_variance = extras[below(6)];
        aj_error err = {0};
        CHECK_OK(ajp_stream_make(&read.stream, 99, AJP_PURPOSE_READ, 3, 1, (size_t)round, &err), err);
        ajp_gemm g = {.m = m,
                      .n = n,
                      .k = k,
                      .a = in1,
                      .a_row = k,
                      .a_col = 1,
                      .b = in2,
                      .b_row = 16,
                      .b_vector = 16 * k,
                      .c_row = 16 * vectors,
                      .c_vector = 16,
                      .bias = below(2) ? in3 : NULL,
                      .activation = (ajp_activation)below(5),
                      .activation_parameter = 0.2F,
                      .store_user = &read};
        clear();
        for (int t = 0; t < n_tables; t++) {
            g.c = results[t].out + 16;
            g.store = tables[t]->count_read;
            read.n_clipped = clipped[t];
            tables[t]->gemm(&g);
            CHECK(memcmp(clipped[0], clipped[t], sizeof clipped[0]) == 0);
        }
        compare("count_read", results);
        /* in blocks, from the last to the first */
        if (read.accumulate) continue;
        static result blocks;
        for (int i = 0; i < N_MOST; i++) blocks.out[i] = 12345.0F;
        g.c = blocks.out + 16;
        g.store = tables[0]->count_read;
        for (size_t v = vectors; v-- > 0;)
            for (size_t i = m; i-- > 0;)
                tables[0]->gemm_block(&g, i, 1, 16 * v, ajp_min_size(16, n - 16 * v));
        size_t where = 0;
        CHECK(equal(blocks.out, results[0].out, N_MOST, &where));
    }
}

static ajp_adc random_adc(void)
{
    ajp_adc adc = {
        .kind = (ajp_adc_kind)below(5), .bits = 2 + (unsigned)below(7), .low = -1.5F, .high = 2.0F};
    adc.step = 3.5F / (float)((1U << adc.bits) - 1U);
    adc.inverse_step = 1.0F / adc.step;
    adc.origin = below(2) ? adc.low : 0.0F;
    adc.relative = 1.0F / (float)(1U << below(8));
    adc.smallest = 1.0F / (float)(1U << below(12));
    for (unsigned bit = 0; bit < adc.bits; bit++) {
        adc.nominal[bit] = adc.step * (float)(1U << (adc.bits - 1U - bit));
        adc.weights[bit] = adc.nominal[bit] * (1.0F + random_float(0.05F));
    }
    return adc;
}

static void test_analog_read(void)
{
    static float of_rows[5][64], of_columns[3][128], second[N_MOST];
    for (int round = 0; round < 400; round++) {
        const size_t m = 1 + below(30), n = 1 + below(100), k = 5, vectors = (n + 15) / 16;
        fill(in1, N_MOST, 1.0F, false);
        fill(in2, N_MOST, 1.0F, round % 30 == 0);
        fill(in3, N_MOST, 1.0F, false);
        for (int a = 0; a < 5; a++)
            for (size_t i = 0; i < 64; i++) of_rows[a][i] = 1.0F + random_float(0.9F);
        for (int a = 0; a < 3; a++)
            for (size_t i = 0; i < 128; i++) of_columns[a][i] = 1.0F + random_float(0.9F);
        for (size_t i = 0; i < N_MOST; i++) second[i] = fabsf(random_float(2.0F));
        uint32_t clipped[3][64] = {{0}};
        ajp_analog_read read = {.place = {.sample0 = random_word(),
                                          .n_reps = 1 + below(4),
                                          .rep_stride = 128,
                                          .element0 = 16 * below(9),
                                          .draw_base = 8 * (unsigned)below(4)},
                                .noisy = below(3) != 0,
                                .sample_gain = of_rows[0],
                                .sample_variance = below(2) ? of_rows[1] : NULL,
                                .second_gain = of_rows[2],
                                .sample_decode = of_rows[3],
                                .sample_reference = below(2) ? of_rows[4] : NULL,
                                .row_variance = below(2) ? of_columns[0] : NULL,
                                .row_decode = below(2) ? of_columns[1] : NULL,
                                .row_offset = below(2) ? of_columns[2] : NULL,
                                .second = below(2) ? second : NULL,
                                .relative_variance = below(2) ? 0.1F : 0.0F,
                                .adc = random_adc(),
                                .accumulate = below(2)};
        aj_error err = {0};
        CHECK_OK(ajp_stream_make(&read.place.stream, 99, AJP_PURPOSE_READ, 3, 1, (size_t)round, &err), err);
        ajp_gemm g = {.m = m,
                      .n = n,
                      .k = k,
                      .a = in1,
                      .a_row = k,
                      .a_col = 1,
                      .b = in2,
                      .b_row = 16,
                      .b_vector = 16 * k,
                      .c_row = 16 * vectors,
                      .c_vector = 16,
                      .bias = below(2) ? in3 : NULL,
                      .activation = (ajp_activation)below(5),
                      .activation_parameter = 0.2F,
                      .store_user = &read};
        clear();
        for (int t = 0; t < n_tables; t++) {
            g.c = results[t].out + 16;
            g.store = tables[t]->analog_read;
            read.n_clipped = clipped[t];
            tables[t]->gemm(&g);
            CHECK(memcmp(clipped[0], clipped[t], sizeof clipped[0]) == 0);
        }
        compare("analog_read", results);
    }
}

static void test_click_read(void)
{
    static float of_rows[2][64];
    for (int round = 0; round < 200; round++) {
        const size_t m = 1 + below(30), n = 1 + below(100), k = 5, vectors = (n + 15) / 16;
        fill(in1, N_MOST, 1.0F, false);
        fill(in2, N_MOST, 1.0F, round % 30 == 0);
        fill(in3, N_MOST, 1.0F, false);
        for (int a = 0; a < 2; a++)
            for (size_t i = 0; i < 64; i++) of_rows[a][i] = 1.0F + random_float(0.9F);
        ajp_click_read read = {.place = {.sample0 = random_word(),
                                         .n_reps = 1 + below(4),
                                         .rep_stride = 128,
                                         .element0 = 16 * below(9),
                                         .draw_base = 8 * (unsigned)below(4)},
                               .sample_gain = of_rows[0],
                               .sample_decode = of_rows[1],
                               .coherent = below(2),
                               .is_signed = below(2),
                               .n_shots = (unsigned)below(5),
                               .dark = below(2) ? 0.1F : 0.0F,
                               .accumulate = below(2)};
        aj_error err = {0};
        CHECK_OK(ajp_stream_make(&read.place.stream, 98, AJP_PURPOSE_READ, 3, 1, (size_t)round, &err), err);
        ajp_gemm g = {.m = m,
                      .n = n,
                      .k = k,
                      .a = in1,
                      .a_row = k,
                      .a_col = 1,
                      .b = in2,
                      .b_row = 16,
                      .b_vector = 16 * k,
                      .c_row = 16 * vectors,
                      .c_vector = 16,
                      .bias = below(2) ? in3 : NULL,
                      .activation = (ajp_activation)below(5),
                      .activation_parameter = 0.2F,
                      .store_user = &read};
        clear();
        for (int t = 0; t < n_tables; t++) {
            g.c = results[t].out + 16;
            g.store = tables[t]->click_read;
            tables[t]->gemm(&g);
        }
        compare("click_read", results);
    }
}

static void test_encode(void)
{
    for (int round = 0; round < 400; round++) {
        const size_t n = 1 + below(300);
        fill(in1, N_MOST, 2.0F, round % 10 == 0);
        const ajp_encode encode = {.dac = random_adc(),
                                   .quadratic = below(2) ? 0.1F : 0.0F,
                                   .cubic = below(2) ? -0.05F : 0.0F,
                                   .form = (ajp_form)below(6),
                                   .bit = (unsigned)below(7),
                                   .most_code = 127.0F};
        clear();
        for (int t = 0; t < n_tables; t++) {
            tables[t]->encode(&encode, in1, n, 0.7F, results[t].out + 16);
            tables[t]->magnitudes(in1, n, results[t].out + 1000);
        }
        compare("encode", results);
    }
}

int main(void)
{
    const aj_isa isas[3] = {AJ_ISA_SCALAR, AJ_ISA_AVX2, AJ_ISA_AVX512};
    for (int i = 0; i < 3; i++)
        if (aj_isa_supported(isas[i])) tables[n_tables++] = ajp_kernels_for(isas[i]);
    printf("%d instruction sets\n", n_tables);
    if (n_tables < 2) CHECK_SKIP("this machine has no AVX2: nothing to compare with");
    test_maps();
    test_rows();
    test_columns();
    test_windows();
    test_training();
    test_random();
    test_gemm();
    test_count_read();
    test_analog_read();
    test_click_read();
    test_encode();
    return check_report();
}
