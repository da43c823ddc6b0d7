/* Philox4x32-10 against the known answers of Random123 and, where it is installed, the library itself. */
#if defined(__has_include)
#if __has_include(<Random123/philox.h>)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <Random123/philox.h>
#pragma GCC diagnostic pop
#define HAVE_RANDOM123 1
#endif
#endif
#include "check.h"
#include "kernels/kernels.h"

/* Random123 1.14, tests/kat_vectors, philox4x32 with 10 rounds. */
static void test_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } known[3] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        aj_philox4x32(known[i].key, known[i].counter, out);
        for (int w = 0; w < 4; w++) CHECK_INT(out[w], known[i].want[w]);
        /* the same through the place of a number: element/4, sample, layer*2^16 + tile, trial*2^8 + draw */
        ajp_stream stream = {
            {known[i].key[0], known[i].key[1]}, known[i].counter[2], known[i].counter[3] >> 8};
        for (size_t w = 0; w < 4; w++)
            CHECK_INT(ajp_reference_word(&stream, known[i].counter[1], known[i].counter[3] & 255,
                                         (size_t)known[i].counter[0] * 4 + w),
                      known[i].want[w]);
    }
}

static void test_library(void)
{
#ifdef HAVE_RANDOM123
    uint64_t state = 1;
    for (int i = 0; i < 2000; i++) {
        uint32_t r[6], out[4];
        for (int w = 0; w < 6; w++) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            r[w] = (uint32_t)(state >> 32);
        }
        philox4x32_ctr_t counter = {{r[0], r[1], r[2], r[3]}};
        philox4x32_key_t key = {{r[4], r[5]}};
        philox4x32_ctr_t want = philox4x32_R(10, counter, key);
        aj_philox4x32(r + 4, r, out);
        for (int w = 0; w < 4; w++) CHECK_INT(out[w], want.v[w]);
    }
    printf("compared with Random123\n");
#else
    printf("Random123 is not installed: known answers only\n");
#endif
}

/* The vector version gives, at every place, the number made of the reference words. */
static void test_places(void)
{
    const aj_isa isas[3] = {AJ_ISA_AVX512, AJ_ISA_AVX2, AJ_ISA_SCALAR};
    const struct {
        size_t layer, tile, trial, element0;
        uint64_t seed, sample;
        unsigned draw;
    } cases[] = {{0, 0, 0, 0, 1, 0, 0},
                 {3, 7, 11, 1 << 20, 0x123456789abcdefU, 9999, 5},
                 {65535, 65535, (1 << 24) - 1, 16 * 77, UINT64_MAX, UINT32_MAX, 255}};
    for (int i = 0; i < 3; i++) {
        if (!aj_isa_supported(isas[i])) continue;
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
            aj_error err = {0};
            ajp_stream stream;
            CHECK_OK(ajp_stream_make(&stream, cases[c].seed, AJP_PURPOSE_READ, cases[c].layer, cases[c].tile,
                                     cases[c].trial, &err),
                     err);
            float z[333], u[333];
            const ajp_kernels *kernels = ajp_kernels_for(isas[i]);
            kernels->normals(&stream, cases[c].sample, cases[c].draw, cases[c].element0, 333, z);
            kernels->uniforms(&stream, cases[c].sample, cases[c].draw, cases[c].element0, 333, u);
            for (size_t e = 0; e < 333; e++) {
                const size_t element = cases[c].element0 + e;
                const double want = ajp_reference_normal(&stream, cases[c].sample, cases[c].draw, element);
                CHECK_NEAR(z[e], want, 1e-6 * fmax(1.0, fabs(want)));
                const uint32_t w = ajp_reference_word(&stream, cases[c].sample, cases[c].draw, element);
                CHECK_CLOSE(u[e], ((double)w + 0.5) * 0x1p-32, 1.2e-7);
            }
        }
    }
}

static void test_limits(void)
{
    ajp_stream stream;
    aj_error err = {0};
    CHECK_INT(ajp_stream_make(&stream, 1, AJP_PURPOSE_READ, 65536, 0, 0, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "layer 65536");
    CHECK_INT(ajp_stream_make(&stream, 1, AJP_PURPOSE_READ, 0, 65536, 0, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "tile 65536");
    CHECK_INT(ajp_stream_make(&stream, 1, AJP_PURPOSE_READ, 0, 0, (size_t)1 << 24, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "trial 16777216");
    CHECK_OK(ajp_stream_make(&stream, 0xAABBCCDD00000001U, AJP_PURPOSE_FROZEN, 2, 5, 9, &err), err);
    CHECK_INT(stream.key[0], 1);
    CHECK_INT(stream.key[1], 0xAABBCCDDU ^ (uint32_t)AJP_PURPOSE_FROZEN);
    CHECK_INT(stream.layer_tile, 2 * 65536 + 5);
    CHECK_INT(stream.trial, 9);
}

int main(void)
{
    test_known_answers();
    test_library();
    test_places();
    test_limits();
    return check_report();
}
