/* Losses, sampling, boxes, transforms, old broadcasting, bits: over samples where they allow it. */
#include "op_case.h"

enum { N = 2, C = 3, P = 4 };
static float x[400], want[400];

/* x [N][C + 1][P]: scores of C classes at P places, and a last row of numbers that become labels. */
static void test_losses(void)
{
    const float weights_of[C] = {0.5F, 2, 3};
    float scores[N * (C + 1) * P];
    for (size_t k = 0; k < N * (C + 1) * P; k++)
        scores[k] = k / P % (C + 1) == C ? (float)(k % C) : 3 * op_number(k);
    for (int entropy = 0; entropy < 2; entropy++) {
        build b = op_start(13);
        node_begin(&b, "Split", "parts", "x,sizes", "s,l");
        attribute_int(&b, "axis", 1);
        node_end(&b);
        node(&b, "Squeeze", "squeeze", "l,one", "l1");
        node_begin(&b, "Cast", "cast", "l1", "labels");
        attribute_int(&b, "to", AJP_INT64);
        node_end(&b);
        node_begin(&b, entropy ? "SoftmaxCrossEntropyLoss" : "NegativeLogLikelihoodLoss", "op", "s,labels,w",
                   "y");
        attribute_text(&b, "reduction", "none");
        attribute_int(&b, "ignore_index", 1);
        node_end(&b);
        shape(&b, "sizes", 2, (int64_t[]){C, 1});
        shape(&b, "one", 1, (int64_t[]){1});
        weights(&b, "w", weights_of, 1, (int64_t[]){C});
        for (size_t n = 0; n < N; n++)
            for (size_t p = 0; p < P; p++) {
                const float *at = scores + n * (C + 1) * P + p;
                size_t label = (size_t)at[C * P];
                double total = 0;
                for (size_t c = 0; c < C; c++) total += exp((double)at[c * P]);
                double loss = (entropy ? log(total) : 0) - (double)at[label * P];
                want[n * P + p] = label == 1 ? 0 : (float)(loss * (double)weights_of[label]);
            }
        op_expect(&b, entropy ? "entropy" : "likelihood", 3, (size_t[]){N, C + 1, P}, scores, want, N * P,
                  true);
    }
}

/* sum over [3][3] of op_number(i) times torch.nn.functional.grid_sample 1.13 (modes bilinear, nearest,
 * bicubic; padding zeros, border, reflection; align_corners) of the image x[:, :, :4] with a grid of 1.9
 * times what follows. */
static const float grid_sums[3][3][2][2] = {
    {
        {
            {0.20093566F, 0.050232349F},
            {-0.015584816F, 0.2516551F},
        },
        {
            {-0.18065455F, -0.066469584F},
            {-0.26512181F, 0.40223294F},
        },
        {
            {0.085045387F, -0.39013623F},
            {-0.1897287F, -0.054899285F},
        },
    },
    {
        {
            {0.62453729F, 0.2724035F},
            {0.33512233F, 0.21261696F},
        },
        {
            {0.019716051F, 0.56308689F},
            {0.019716051F, 0.56308689F},
        },
        {
            {1.1478794F, -0.24072317F},
            {1.1478794F, -0.083974862F},
        },
    },
    {
        {
            {0.34967797F, 0.070711629F},
            {0.040932692F, 0.26981941F},
        },
        {
            {-0.12838337F, -0.078236598F},
            {-0.20619933F, 0.47657175F},
        },
        {
            {0.29519485F, -0.30076265F},
            {-0.19222999F, -0.16602486F},
        },
    },
};

static void test_grid(void)
{
    static const char *const modes[] = {"bilinear", "nearest", "bicubic"};
    static const char *const later[] = {"linear", "nearest", "cubic"}; /* from opset 20 on */
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    float w[9];
    for (size_t i = 0; i < 9; i++) w[i] = op_number(i);
    for (size_t k = 0; k < 36; k++) {
        size_t mode = k / 12, padding = k / 4 % 3;
        bool align = k / 2 % 2 != 0, new_names = k % 2 != 0;
        build b = op_start(new_names ? 20 : 16);
        node_begin(&b, "Split", "parts", "x,sizes", "image,rest");
        attribute_int(&b, "axis", 2);
        node_end(&b);
        node(&b, "Reshape", "flat", "rest,flat_shape", "numbers");
        node(&b, "Slice", "slice", "numbers,zero,eighteen,one", "some");
        node(&b, "Reshape", "turn", "some,grid_shape", "small");
        node(&b, "Mul", "widen", "small,wide", "grid");
        node_begin(&b, "GridSample", "op", "image,grid", "sampled");
        attribute_text(&b, "mode", new_names ? later[mode] : modes[mode]);
        attribute_text(&b, "padding_mode", paddings[padding]);
        attribute_int(&b, "align_corners", align);
        node_end(&b);
        node(&b, "Mul", "weigh", "sampled,w", "weighed");
        node_begin(&b, "Reshape", "rows", "weighed,row_shape", "rows");
        node_end(&b);
        node(&b, "ReduceSum", "sum", "rows,one", "y");
        shape(&b, "sizes", 2, (int64_t[]){4, 4});
        shape(&b, "flat_shape", 2, (int64_t[]){0, 20});
        shape(&b, "zero", 1, (int64_t[]){0});
        shape(&b, "eighteen", 1, (int64_t[]){18});
        shape(&b, "one", 1, (int64_t[]){1});
        shape(&b, "grid_shape", 4, (int64_t[]){-1, 3, 3, 2});
        shape(&b, "row_shape", 2, (int64_t[]){0, 9});
        weights(&b, "wide", (float[]){1.9F}, 1, (int64_t[]){1});
        weights(&b, "w", w, 2, (int64_t[]){3, 3});
        op_expect(&b, modes[mode], 4, (size_t[]){N, 1, 8, 5}, x, grid_sums[mode][padding][align], N, true);
    }
}

/* A volume and a grid of nothing but its own places gives it back. */
static void test_volume(void)
{
    enum { D = 2, H = 3, W = 4, ALL = D * H * W };
    float grid[N * ALL * 3];
    for (size_t k = 0; k < N * ALL; k++) {
        grid[3 * k] = (float)(2.0 * (double)(k % W) / (W - 1) - 1);
        grid[3 * k + 1] = (float)(2.0 * (double)(k / W % H) / (H - 1) - 1);
        grid[3 * k + 2] = (float)(2.0 * (double)(k / W / H % D) / (D - 1) - 1);
    }
    build b = op_start(20);
    node_begin(&b, "GridSample", "op", "x,g", "y");
    attribute_int(&b, "align_corners", 1);
    node_end(&b);
    weights(&b, "g", grid, 5, (int64_t[]){N, D, H, W, 3});
    op_expect(&b, "a volume", 5, (size_t[]){N, 1, D, H, W}, x, x, N * ALL, false);
}

static void test_boxes(void)
{
    const float corners[] = {0, 0, 2, 2, 0, 0.2F, 2, 2.2F, 0, 10, 2, 12, 2, 12.1F, 0, 10.1F, 5, 5, 6, 6};
    const float centres[] = {1, 1, 2, 2, 1, 1.2F, 2, 2, 1, 11, 2, 2, 1, 11.1F, 2, 2, 5.5F, 5.5F, 1, 1};
    const float scores[] = {0.8F, 0.9F, 0.5F, 0.6F, 0.1F};
    const float best[] = {0, 0, 1, 0, 0, 3};
    for (int64_t centered = 0; centered < 2; centered++) {
        build b = op_start(11);
        node_begin(&b, "NonMaxSuppression", "op", "x,scores,most,overlap,least", "chosen");
        attribute_int(&b, "center_point_box", centered);
        node_end(&b);
        node_begin(&b, "Cast", "cast", "chosen", "y");
        attribute_int(&b, "to", AJP_FLOAT32);
        node_end(&b);
        weights(&b, "scores", scores, 3, (int64_t[]){1, 1, 5});
        shape(&b, "most", 1, (int64_t[]){4});
        weights(&b, "overlap", (float[]){0.5F}, 1, (int64_t[]){1});
        weights(&b, "least", (float[]){0.1F}, 1, (int64_t[]){1}); /* the last box is not above it */
        op_expect(&b, "boxes", 3, (size_t[]){1, 5, 4}, centered ? centres : corners, best, 6, false);
    }
}

static void test_regions(void)
{
    build b = op_start(16);
    node_begin(&b, "RoiAlign", "op", "x,r,i", "y");
    attribute_int(&b, "output_height", 2);
    attribute_int(&b, "output_width", 1);
    attribute_int(&b, "sampling_ratio", 1);
    node_end(&b);
    weights(&b, "r", (float[]){0.5F, 0.5F, 4.5F, 3.5F}, 2, (int64_t[]){1, 4});
    shape(&b, "i", 1, (int64_t[]){1});
    /* bins of 1.5 x 4 from (0, 0): their middles are (0.75, 2) and (2.25, 2) */
    const float *image = x + 40;
    want[0] = (float)(0.25 * (double)image[2] + 0.75 * (double)image[5 + 2]);
    want[1] = (float)(0.75 * (double)image[2 * 5 + 2] + 0.25 * (double)image[3 * 5 + 2]);
    op_expect(&b, "regions", 4, (size_t[]){N, 1, 8, 5}, x, want, 2, false);
    b = op_start(16);
    node(&b, "RoiAlign", "op", "x,r,i", "y");
    weights(&b, "r", (float[]){0, 0, 1, 1}, 2, (int64_t[]){1, 4});
    shape(&b, "i", 1, (int64_t[]){2});
    op_refuses(&b, "a region of no image", 4, (size_t[]){N, 1, 8, 5}, x, AJ_BAD_ARGUMENT,
               "region in image 2 of 2");
}

static void test_transforms(void)
{
    enum { LENGTH = 7 };
    const double turn = 2 * acos(-1) / LENGTH;
    for (int64_t opset = 17; opset < 21; opset += 3) {
        build b = op_start(opset);
        node_begin(&b, "DFT", "op", opset < 20 ? "x,n" : "x,n,axis", "y");
        if (opset < 20) attribute_int(&b, "axis", 1);
        attribute_int(&b, "onesided", 1);
        node_end(&b);
        initializer(&b, "n", AJP_INT64, 0, NULL, &(int64_t){LENGTH}, 8);
        initializer(&b, "axis", AJP_INT64, 0, NULL, &(int64_t){-3}, 8);
        size_t k = 0; /* x [N][5][2][1], padded with zeros to 7; 4 of the 7 are given */
        for (size_t n = 0; n < N; n++)
            for (size_t f = 0; f < LENGTH / 2 + 1; f++)
                for (size_t e = 0; e < 2; e++) {
                    double re = 0, im = 0;
                    for (size_t j = 0; j < 5; j++) {
                        re += (double)x[(n * 5 + j) * 2 + e] * cos(turn * (double)(f * j));
                        im -= (double)x[(n * 5 + j) * 2 + e] * sin(turn * (double)(f * j));
                    }
                    want[k++] = (float)re;
                    want[k++] = (float)im;
                }
        op_expect(&b, "transform", 4, (size_t[]){N, 5, 2, 1}, x, want, k, true);
    }
    /* frames of 4 at steps of 3, a window; there and back is what it was */
    build b = op_start(17);
    node_begin(&b, "STFT", "op", "x,step,window", "f");
    attribute_int(&b, "onesided", 0);
    node_end(&b);
    node_begin(&b, "DFT", "back", "f", "y");
    attribute_int(&b, "axis", 2);
    attribute_int(&b, "inverse", 1);
    node_end(&b);
    initializer(&b, "step", AJP_INT64, 0, NULL, &(int64_t){3}, 8);
    weights(&b, "window", (float[]){0.5F, 1, 2, 3}, 1, (int64_t[]){4});
    const double window[] = {0.5, 1, 2, 3};
    size_t k = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t frame = 0; frame < 3; frame++)
            for (size_t j = 0; j < 4; j++, k += 2) {
                want[k] = (float)(window[j] * (double)x[n * 10 + frame * 3 + j]);
                want[k + 1] = 0;
            }
    op_expect(&b, "frames", 3, (size_t[]){N, 10, 1}, x, want, k, true);
}

/* Before opset 7: one slope a channel; an axis for what is broadcast. */
static void test_old_broadcasting(void)
{
    build b = op_start(6);
    node(&b, "PRelu", "op", "x,s", "y");
    weights(&b, "s", (float[]){0.5F, -2, 3}, 1, (int64_t[]){3});
    const float slopes[] = {0.5F, -2, 3};
    for (size_t k = 0; k < N * 3 * 4; k++) want[k] = x[k] < 0 ? x[k] * slopes[k / 4 % 3] : x[k];
    op_expect(&b, "slopes", 4, (size_t[]){N, 3, 2, 2}, x, want, N * 12, true);

    b = op_start(6);
    node_begin(&b, "Pow", "op", "x,p", "y");
    attribute_int(&b, "broadcast", 1);
    attribute_int(&b, "axis", 1);
    node_end(&b);
    weights(&b, "p", (float[]){1, 2, 3}, 1, (int64_t[]){3});
    for (size_t k = 0; k < N * 3 * 4; k++) want[k] = (float)pow((double)x[k], (double)(1 + k / 4 % 3));
    op_expect(&b, "powers", 4, (size_t[]){N, 3, 2, 2}, x, want, N * 12, true);

    b = op_start(6);
    node(&b, "Pow", "op", "x,p", "y");
    weights(&b, "p", (float[]){1, 2, 3}, 1, (int64_t[]){3});
    op_refuses(&b, "without being asked for", 3, (size_t[]){N, 2, 3}, x, AJ_CORRUPT,
               "before opset 7 broadcasting");
}

static void test_bits(void)
{
    static const char *const names[] = {"BitwiseAnd", "BitwiseOr", "BitwiseXor"};
    static float numbers[40];
    for (size_t k = 0; k < 40; k++) numbers[k] = (float)((int)(k * 97 % 256) - 128);
    for (size_t op = 0; op < 3; op++) {
        build b = op_start(18);
        node_begin(&b, "Cast", "cast", "x", "i");
        attribute_int(&b, "to", AJP_INT16);
        node_end(&b);
        node(&b, names[op], "op", "i,m", "j");
        node(&b, "BitwiseNot", "not", "j", "k");
        node_begin(&b, "Cast", "back", "k", "y");
        attribute_int(&b, "to", AJP_FLOAT32);
        node_end(&b);
        initializer(&b, "m", AJP_INT16, 1, (int64_t[]){5}, (int16_t[]){0, -1, 0x55, 0x7f00, -256}, 10);
        static const int masks[] = {0, -1, 0x55, 0x7f00, -256};
        for (size_t k = 0; k < 40; k++) {
            int a = (int)numbers[k], m = masks[k % 5];
            want[k] = (float)~(op == 0 ? a & m : op == 1 ? a | m : a ^ m);
        }
        op_expect(&b, names[op], 2, (size_t[]){8, 5}, numbers, want, 40, true);
    }
}

/* As many inputs as a file likes. */
static void test_many_inputs(void)
{
    enum { MANY = 50, ROWS = 6, COLS = 3 };
    static const char *const operators[] = {"Sum", "Mean", "Max", "Min"};
    for (size_t op = 0; op < 4; op++) {
        char names[8 * MANY] = "x";
        float values[MANY][COLS];
        build b = op_start(13);
        memcpy(want, x, ROWS * COLS * sizeof *want);
        for (size_t k = 1; k < MANY; k++) {
            snprintf(names + strlen(names), 8, ",w%zu", k);
            for (size_t j = 0; j < COLS; j++) values[k][j] = 3 * op_number(100 + 7 * k + j);
            for (size_t i = 0; i < ROWS * COLS; i++) {
                float v = values[k][i % COLS];
                want[i] = op < 2 ? want[i] + v : op == 2 ? fmaxf(want[i], v) : fminf(want[i], v);
            }
        }
        for (size_t i = 0; i < ROWS * COLS; i++) want[i] = op == 1 ? want[i] / MANY : want[i];
        node(&b, operators[op], "op", names, "y");
        for (size_t k = 1; k < MANY; k++) {
            char name[8];
            snprintf(name, sizeof name, "w%zu", k);
            weights(&b, name, values[k], 1, (int64_t[]){COLS});
        }
        op_expect(&b, operators[op], 2, (size_t[]){ROWS, COLS}, x, want, ROWS * COLS, true);
    }
}

int main(void)
{
    op_open();
    for (size_t i = 0; i < 400; i++) x[i] = op_number(i);
    test_losses();
    test_grid();
    test_volume();
    test_boxes();
    test_regions();
    test_transforms();
    test_old_broadcasting();
    test_bits();
    test_many_inputs();
    aj_context_destroy(context);
    return check_report();
}
