/* crossbar.c: arrays of devices whose conductances are weights (memristors, flash, or capacitors read as
 * charge): the family's parameters and what of them contradicts itself. See docs/hardware.md. */
#include <math.h>

#include "crossbar_family.h"

static const char *const encoding_words[] = {"differential", "offset", "unit_column", NULL};
static const char *const subtraction_words[] = {"analog", "digital", NULL};
static const char *const sides_words[] = {"one", "two", NULL};
static const char *const scale_words[] = {"layer", "row", NULL};
static const char *const compensation_words[] = {"off", "global", "per_column", NULL};
static const char *const shared_words[] = {"read", "trial", NULL};
static const char *const drop_words[] = {"off", "analytic", "exact", NULL};
static const char *const slicing_words[] = {"whole", "two_pass", "bit_serial", NULL};
static const char *const sign_words[] = {"signed", "unsigned", NULL};
static const char *const yes_no_words[] = {"yes", "no", NULL};
static const char *const thermal_words[] = {"yes", "no", "charge", NULL};
static const char *const energy_words[] = {"values", "fixed", NULL};

#define MISSING       AJP_NOT_DESCRIBED
#define NOT_DESCRIBED "default: not described"
#define P(field)      #field
#define AT(field)     offsetof(ajp_crossbar, field)
#define ROW(field, unit, def, low, high, source, help)                \
    {                                                                 \
        P(field), unit, AT(field), def, low, high, NULL, source, help \
    }
#define WORDS(field, words, def, source, help)                       \
    {                                                                \
        P(field), "", AT(field), def, 0.0, 16.0, words, source, help \
    }
#define PRICE(field, unit, high, help) ROW(field, unit, MISSING, 0.0, high, NOT_DESCRIBED, help)

static const ajp_param params[] = {
    WORDS(encoding, encoding_words, 0.0, "default: differential",
          "differential: a pair of devices a weight; offset: one device, what a weight of 0 would give is "
          "taken off digitally; unit_column: one device, compared with a column of devices for 0"),
    WORDS(subtraction, subtraction_words, 0.0, "default: analog",
          "encoding differential: the currents of a pair subtracted before conversion, or both converted"),
    WORDS(sides, sides_words, 0.0, "default: one",
          "encoding differential: one device of a pair carries the weight and the other stays at the least "
          "conductance; or both move from the middle"),
    WORDS(weight_scale, scale_words, 0.0, "default: layer",
          "what the whole conductance range stands for: the largest weight of a layer, or of each row"),
    ROW(conductance_min_siemens, "S", 0.0, 0.0, 1.0, "default: 0, an infinite on/off ratio",
        "least conductance of a device"),
    ROW(conductance_max_siemens, "S", MISSING, 1e-15, 1.0, NOT_DESCRIBED, "greatest conductance of a device"),
    ROW(conductance_states, "", MISSING, 2.0, 65536.0, "default: not described, continuous",
        "levels that a device can be programmed to, both ends included"),
    ROW(weight_slices, "", 1.0, 1.0, 16.0, "default: one device holds a whole weight",
        "devices that share the bits of a weight (weight_bits), log2 conductance_states bits each"),
    WORDS(device, ajp_crossbar_device_words, 0.0, "default: generic, by the ratios below",
          "what a device does to the conductance it is asked to hold: a published fit, or generic"),
    WORDS(programming_error, yes_no_words, 0.0, "default: yes", "whether programming has the device's error"),
    ROW(programming_noise_ratio, "", 0.0, 0.0, 1.0, "default: exact programming",
        "device generic: standard deviation of a programmed conductance per greatest conductance"),
    ROW(programming_noise_proportional_ratio, "", 0.0, 0.0, 1.0, "default: exact programming",
        "the same per conductance that was wanted; both add in squares"),
    ROW(seconds_since_programming, "s", 0.0, 0.0, 1e10, "default: read at once",
        "age of the weights when they are read"),
    ROW(drift_exponent, "", 0.0, 0.0, 1.0, "default: no drift",
        "device generic: mean v of conductance x (1 + age / drift_start_seconds)^-v"),
    ROW(drift_exponent_stddev, "", 0.0, 0.0, 1.0, "default: no drift",
        "standard deviation of v from device to device; below 0 it is 0"),
    ROW(drift_start_seconds, "s", 20.0, 1e-6, 1e6, "default: 20 s, as the table of PCM counts",
        "when drift is first counted after programming"),
    WORDS(drift_compensation, compensation_words, 0.0, "default: off",
          "results are multiplied by what reference reads gave after programming over what they give now: "
          "one factor a product, or one a row"),
    WORDS(read_noise, yes_no_words, 1.0, "default: no", "whether devices fluctuate from read to read"),
    ROW(read_noise_ratio, "", 0.0, 0.0, 1.0, "default: devices do not fluctuate",
        "device generic: standard deviation of a conductance per conductance, from read to read"),
    WORDS(read_noise_shared_by, shared_words, 0.0, "default: read",
          "read: fresh at every read; trial: telegraph and 1/f noise that stays over all reads"),
    ROW(stuck_off_ratio, "", 0.0, 0.0, 1.0, "default: no faults",
        "share of devices that stay at the least conductance"),
    ROW(stuck_on_ratio, "", 0.0, 0.0, 1.0, "default: no faults",
        "share of devices that stay at the greatest conductance"),
    WORDS(ir_drop, drop_words, 0.0, "default: off",
          "voltage lost on wires: off, to first order in their resistance, or the network of every array "
          "solved once"),
    ROW(row_segment_ohms, "ohm", 0.0, 0.0, 1e9, "default: none", "wire of a word line from cell to cell"),
    ROW(column_segment_ohms, "ohm", 0.0, 0.0, 1e9, "default: none", "wire of a bit line from cell to cell"),
    ROW(source_ohms, "ohm", 0.0, 0.0, 1e9, "default: none", "driver of a word line"),
    ROW(sense_ohms, "ohm", 0.0, 0.0, 1e9, "default: none", "receiver of a bit line"),
    ROW(iv_quadratic_ratio, "", 0.0, -1.0, 1.0, "default: ohmic devices",
        "a of current = G (e + a e^2 + b e^3), e = voltage per read_voltage_volts"),
    ROW(iv_cubic_ratio, "", 0.0, -1.0, 1.0, "default: ohmic devices", "b of it"),
    WORDS(input_slicing, slicing_words, 0.0, "default: whole, voltages of both signs",
          "whole: a voltage an input, with its sign; two_pass: inputs above 0, then those below; bit_serial: "
          "a pulse for each bit of the magnitude (dac_bits with sign), with the input's sign"),
    WORDS(input_sign, sign_words, 0.0, "default: signed",
          "unsigned: inputs below 0 are held to 0 (after a ReLU there are none) and readings of single "
          "lines need no sign"),
    ROW(read_voltage_volts, "V", MISSING, 1e-6, 100.0, NOT_DESCRIBED, "voltage of an input at full scale"),
    ROW(read_seconds, "s", MISSING, 1e-15, 1.0, NOT_DESCRIBED,
        "how long a current is integrated; noise has the bandwidth 1 / (2 read_seconds)"),
    ROW(temperature_kelvin, "K", 300.0, 1e-3, 2000.0, "default: room temperature", "of the array"),
    WORDS(thermal_noise, thermal_words, 1.0, "default: no",
          "yes: Johnson noise of the conductance of a bit line; charge: k T C of cells that are capacitors, "
          "C = "
          "conductance x read_seconds"),
    WORDS(shot_noise, yes_no_words, 1.0, "default: no", "shot noise of the current of a bit line"),
    ROW(tile_rows, "", MISSING, 1.0, 1e9, "default: as many bit lines as needed",
        "bit lines of an array; a weight takes one for each slice and device of a pair"),
    ROW(tile_cols, "", MISSING, 1.0, 1e9, "default: as many word lines as inputs", "word lines of an array"),
    ROW(arrays, "", MISSING, 1.0, 1e9, "default: as many as needed",
        "arrays of the accelerator; what does not fit is programmed again for every batch"),
    ROW(conversion_seconds, "s", MISSING, 0.0, 1.0, NOT_DESCRIBED,
        "to convert all bit lines of an array after a read; not before the next read if it takes longer"),
    WORDS(energy_mode, energy_words, 0.0, "default: values",
          "array: from the conductances and inputs there are, or fixed: mean conductance, full scale"),
    PRICE(driver_energy_joules, "J", 1e-3, "driver of a word line, one pulse, beside the converter"),
    PRICE(receiver_energy_joules, "J", 1e-3, "amplifier or integrator of a bit line, one read"),
    PRICE(sample_hold_energy_joules, "J", 1e-3, "holding one reading for a converter"),
    PRICE(
        shift_add_energy_joules, "J", 1e-3,
        "adding one converted reading to its result; not described = digital_op_joules where there are sums"),
    PRICE(programming_energy_joules, "J", 1e-3, "programming one device"),
    ROW(inferences_per_programming, "", MISSING, 1.0, 1e18, NOT_DESCRIBED,
        "inferences over which the energy of programming is spread"),
    PRICE(link_joules_per_bit, "J/bit", 1e-6, "moving a bit between memory and arrays"),
    AJP_CONVERTER_ROWS(ajp_crossbar),
    AJP_PRICE_ROWS(ajp_crossbar),
};

/* ---- checks ----------------------------------------------------------------------------------- */

static aj_status check_counts(const ajp_crossbar *p, aj_error *err)
{
    const struct {
        double value;
        const char *key;
    } whole[] = {{p->conductance_states, "conductance_states"},
                 {p->weight_slices, "weight_slices"},
                 {p->tile_rows, "tile_rows"},
                 {p->tile_cols, "tile_cols"},
                 {p->arrays, "arrays"}};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        AJ_TRY(ajp_check_whole(whole[i].value, whole[i].key, err));
    return AJ_OK;
}

static aj_status check_range(const ajp_crossbar *p, aj_error *err)
{
    if (isnan(p->conductance_max_siemens))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'conductance_max_siemens' is not described; set it");
    if (p->conductance_min_siemens >= p->conductance_max_siemens)
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'conductance_min_siemens' is %g and 'conductance_max_siemens' %g: the range is empty or "
            "reversed",
            p->conductance_min_siemens, p->conductance_max_siemens);
    if (p->stuck_off_ratio + p->stuck_on_ratio > 1.0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'stuck_off_ratio' and 'stuck_on_ratio' add up to %g; a device has one fault at most",
                        p->stuck_off_ratio + p->stuck_on_ratio);
    return AJ_OK;
}

static aj_status check_width(const ajp_crossbar *p, bool pair, aj_error *err)
{
    double each = log2(p->conductance_states), covered = p->weight_slices * each;
    double bits = p->prices.weight_bits - (pair ? 1.0 : 0.0);
    if (each != floor(each))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'conductance_states' is %g: a slice holds whole bits; use a power of 2",
                        p->conductance_states);
    if (covered > 24.0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'weight_slices' %g of %g bits: a weight has 24 bits at most", p->weight_slices,
                        each);
    if (covered >= bits) return AJ_OK;
    return ajp_fail(
        err, AJ_BAD_ARGUMENT, 0,
        "'weight_slices' %g of 'conductance_states' %g hold %g bits%s, and 'weight_bits' %g need %g; "
        "use more slices or states",
        p->weight_slices, p->conductance_states, covered, pair ? " beside the sign" : "",
        p->prices.weight_bits, bits);
}

static aj_status check_slices(const ajp_crossbar *p, aj_error *err)
{
    bool pair = ajp_crossbar_is(p->encoding, CROSSBAR_DIFFERENTIAL);
    if (p->weight_slices == 1.0) return AJ_OK;
    if (isnan(p->conductance_states))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'weight_slices' is %g and 'conductance_states' is not described: slices are digits in "
            "that base; set it",
            p->weight_slices);
    if (isnan(p->prices.weight_bits))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'weight_slices' is %g and 'weight_bits' is not described: the width that the slices "
                        "have to cover; set it",
                        p->weight_slices);
    AJ_TRY(ajp_check_whole(p->prices.weight_bits, "weight_bits", err));
    AJ_TRY(check_width(p, pair, err));
    if (pair && ajp_crossbar_is(p->sides, CROSSBAR_TWO_SIDED))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'sides' two moves both devices of a pair, which slices of a magnitude cannot do; set "
            "it to one, or 'weight_slices' to 1");
    return AJ_OK;
}

/* A key that would change nothing is a mistake somewhere. */
static aj_status check_unused(const ajp_crossbar *p, aj_error *err)
{
    bool pair = ajp_crossbar_is(p->encoding, CROSSBAR_DIFFERENTIAL);
    bool wires = p->row_segment_ohms + p->column_segment_ohms + p->source_ohms + p->sense_ohms > 0.0;
    bool drop = !ajp_crossbar_is(p->ir_drop, CROSSBAR_NO_DROP);
    if (!pair && !ajp_crossbar_is(p->subtraction, CROSSBAR_ANALOG))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'subtraction' is of pairs; it changes nothing unless 'encoding' is differential");
    if (!pair && !ajp_crossbar_is(p->sides, CROSSBAR_ONE_SIDED))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'sides' is of pairs; it changes nothing unless 'encoding' is differential");
    if (wires != drop)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        drop ? "'ir_drop' has no wires: set 'row_segment_ohms', 'column_segment_ohms', "
                               "'source_ohms' or 'sense_ohms'"
                             : "'ir_drop' is off, so that 'row_segment_ohms', 'column_segment_ohms', "
                               "'source_ohms' and 'sense_ohms' change nothing; set it, or leave them out");
    bool bits = ajp_crossbar_is(p->input_slicing, CROSSBAR_BIT_SERIAL);
    if (bits && (p->iv_quadratic_ratio != 0.0 || p->iv_cubic_ratio != 0.0))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'iv_quadratic_ratio' and 'iv_cubic_ratio' bend voltages between 0 and full scale, and "
            "'input_slicing' bit_serial has none; leave them out");
    return AJ_OK;
}

static aj_status check_inputs(const ajp_crossbar *p, aj_error *err)
{
    bool bits = ajp_crossbar_is(p->input_slicing, CROSSBAR_BIT_SERIAL);
    bool noisy =
        !ajp_crossbar_is(p->thermal_noise, CROSSBAR_NO) || ajp_crossbar_is(p->shot_noise, CROSSBAR_YES);
    if (bits && p->converters.dac_kind == (double)AJP_ADC_WORD_IDEAL)
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'input_slicing' bit_serial sends the bits of 'dac_bits', and 'dac_kind' is ideal; set "
            "it to sign_magnitude");
    if (bits && p->weight_slices * (p->converters.dac_bits - 1.0) * 2.0 > (double)AJP_MAX_PLANES)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'weight_slices' %g by 'dac_bits' %g: more than %d reads of one product; use fewer",
                        p->weight_slices, p->converters.dac_bits, (int)AJP_MAX_PLANES);
    if (ajp_crossbar_is(p->input_sign, CROSSBAR_UNSIGNED) &&
        ajp_crossbar_is(p->input_slicing, CROSSBAR_TWO_PASS))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'input_sign' unsigned leaves the second pass of 'input_slicing' two_pass without inputs; "
            "set one of them to its default");
    if (!noisy) return AJ_OK;
    if (isnan(p->read_voltage_volts) || isnan(p->read_seconds))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'thermal_noise' and 'shot_noise' follow from 'read_voltage_volts' and 'read_seconds'; "
            "set both");
    return AJ_OK;
}

static aj_status check_lines(const ajp_crossbar *p, aj_error *err)
{
    bool pair = ajp_crossbar_is(p->encoding, CROSSBAR_DIFFERENTIAL);
    double reference = ajp_crossbar_is(p->encoding, CROSSBAR_UNIT_COLUMN) ? p->weight_slices : 0.0;
    double needed = p->weight_slices * (pair ? 2.0 : 1.0) + reference;
    if (isnan(p->tile_rows) || p->tile_rows >= needed) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                    "'tile_rows' is %g: one weight needs %g bit lines (slices, devices of a pair, reference)",
                    p->tile_rows, needed);
}

static aj_status check_generic(const ajp_crossbar *p, aj_error *err)
{
    const struct {
        double value;
        const char *key;
    } own[] = {{p->programming_noise_ratio, "programming_noise_ratio"},
               {p->programming_noise_proportional_ratio, "programming_noise_proportional_ratio"},
               {p->drift_exponent, "drift_exponent"},
               {p->drift_exponent_stddev, "drift_exponent_stddev"},
               {p->read_noise_ratio, "read_noise_ratio"}};
    for (size_t i = 0; i < sizeof own / sizeof own[0] && p->device != 0.0; i++)
        if (own[i].value != 0.0)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "'%s' is of 'device' generic, and changes nothing for %s; leave one of them out",
                            own[i].key, ajp_crossbar_device_words[(size_t)p->device]);
    return AJ_OK;
}

static aj_status check_noise(const ajp_crossbar *p, aj_error *err)
{
    ajp_crossbar_device device = ajp_crossbar_device_of(p);
    bool noisy = ajp_crossbar_is(p->read_noise, CROSSBAR_YES), has_law = p->read_noise_ratio > 0.0;
    AJ_TRY(check_generic(p, err));
    if (device.table != NULL) {
        AJ_TRY(ajp_device_check(device.table, &device.use, err));
        has_law = device.table->read.form != AJP_CURVE_NOT_DESCRIBED;
    }
    if (noisy && !has_law)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'read_noise' is yes, and 'device' %s has no law for it%s",
                        ajp_crossbar_device_words[(size_t)p->device],
                        device.table == NULL ? "; set 'read_noise_ratio'" : "; set it to no");
    if (!noisy && p->read_noise_ratio > 0.0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'read_noise_ratio' changes nothing while 'read_noise' is no; set both, or neither");
    if (!noisy && ajp_crossbar_is(p->read_noise_shared_by, CROSSBAR_PER_TRIAL))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'read_noise_shared_by' changes nothing while 'read_noise' is no; set both, or neither");
    return AJ_OK;
}

static aj_status check_drift(const ajp_crossbar *p, aj_error *err)
{
    if (!ajp_crossbar_is(p->drift_compensation, CROSSBAR_UNCOMPENSATED) &&
        !ajp_crossbar_device_of(p).drifts && p->seconds_since_programming > 0.0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'drift_compensation' compares with weights just programmed, and nothing drifts: set "
                        "'drift_exponent', or leave it out");
    if (ajp_crossbar_is(p->drift_compensation, CROSSBAR_PER_COLUMN) &&
        ajp_crossbar_is(p->encoding, CROSSBAR_OFFSET))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'drift_compensation' per_column: what 'encoding' offset takes off is one number for all "
            "columns; use global, or another encoding");
    return AJ_OK;
}

static aj_status check(const void *untyped, aj_error *err)
{
    const ajp_crossbar *p = untyped;
    AJ_TRY(check_counts(p, err));
    AJ_TRY(check_range(p, err));
    AJ_TRY(ajp_converters_check(&p->converters, err));
    AJ_TRY(check_slices(p, err));
    AJ_TRY(check_unused(p, err));
    AJ_TRY(check_inputs(p, err));
    AJ_TRY(check_lines(p, err));
    AJ_TRY(check_noise(p, err));
    return check_drift(p, err);
}

/* ---- what simulate asks ----------------------------------------------------------------------- */

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped;
    if (product->weights == AJP_OPERAND_CONSTANT) return true;
    *why = "both operands are activations, and devices are programmed once for many reads";
    return false;
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    const ajp_crossbar *p = untyped;
    if (isnan(p->tile_cols) || p->tile_cols >= (double)product->cols) return product->cols;
    return (size_t)p->tile_cols;
}

static bool needs_calibration(const void *untyped)
{
    return ajp_converters_need_calibration(&((const ajp_crossbar *)untyped)->converters);
}

static bool needs_readings(const void *untyped)
{
    return ajp_converters_need_readings(&((const ajp_crossbar *)untyped)->converters);
}

const ajp_hardware_ops ajp_hardware_crossbar = {
    .name = "crossbar",
    .summary = "weights as conductances of an array: voltages in, currents out",
    .read_law =
        "normal: fresh noise of devices (variance from a second product with squares, both devices of a "
        "pair), "
        "Johnson and shot noise of the bit lines; programming error, faults, drift and wires once a trial",
    .latency_of =
        "one batch through all products, one after the other: every pass of an input's bits through "
        "the arrays, all arrays at the same time; digital steps take no time",
    .params_size = sizeof(ajp_crossbar),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .weights_stay = true,
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = needs_calibration,
    .needs_readings = needs_readings,
    .freeze = ajp_crossbar_freeze,
    .laws = ajp_crossbar_laws,
    .reference = ajp_crossbar_reference,
    .account = ajp_crossbar_account,
    .peak_macs_per_second = ajp_crossbar_peak,
    /* lines that have to settle are not modelled: no array is read in less than a nanosecond */
    .knob = {.key = "read_seconds", .low = 1e-9, .high = 1e-3, .steps = AJP_KNOB_LOG, .monotone = true},
};
