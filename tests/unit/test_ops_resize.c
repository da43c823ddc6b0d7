/* Resize against torch.nn.functional.interpolate 1.13 (float32) on op_number(0 ... 59) as [2][1][5][6];
 * antialias there leaves outside places out and its cubic coefficient is -0.5. */
#include "op_case.h"

static float x[60];
static const size_t dims[] = {2, 1, 5, 6};

static const float linear_up[] = {
    -0.29105946F, 0.33252084F,   0.26696408F,  -0.55376029F,  0.078604102F,  0.025923252F, 0.60933882F,
    -0.28090769F, 0.39438155F,   -0.13977994F, 0.55402988F,   -0.075627238F, 0.49070603F,  0.020832419F,
    -0.22619483F, -0.074024603F, 0.55846858F,  0.63536763F,   0.28395212F,   0.44545662F,  0.32249814F,
    0.46277729F,  0.092246026F,  0.37874752F,  -0.028269028F, -0.095094994F, -0.43544018F, 0.01274564F,
    0.7226721F,   -0.30869368F,  -0.12016428F, 0.36285168F,   -0.12205706F,  -0.37129745F, -0.26409325F,
    0.15687604F,  -0.64170319F,  -0.35998148F, -0.40509081F,  0.018718585F,  -0.35695165F, -0.21430951F,
    -0.48771787F, 0.059529178F,  -0.78824145F, 0.19348462F,   -0.14342335F,  -0.18733667F, -0.41278931F,
    0.012571229F, 0.27995133F,   -0.16290559F, 0.31783438F,   -0.44613659F,  0.66082704F,  0.0013308576F};
static const float linear_corners[] = {
    -0.057303622F, 0.18531545F,   0.21507886F,  -0.6716792F,  0.37767571F,   -0.085953251F, 0.64234066F,
    -0.46386155F,  0.663908F,     -0.15789901F, 0.50999695F,  -0.29197833F,  0.80139327F,   -0.030521831F,
    -0.18195209F,  -0.15602949F,  0.64828765F,  0.55845892F,  0.21805148F,   0.56012458F,   0.32955611F,
    0.55346859F,   0.15581705F,   0.59939605F,  -0.15480126F, -0.045492448F, -0.36865506F,  -0.038214657F,
    0.91800672F,   -0.25920898F,  -0.17488876F, 0.68803042F,  -0.24180771F,  -0.37553433F,  -0.2892434F,
    0.26290876F,   -0.65121883F,  -0.37104252F, -0.36415839F, 0.026129337F,  -0.31022686F,  -0.24573359F,
    -0.39963371F,  -0.022307834F, -0.73961216F, 0.056807533F, -0.08637546F,  -0.41238254F,  -0.51577812F,
    0.013474971F,  0.23899597F,   -0.39343363F, 0.36127481F,  -0.37573105F,  0.57648051F,   0.034538608F};
static const float cubic[] = {
    0.051922265F, -0.90662295F, 0.092448525F, 0.78362018F,  0.30126205F,  -0.25369322F,   -0.66656721F,
    0.80933577F,  -0.19369216F, -0.39578277F, 0.11436779F,  0.64472735F,  0.51918292F,    -0.3696107F,
    0.77011365F,  0.30223542F,  0.66241813F,  0.70657784F,  0.11974148F,  -0.0070045488F, 0.6843406F,
    -0.10305695F, 0.35089976F,  0.13184917F,  -0.40215081F, -0.31383964F, 0.180464F,      0.0700792F,
    0.7618047F,   0.24154229F,  -0.36602202F, -0.22298652F, -0.2202179F,  -0.3975372F,    0.67711854F,
    -0.79559356F, -0.64374977F, -0.3694652F,  -0.53128153F, -0.4417052F,  0.1051231F,     -0.0098139923F,
    -0.82853073F, -1.0683472F,  0.23770149F,  0.073236391F, -0.21391648F, 0.56478393F,    -0.52409482F,
    0.22443865F,  0.14551106F,  -0.45890322F, 0.17601347F,  0.66724348F,  -0.098777689F,  -0.039703861F};
static const float linear_antialias[] = {-0.0055510961F, 0.23858249F,  0.035032619F,  0.32664835F,
                                         0.1873697F,     0.16922013F,  -0.25547549F,  -0.30167863F,
                                         -0.026953805F,  -0.35913008F, 0.0081926351F, 0.029990807F};
static const float cubic_antialias[] = {-0.057813566F,  0.28489384F,  0.004237853F, 0.36084762F,
                                        0.15349758F,    0.17389828F,  -0.23950066F, -0.35032704F,
                                        -0.0035878136F, -0.40417609F, 0.051368855F, 0.038587518F};

typedef struct {
    const char *mode, *coordinates;
    float cubic_a;
    int64_t antialias;
} rule;

static void by_sizes(const char *what, const rule *r, const int64_t *sizes, const float *want, size_t n_want)
{
    build b = op_start(17);
    node_begin(&b, "Resize", "op", "x,,,sizes", "y");
    attribute_text(&b, "mode", r->mode);
    attribute_text(&b, "coordinate_transformation_mode", r->coordinates);
    attribute_float(&b, "cubic_coeff_a", r->cubic_a);
    attribute_int(&b, "antialias", r->antialias);
    attribute_int(&b, "exclude_outside", r->antialias);
    attribute_ints(&b, "axes", 2, (int64_t[]){3, -2}); /* sizes in this order */
    node_end(&b);
    shape(&b, "sizes", 2, (int64_t[]){sizes[1], sizes[0]});
    op_expect(&b, what, 4, dims, x, want, n_want, true);
}

static void by_policy(const char *policy, size_t height, size_t width)
{
    build b = op_start(17);
    node_begin(&b, "Resize", "op", "x,,,sizes", "y");
    attribute_text(&b, "keep_aspect_ratio_policy", policy);
    attribute_text(&b, "coordinate_transformation_mode", "asymmetric");
    attribute_text(&b, "nearest_mode", "floor");
    attribute_ints(&b, "axes", 2, (int64_t[]){2, 3});
    node_end(&b);
    shape(&b, "sizes", 2, (int64_t[]){15, 12}); /* 3 and 2 times */
    float want[2 * 15 * 18];
    size_t k = 0, times = height / 5;
    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; i < height; i++)
            for (size_t j = 0; j < width; j++) want[k++] = x[n * 30 + i / times * 6 + j / times];
    op_expect(&b, policy, 4, dims, x, want, k, true);
}

/* Opset 10 and Upsample: scales for all axes; the axis of the samples keeps its size. */
static void by_scales(void)
{
    float want[2 * 2 * 10 * 3];
    size_t k = 0;
    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; i < 10; i++)
            for (size_t j = 0; j < 3; j++) want[k++] = x[n * 30 + i / 2 * 6 + j * 2];
    build b = op_start(10);
    node(&b, "Resize", "op", "x,s", "y");
    weights(&b, "s", (float[]){1, 1, 2, 0.5F}, 1, (int64_t[]){4});
    op_expect(&b, "opset 10", 4, dims, x, want, k, true);
    b = op_start(9);
    node(&b, "Upsample", "op", "x,s", "y");
    weights(&b, "s", (float[]){1, 1, 2, 0.5F}, 1, (int64_t[]){4});
    op_expect(&b, "upsample", 4, dims, x, want, k, true);
    b = op_start(9);
    node(&b, "Upsample", "op", "x,s", "y");
    weights(&b, "s", (float[]){1, 1, 2, -1}, 1, (int64_t[]){4});
    op_refuses(&b, "a negative scale", 4, dims, x, AJ_CORRUPT, "scale that is not above 0");
}

int main(void)
{
    op_open();
    for (size_t i = 0; i < 60; i++) x[i] = op_number(i);
    by_sizes("linear", &(rule){"linear", "half_pixel", -0.75F, 0}, (int64_t[]){7, 4}, linear_up, 56);
    by_sizes("corners", &(rule){"linear", "align_corners", -0.75F, 0}, (int64_t[]){7, 4}, linear_corners, 56);
    by_sizes("cubic", &(rule){"cubic", "pytorch_half_pixel", -0.75F, 0}, (int64_t[]){4, 7}, cubic, 56);
    by_sizes("linear antialias", &(rule){"linear", "half_pixel", -0.75F, 1}, (int64_t[]){2, 3},
             linear_antialias, 12);
    by_sizes("cubic antialias", &(rule){"cubic", "half_pixel", -0.5F, 1}, (int64_t[]){2, 3}, cubic_antialias,
             12);
    by_policy("not_larger", 10, 12);
    by_policy("not_smaller", 15, 18);
    by_scales();
    aj_context_destroy(context);
    return check_report();
}
