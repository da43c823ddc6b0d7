/* The energy account against closed forms: what a batch amortises, what light costs, and that nothing is
 * lost. */
#include "attojoule/physics.h"
#include "check.h"
#include "hardware/hardware_ops.h"

static aj_context *context;
static aj_error err;

static aj_hardware *load(const char *name)
{
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, name, &err), err);
    return hardware;
}

static void set(aj_hardware *hardware, const char *key, const char *text)
{
    CHECK_OK(aj_hardware_set(hardware, key, text, &err), err);
}

static ajp_product_work dense(size_t rows, size_t cols)
{
    double cells = (double)rows * (double)cols;
    return (ajp_product_work){.product = {"fc", rows, cols, 1, AJP_OPERAND_CONSTANT, 0},
                              .weight_sum_squares = cells * 0.04,
                              .weight_max_abs = 0.5,
                              .input_crest_ratio = 10.0,
                              .input_mean_sum_squares = 90.0,
                              .calibration = {120.0, 1.5},
                              .digital_ops = 2.0 * (double)rows};
}

static ajp_workload work_of(const ajp_product_work *products, size_t n, unsigned batch, ajp_mode mode)
{
    return (ajp_workload){.products = products,
                          .n_products = n,
                          .other_digital_ops = 30.0,
                          .n_inputs = (double)products[0].product.cols,
                          .n_outputs = (double)products[n - 1].product.rows,
                          .batch = batch,
                          .mode = mode};
}

static ajp_account total_of(const aj_hardware *hardware, const aj_hardware *fallback,
                            const ajp_workload *work, ajp_product_account *per)
{
    ajp_account total;
    memset(&total, 0, sizeof total);
    CHECK_OK(ajp_account_network(hardware, fallback, work, per, &total, &err), err);
    return total;
}

/* E_in (1/m + 1/n) + E_out/k per MAC with m = 300 outputs, k = 700 inputs, n = batch */
static void test_amortisation(void)
{
    aj_hardware *h = load("homodyne");
    set(h, "symbol_energy_joules", "2pJ");
    set(h, "sample_energy_joules", "3pJ");
    ajp_product_work fc = dense(300, 700);
    const unsigned batches[] = {1, 64};
    for (int b = 0; b < 2; b++) {
        ajp_workload work = work_of(&fc, 1, batches[b], AJP_MODE_LATENCY);
        ajp_product_account per;
        ajp_account total = total_of(h, NULL, &work, &per);
        double macs = 210000.0;
        double got =
            (total.energy.cause_joules[AJ_CAUSE_MODULATOR] + total.energy.cause_joules[AJ_CAUSE_ADC]) / macs;
        CHECK_CLOSE(got, 2e-12 * (1.0 / 300.0 + 1.0 / (double)batches[b]) + 3e-12 / 700.0, 1e-14);
        CHECK_CLOSE(per.weight_symbols, macs / (double)batches[b], 1e-15);
        CHECK(per.input_symbols == 700.0 && per.samples == 300.0);
        CHECK((total.energy.applies >> AJ_CAUSE_DAC & 1u) == 0 &&
              (total.energy.applies >> AJ_CAUSE_DRIVER & 1u) == 0);
    }
    /* as a convolution of 300 channels at 25 places: weights amortise over the places at batch 1 */
    ajp_product_work conv = fc;
    conv.product.reps = 25;
    ajp_workload work = work_of(&conv, 1, 1, AJP_MODE_LATENCY);
    ajp_product_account per;
    ajp_account total = total_of(h, NULL, &work, &per);
    double got = (total.energy.cause_joules[AJ_CAUSE_MODULATOR] + total.energy.cause_joules[AJ_CAUSE_ADC]) /
                 (210000.0 * 25.0);
    CHECK_CLOSE(got, 2e-12 * (1.0 / 300.0 + 1.0 / 25.0) + 3e-12 / 700.0, 1e-14);
    /* 128 receivers: the inputs are sent three times; integrations of 200 inputs: four samples a result; two
     * reads */
    set(h, "tile_rows", "128");
    set(h, "tile_cols", "200");
    set(h, "averaged_reads", "2");
    set(h, "digital_op_joules", "1pJ");
    set(h, "dac_energy_joules", "5pJ");
    work = work_of(&fc, 1, 1, AJP_MODE_LATENCY);
    total = total_of(h, NULL, &work, &per);
    CHECK(per.input_symbols == 700.0 * 3.0 * 2.0 && per.weight_symbols == 210000.0 * 2.0 &&
          per.samples == 300.0 * 4.0 * 2.0);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_DIGITAL], 1e-12 * (600.0 + 300.0 * 7.0 + 30.0), 1e-14);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_DAC], 5e-12 * (420000.0 + 4200.0), 1e-14);
    CHECK_CLOSE(per.photons_incident, 420000.0, 1e-14);
    aj_hardware_destroy(h);
}

/* A 3 x 3 convolution of 16 channels over 32 x 32 places, one zero around: 144 symbols a place when patches
 * are encoded, the 16 x 32 x 32 numbers of the image when light copies them. */
static void test_fan_out(void)
{
    aj_hardware *h = load("homodyne-parts");
    ajp_product_work conv = dense(16, 144);
    conv.product.reps = 1024;
    conv.product.n_distinct_inputs = 16384;
    ajp_workload work = work_of(&conv, 1, 1, AJP_MODE_LATENCY);
    ajp_product_account per, optical;
    set(h, "input_gain", "calibrated");
    set(h, "tile_rows", "8");
    ajp_account total = total_of(h, NULL, &work, &per);
    CHECK(per.input_symbols == 2.0 * 147456.0);
    set(h, "input_fan_out", "optical");
    ajp_account cheaper = total_of(h, NULL, &work, &optical);
    CHECK(optical.input_symbols == 2.0 * 16384.0);
    CHECK(optical.weight_symbols == per.weight_symbols && optical.samples == per.samples);
    CHECK(optical.photons_incident == per.photons_incident);
    CHECK(optical.photons_launched == per.photons_launched);
    CHECK(optical.latency_seconds == per.latency_seconds);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_MODULATOR] -
                    cheaper.energy.cause_joules[AJ_CAUSE_MODULATOR],
                2.0 * 131072.0 * 1e-12, 1e-9);
    CHECK_CLOSE(per.sram_bytes - optical.sram_bytes, 2.0 * 131072.0, 1e-9); /* 8 bits a symbol */
    /* splitters that lose half of the inputs' light; the weights are not split */
    set(h, "fan_out_transmission_ratio", "0.5");
    total_of(h, NULL, &work, &per);
    double inputs = optical.input_photons_incident * optical.input_crest_ratio / 0.5;
    CHECK_CLOSE(per.photons_launched - optical.photons_launched, inputs, 1e-12);
    conv.product.n_distinct_inputs = 0; /* nothing to copy: nothing is split */
    total_of(h, NULL, &work, &per);
    CHECK(per.input_symbols == 2.0 * 147456.0 && per.photons_launched == optical.photons_launched);
    /* a pulse that serves several patches has one scale */
    set(h, "input_gain", "sample");
    CHECK(aj_hardware_check(h, &err) == AJ_BAD_ARGUMENT && strstr(err.message, "input_gain") != NULL);
    aj_hardware_destroy(h);
}

static double sum_causes(const aj_energy *energy)
{
    double sum = 0.0;
    for (int c = 0; c < AJ_N_CAUSES; c++)
        if ((energy->applies >> c & 1u) != 0) sum += energy->cause_joules[c];
    return sum;
}

static void test_sums(void)
{
    const char *const names[] = {"homodyne-parts", "digital-45nm"};
    ajp_product_work layers[3] = {dense(100, 784), dense(100, 100), dense(10, 100)};
    for (int n = 0; n < 2; n++) {
        for (int mode = 0; mode < 2; mode++) {
            aj_hardware *h = load(names[n]);
            ajp_workload work = work_of(layers, 3, 8, (ajp_mode)mode);
            ajp_product_account per[3];
            ajp_account total = total_of(h, NULL, &work, per);
            double system = aj_energy_boundary(&total.energy, AJ_SYSTEM),
                   accelerator = aj_energy_boundary(&total.energy, AJ_ACCELERATOR);
            CHECK(isfinite(system) && isfinite(accelerator) && accelerator < system);
            CHECK_CLOSE(sum_causes(&total.energy), system, 1e-12);
            CHECK_CLOSE(aj_energy_described(&total.energy), system, 1e-12);
            CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_FACILITY], 0.56 / 1.56 * system, 1e-12);
            /* per product: everything but what belongs to the network as a whole */
            double parts = 0.0;
            for (int i = 0; i < 3; i++) parts += sum_causes(&per[i].energy);
            aj_parameter op, sram, dram, width;
            CHECK(aj_hardware_find(h, "digital_op_joules", &op) &&
                  aj_hardware_find(h, "sram_joules_per_bit", &sram) &&
                  aj_hardware_find(h, "dram_joules_per_bit", &dram) &&
                  aj_hardware_find(h, "activation_bits", &width));
            parts += 30.0 * op.value + 784.0 * width.value * sram.value + 794.0 * width.value * dram.value;
            CHECK_CLOSE(parts * 1.56, system, 1e-12);
            CHECK(isnan(total.energy.optical_joules) == (n == 1));
            CHECK(total.latency_seconds > 0.0 && total.throughput_per_second > 0.0);
            CHECK(total.throughput_per_second * total.latency_seconds / 8.0 >= 1.0);
            aj_hardware_destroy(h);
        }
    }
}

static void test_light(void)
{
    aj_hardware *h = load("homodyne-parts");
    set(h, "laser_gated", "yes");
    set(h, "photons_per_mac", "3");
    ajp_product_work fc = dense(300, 700);
    ajp_workload work = work_of(&fc, 1, 1, AJP_MODE_LATENCY);
    ajp_product_account per;
    ajp_account total = total_of(h, NULL, &work, &per);
    double photon = aj_photon_energy_joules(1550e-9), incident = 3.0 * 210000.0;
    CHECK_CLOSE(per.photons_incident, incident, 1e-14);
    CHECK_CLOSE(per.input_photons_incident, 0.5 * incident, 1e-14);
    CHECK_CLOSE(total.energy.optical_joules, incident * photon, 1e-14);
    CHECK_CLOSE(per.weight_crest_ratio, 0.25 / 0.04, 1e-12);
    CHECK_CLOSE(per.input_crest_ratio, 10.0, 1e-12);
    double launched = 0.5 * incident * (6.25 + 10.0) / 0.5;
    CHECK_CLOSE(per.photons_launched, launched, 1e-12);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_LASER], launched * photon / 0.2, 1e-12);
    /* an emitter that makes its own pulses launches what arrives, over the path */
    set(h, "modulator", "generative");
    total = total_of(h, NULL, &work, &per);
    CHECK_CLOSE(per.photons_launched, incident / 0.5, 1e-12);
    /* more loss costs laser, not noise: photons per MAC are counted at the detectors */
    float weights[4] = {1.0f, 2.0f, -1.0f, 0.5f};
    ajp_arena arena;
    ajp_arena_init(&arena, context);
    ajp_freeze_request request = {.product = {"p", 2, 2, 1, AJP_OPERAND_CONSTANT, 0},
                                  .weights = weights,
                                  .n_tiles = 1,
                                  .tile_cols = 2,
                                  .arena = &arena};
    const ajp_hardware_ops *ops = ajp_hardware_get_ops(h);
    ajp_frozen before, after;
    double laser = total.energy.cause_joules[AJ_CAUSE_LASER];
    CHECK_OK(ops->freeze(ajp_hardware_get_params(h), &request, &before, &err), err);
    set(h, "path_transmission_ratio", "10dB");
    set(h, "modulator_transmission_ratio", "0.5");
    CHECK_OK(ops->freeze(ajp_hardware_get_params(h), &request, &after, &err), err);
    total = total_of(h, NULL, &work, &per);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_LASER], laser * 10.0, 1e-12); /* 0.5 -> 0.1 x 0.5 */
    CHECK_CLOSE(total.energy.optical_joules, incident * photon, 1e-14);
    CHECK(before.row_total[0] == after.row_total[0] && before.row_total[1] == after.row_total[1]);
    CHECK(before.nominal_photons == after.nominal_photons && before.extra_variance == after.extra_variance);
    /* calibrated inputs: the mean sample has 90 of the calibration's 120, full scale is the calibration's 1.5
     */
    set(h, "input_gain", "calibrated");
    set(h, "modulator", "absorbing");
    total = total_of(h, NULL, &work, &per);
    CHECK_CLOSE(per.input_photons_incident, 0.5 * incident * 90.0 / 120.0, 1e-12);
    CHECK_CLOSE(per.input_crest_ratio * per.input_photons_incident,
                0.5 * incident * 1.5 * 1.5 * 700.0 / 120.0, 1e-12);
    /* a gain a row needs each row's own full scale */
    set(h, "weight_gain", "row");
    total = total_of(h, NULL, &work, &per);
    CHECK(isnan(per.weight_crest_ratio) && isnan(total.energy.cause_joules[AJ_CAUSE_LASER]));
    fc.weight_row_crest_ratio = 5.0;
    total = total_of(h, NULL, &work, &per);
    CHECK(per.weight_crest_ratio == 5.0 && isfinite(total.energy.cause_joules[AJ_CAUSE_LASER]));
    ajp_arena_free(&arena);
    aj_hardware_destroy(h);
}

/* A laser that is not gated burns while results are read out; in a full pipeline it never idles. */
static void test_time(void)
{
    aj_hardware *h = load("homodyne-parts");
    ajp_product_work fc = dense(300, 700);
    ajp_workload work = work_of(&fc, 1, 4, AJP_MODE_LATENCY);
    ajp_product_account per;
    set(h, "laser_gated", "yes");
    double gated = total_of(h, NULL, &work, &per).energy.cause_joules[AJ_CAUSE_LASER];
    set(h, "laser_gated", "no");
    set(h, "readout_seconds", "350ns");
    ajp_account total = total_of(h, NULL, &work, &per);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_LASER], gated * 1.5, 1e-12);
    CHECK_CLOSE(total.latency_seconds, 700e-9 + 350e-9, 1e-12);
    CHECK_CLOSE(per.busy_seconds, 700e-9 / 4.0, 1e-12);
    CHECK_CLOSE(total.throughput_per_second, 4.0 / 700e-9, 1e-12);
    set(h, "static_watts", "2W");
    total = total_of(h, NULL, &work, &per);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_STATIC], 2.0 * 1050e-9 / 4.0, 1e-12);
    work.mode = AJP_MODE_THROUGHPUT;
    total = total_of(h, NULL, &work, &per);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_STATIC], 2.0 * 700e-9 / 4.0, 1e-12);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_LASER], gated, 1e-12);
    work.mode = AJP_MODE_LATENCY;
    set(h, "laser_gated", "none");
    total = total_of(h, NULL, &work, &per);
    CHECK(isnan(total.energy.cause_joules[AJ_CAUSE_LASER]));
    aj_hardware_destroy(h);
}

static void test_memory(void)
{
    aj_hardware *h = load("digital-45nm");
    ajp_product_work fc = dense(300, 700);
    ajp_workload work = work_of(&fc, 1, 10, AJP_MODE_LATENCY);
    ajp_product_account per;
    ajp_account total = total_of(h, NULL, &work, &per);
    /* 128 x 128: 3 row folds re-read the inputs, 6 column folds write and read 5 partial sums */
    double bits = 32.0 * (210000.0 / 10.0 + 700.0 * 3.0 + 300.0 + 2.0 * 300.0 * 5.0);
    CHECK_CLOSE(per.sram_bytes, bits / 8.0, 1e-14);
    CHECK_CLOSE(per.energy.cause_joules[AJ_CAUSE_SRAM], bits * 0.15625e-12, 1e-12);
    CHECK_CLOSE(per.energy.cause_joules[AJ_CAUSE_ARRAY], 210000.0 * 4.6e-12, 1e-14);
    CHECK_CLOSE(per.energy.cause_joules[AJ_CAUSE_DIGITAL], (600.0 + 300.0 * 5.0) * 0.9e-12, 1e-12);
    CHECK_CLOSE(per.latency_seconds, 18.0 * (2.0 * 128.0 + 128.0 + 10.0 - 2.0) * 1e-9, 1e-12);
    CHECK(per.dram_bytes == 0.0); /* resident */
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_DRAM], 1000.0 * 32.0 * 30.47e-12, 1e-12);
    /* 840,000 bytes of weights in 839,999: every batch reads them all */
    set(h, "sram_bytes", "839999");
    total = total_of(h, NULL, &work, &per);
    CHECK_CLOSE(per.dram_bytes, 84000.0, 1e-14);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_DRAM], (1000.0 + 21000.0) * 32.0 * 30.47e-12, 1e-12);
    set(h, "sram_bytes", "840000");
    total = total_of(h, NULL, &work, &per);
    CHECK(per.dram_bytes == 0.0);
    set(h, "sram_bytes", "none");
    total = total_of(h, NULL, &work, &per);
    CHECK(isnan(total.energy.cause_joules[AJ_CAUSE_DRAM]));
    aj_hardware_destroy(h);
}

static void test_not_described(void)
{
    aj_hardware *h = load("homodyne");
    ajp_product_work fc = dense(300, 700);
    ajp_workload work = work_of(&fc, 1, 1, AJP_MODE_LATENCY);
    ajp_product_account per;
    ajp_account total = total_of(h, NULL, &work, &per);
    CHECK_CLOSE(total.energy.optical_joules, 210000.0 * aj_photon_energy_joules(1550e-9), 1e-12);
    CHECK(isnan(aj_energy_boundary(&total.energy, AJ_ACCELERATOR)) &&
          isnan(aj_energy_boundary(&total.energy, AJ_SYSTEM)));
    CHECK(isnan(aj_energy_described(&total.energy)) && isnan(total.latency_seconds));
    const aj_cause causes[] = {AJ_CAUSE_LASER,  AJ_CAUSE_MODULATOR, AJ_CAUSE_DRIVER,  AJ_CAUSE_RECEIVER,
                               AJ_CAUSE_ADC,    AJ_CAUSE_DAC,       AJ_CAUSE_DIGITAL, AJ_CAUSE_SRAM,
                               AJ_CAUSE_STATIC, AJ_CAUSE_DRAM,      AJ_CAUSE_HOST,    AJ_CAUSE_FACILITY};
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        CHECK((total.energy.applies >> causes[i] & 1u) != 0 && isnan(total.energy.cause_joules[causes[i]]));
    /* the published network at one photon per MAC */
    ajp_product_work layers[3] = {dense(100, 784), dense(100, 100), dense(10, 100)};
    ajp_product_account rows[3];
    work = work_of(layers, 3, 1, AJP_MODE_LATENCY);
    CHECK_CLOSE(total_of(h, NULL, &work, rows).energy.optical_joules, 1.146e-14, 5e-4);
    aj_hardware_destroy(h);

    h = load("landauer");
    work = work_of(&fc, 1, 1, AJP_MODE_LATENCY);
    total = total_of(h, NULL, &work, &per);
    double accelerator = aj_energy_boundary(&total.energy, AJ_ACCELERATOR) / 210000.0;
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_ARRAY] / 210000.0, 1000.0 * aj_landauer_bit_joules(300.0),
                1e-5);
    CHECK(accelerator > 2.87e-18 && accelerator < 3.2e-18);
    CHECK(isnan(aj_energy_boundary(&total.energy, AJ_SYSTEM)) &&
          isfinite(aj_energy_described(&total.energy)));
    aj_hardware_destroy(h);
}

static void test_fallback_and_refusals(void)
{
    aj_hardware *h = load("homodyne-parts"), *digital = load("digital-45nm");
    ajp_product_work layers[2] = {dense(100, 784), dense(10, 100)};
    layers[1].runs_digitally = true;
    ajp_workload work = work_of(layers, 2, 1, AJP_MODE_LATENCY);
    ajp_product_account per[2];
    ajp_account total = total_of(h, digital, &work, per);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_ARRAY], 1000.0 * 4.6e-12, 1e-12);
    CHECK_CLOSE(total.energy.optical_joules, 78400.0 * 10.0 * aj_photon_energy_joules(1550e-9), 1e-12);
    CHECK(isnan(per[1].photons_incident));
    ajp_account kept = total;
    CHECK_INT(ajp_account_network(h, NULL, &work, per, &total, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "fallback");
    CHECK_INT(ajp_account_network(h, h, &work, per, &total, &err), AJ_BAD_ARGUMENT);
    work.batch = 0;
    CHECK_INT(ajp_account_network(h, digital, &work, per, &total, &err), AJ_BAD_ARGUMENT);
    work.batch = 1;
    layers[0].runs_digitally = true;
    set(digital, "mac_energy_joules", "1e-24");
    set(digital, "sram_joules_per_bit", "0");
    set(digital, "digital_op_joules", "0");
    set(digital, "dram_joules_per_bit", "0");
    CHECK_INT(ajp_account_network(digital, digital, &work, per, &total, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "impossible");
    CHECK(total.energy.optical_joules == kept.energy.optical_joules); /* written only on success */
    layers[0].runs_digitally = layers[1].runs_digitally = false;
    layers[0].input_crest_ratio = -400.0;
    CHECK_INT(ajp_account_network(h, digital, &work, per, &total, &err), AJ_BAD_ARGUMENT);
    aj_hardware_destroy(digital);
    aj_hardware_destroy(h);
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    test_amortisation();
    test_fan_out();
    test_sums();
    test_light();
    test_time();
    test_memory();
    test_not_described();
    test_fallback_and_refusals();
    aj_context_destroy(context);
    return check_report();
}
