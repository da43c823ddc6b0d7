/* Windows over channels against the plain reference, bit by bit, on every instruction set. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels/kernels.h"

static uint64_t state = 20240401;
static size_t below(size_t n)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % n;
}
static float *random_array(size_t n, bool with_nan)
{
    float *x = malloc((n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)below(2000001) / 1e6F - 1.0F;
        if (with_nan && below(40) == 0) x[i] = NAN;
    }
    return x;
}

static bool same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); /* which NaN is not said */
}

static void test_one(aj_isa isa, ajp_window_kind kind)
{
    size_t jump[30], w_jump[30], c_padded;
    ajp_window w = {.kind = kind, .n_lines = 1 + below(4), .n_places = 1 + below(20), .jump = jump};
    w.n_channels = 1 + below(70);
    w.n_jumps = below(26);
    w.x_line = below(300);
    w.x_place = below(150);
    w.y_place = w.n_channels + below(3);
    w.y_line = w.n_places * w.y_place + below(5);
    w.w_jump = w_jump;
    w.scale = 0.37F;
    w.activation = below(2) == 0 ? AJP_ACTIVATION_NONE : AJP_ACTIVATION_RELU;
    c_padded = ajp_round_up(w.n_channels, AJP_LANES);
    for (size_t j = 0; j < w.n_jumps; j++) {
        jump[j] = below(400);
        w_jump[j] = below(26) * c_padded;
    }
    const size_t n_y = w.n_lines * w.y_line;
    float *x = random_array(400 + 4 * 300 + 20 * 150 + 70, kind == AJP_WINDOW_LARGEST && below(3) == 0);
    float *weights = random_array(26 * c_padded, false), *bias = random_array(c_padded, false);
    float *add = random_array(n_y, false), *want = random_array(n_y, false), *got = malloc(n_y * sizeof *got);
    memcpy(got, want, n_y * sizeof *got);
    w.x = x;
    w.w = weights;
    w.bias = below(2) == 0 ? bias : NULL;
    w.add = below(2) == 0 ? add : NULL;
    w.y = want;
    ajp_reference_window(&w);
    w.y = got;
    ajp_kernels_for(isa)->window(&w);
    size_t n_wrong = 0;
    for (size_t i = 0; i < n_y; i++)
        if (!same(got[i], want[i]) && n_wrong++ == 0)
            fprintf(stderr, "%s kind %d: float %zu is %.9g, want %.9g\n", aj_isa_name(isa), (int)kind, i,
                    got[i], want[i]);
    CHECK_INT(n_wrong, 0);
    free(x), free(weights), free(bias), free(add), free(want), free(got);
}

int main(void)
{
    const aj_isa isas[3] = {AJ_ISA_AVX512, AJ_ISA_AVX2, AJ_ISA_SCALAR};
    for (int i = 0; i < 3; i++)
        for (int n = 0; n < (isas[i] == AJ_ISA_SCALAR ? 200 : 1000) && aj_isa_supported(isas[i]); n++)
            for (int kind = AJP_WINDOW_PRODUCT; kind <= AJP_WINDOW_MEAN; kind++)
                test_one(isas[i], (ajp_window_kind)kind);
    return check_report();
}
