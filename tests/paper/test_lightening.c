/* Lightening-Transformer (Zhu et al., HPCA 2024, arXiv:2305.19533), its own simulator run again: area, power
 * by part, energy and latency of three vision transformers at 4 bit, within 0.1 %. */
#include "check.h"
#include "hardware/ddot.h"

static aj_context *context;
static aj_error err;

/* ---- networks ----------------------------------------------------------------------------------- */

enum { MOST = 64, TOKENS = 197, LAYERS = 12 };
static ajp_product_work products[MOST];
static size_t n_products;

static void add(const char *name, size_t rows, size_t cols, size_t reps, size_t heads)
{
    ajp_product_work *work = &products[n_products++];
    *work = (ajp_product_work){.product = {name, rows, cols, reps, AJP_OPERAND_CONSTANT, n_products}};
    work->weight_sum_squares = work->weight_max_abs = 1.0;
    work->product.groups = heads;
    if (heads > 0) work->product.weights = AJP_OPERAND_DYNAMIC;
}

static void vision_transformer(size_t dim)
{
    n_products = 0;
    add("embed", dim, 768, 196, 0);
    for (int i = 0; i < LAYERS; i++) {
        add("qkv", 3 * dim, dim, TOKENS, 0);
        add("scores", TOKENS, 64, TOKENS, dim / 64);
        add("values", TOKENS, TOKENS, 64, dim / 64);
        add("projection", dim, dim, TOKENS, 0);
    }
    for (int i = 0; i < 1; i++) add("head", 1000, dim, 1, 0);
}

/* ---- what their code does otherwise ------------------------------------------------------------- */

/* Joules of softmax, normalisations, sums and activations; theirs are those of one layer of twelve. */
static double other_joules(double dim)
{
    double softmax = TOKENS * TOKENS * (dim / 64.0), residual = TOKENS * 2.0 * dim,
           normal = TOKENS * (dim + 1.0), activation = TOKENS * 4.0 * dim;
    return 1e-13 * (8.0 * activation + 5.0 * normal + residual) + 51.6 / 44.8 * 1e-12 * softmax * 0.5 +
           (activation + residual + normal + softmax) * 1.655e-12 * 4.0 / 16.0 * 2.0;
}

/* Reads of both operands of attention from the global buffer: they multiply them by its energy twice, so that
 * nothing is left of them. */
static double lost_joules(double dim)
{
    double scores = TOKENS * 64.0 + TOKENS * 64.0 * 17.0 / 4.0,
           values = TOKENS * (double)TOKENS + 64.0 * TOKENS * 17.0 / 4.0;
    return LAYERS * dim / 64.0 * (scores + values) * 1.655e-12 * 4.0 / 16.0;
}

static ajp_account account_of(const aj_hardware *hardware)
{
    ajp_workload work = {.products = products, .n_products = n_products, .batch = 1};
    ajp_product_account per[MOST];
    ajp_account total;
    memset(&total, 0, sizeof total);
    CHECK_OK(ajp_account_network(hardware, NULL, &work, per, &total, &err), err);
    return total;
}

static double joules(const ajp_account *total)
{
    double sum = 0.0;
    for (int cause = 0; cause < AJ_N_CAUSES; cause++)
        if (cause != AJ_CAUSE_FACILITY && cause != AJ_CAUSE_HOST &&
            (total->energy.applies >> cause & 1u) != 0)
            sum += total->energy.cause_joules[cause];
    return sum;
}

static void check_network(const aj_hardware *hardware, size_t dim, double want_joules, double want_seconds)
{
    vision_transformer(dim);
    ajp_account total = account_of(hardware);
    double energy = joules(&total), seconds = total.latency_seconds;
    n_products = 0;
    for (int i = 0; i < LAYERS; i++) {
        add("up", 4 * dim, dim, TOKENS, 0);
        add("down", dim, 4 * dim, TOKENS, 0);
    }
    total = account_of(hardware);
    energy += joules(&total) + other_joules((double)dim) - lost_joules((double)dim);
    seconds += total.latency_seconds;
    CHECK_CLOSE(energy, want_joules, 1e-3);
    CHECK_CLOSE(seconds, want_seconds, 1e-3);
}

/* ---- power -------------------------------------------------------------------------------------- */

/* Two cores of four tiles, all of them busy: 48 rows, 12 vectors, 24 wavelengths in one clock. */
static void test_power(const aj_hardware *hardware)
{
    const ajp_ddot *p = ajp_hardware_get_params(hardware);
    n_products = 0;
    add("full", 48 * 10, 72 * 10, 12 * 10, 0);
    ajp_account total = account_of(hardware);
    double clocks = 10.0 * 10.0 * 30.0, seconds = clocks / 5e9;
    CHECK_CLOSE(total.latency_seconds, seconds, 1e-12);
    const double *cause = total.energy.cause_joules;
    double results = 480.0 * 120.0, readings = results * 10.0;
    CHECK_CLOSE(ajp_ddot_laser_watts(p), 96.26e-3, 1e-3);
    CHECK_CLOSE(ajp_converters_adc_joules(&p->converters) * 5e9, 3.70e-3, 1e-3);
    CHECK_CLOSE(ajp_converters_dac_joules(&p->converters) * 5e9, 2.232e-3, 1e-3);
    double watts[] = {
        cause[AJ_CAUSE_LASER] / seconds, cause[AJ_CAUSE_DAC] / seconds, cause[AJ_CAUSE_MODULATOR] / seconds,
        /* they take one reading a clock for power, and one in three for energy */
        3.0 * cause[AJ_CAUSE_ADC] / seconds, 3.0 * readings * p->receiver_energy_joules / seconds,
        (cause[AJ_CAUSE_RECEIVER] - readings * p->receiver_energy_joules) / seconds,
        3.0 * readings * p->adder_energy_joules / seconds,
        /* memory, by CACTI: leakage and accesses of 4 banks, 5 buffers of a tile, 18 of a core */
        (315.2512 + 5.0 * 0.172725 + 18.0 * 0.0154) * 1e-3};
    const double published[] = {0.770, 3.214, 4.032, 2.131, 1.728, 2.534, 0.0262, 0.316};
    double sum = 0.0;
    for (int i = 0; i < 8; i++) {
        CHECK_NEAR(watts[i], published[i], 0.0006);
        sum += watts[i];
    }
    CHECK_CLOSE(sum, 14.753, 1e-3);
}

/* ---- area --------------------------------------------------------------------------------------- */

/* Square micrometres by part, from the lengths and widths of the device table. */
static void test_area(const aj_hardware *hardware)
{
    const double tiles = 4, cores = 8, lines = 12 * 12, dots = 144, per_tile = 2;
    double unit = (1.8 + 100.0 + 5.25 + 10.0 + 30.0) * (1.8 + 45.0 + 20.0);
    double modulators = lines * (cores + per_tile), splitters = 1.8 * 1.3 + 2.0 * 1.8 * 5.0 * 1.3 * 12.0;
    double parts = 11000.0 * modulators + 2850.0 * dots * tiles + 260.0 * 20.0 * modulators +
                   4.8 * 4.8 * 2.0 * 2.0 * lines * cores + unit * dots * cores + splitters * cores +
                   50.0 * dots * tiles + (400.0 * 300.0 + 1184.0 * 1184.0) * (tiles + per_tile) +
                   240.0 / 2.7 * dots * tiles +
                   1e6 * (14.348352 + 0.0683105 * (tiles + 1.0) +
                          0.000305237 * (2.0 * tiles + tiles * per_tile + per_tile));
    CHECK_CLOSE(parts * 1e-12, 60.3006e-6, 1e-5);
    CHECK_CLOSE(ajp_hardware_get_ops(hardware)->area_square_meters(ajp_hardware_get_params(hardware)),
                parts * 1e-12, 1e-5);
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "lightening-transformer", &err), err);
    /* weights are always loaded; here a network is accounted in two halves, which would fit on the chip */
    CHECK_OK(aj_hardware_set(hardware, "sram_bytes", "1 B", &err), err);
    check_network(hardware, 192, 0.38430e-3, 0.019353e-3);
    check_network(hardware, 384, 1.42061e-3, 0.069994e-3);
    check_network(hardware, 768, 5.43715e-3, 0.265279e-3);
    test_power(hardware);
    test_area(hardware);
    aj_hardware_destroy(hardware);
    aj_context_destroy(context);
    return check_report();
}
